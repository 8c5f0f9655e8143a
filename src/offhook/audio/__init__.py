"""Samples and tones as values, without I/O."""
