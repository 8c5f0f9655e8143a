"""What of RFC 3550 and RFC 4733 must be known in Python; the hot loops are in media/native."""
