"""The Python face of the native media plane."""
