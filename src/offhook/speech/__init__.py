"""Text to sound and sound to text, by providers."""
