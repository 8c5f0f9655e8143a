"""One task group for each call."""
