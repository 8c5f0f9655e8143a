"""RFC 3261 and friends without I/O: bytes, values and deadlines in; bytes, events and deadlines out."""
