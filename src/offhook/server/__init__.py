"""Puts the parts together: configuration, composition, lifecycle, command line."""
