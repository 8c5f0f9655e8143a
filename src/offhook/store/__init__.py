"""Records and timelines, durable."""
