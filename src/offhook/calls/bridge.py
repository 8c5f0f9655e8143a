"""Two calls joined until one ends."""
