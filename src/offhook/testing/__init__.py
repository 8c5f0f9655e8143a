"""The test kit: virtual time, a wire that loses packets, a scripted phone, a fake plane, a scripted application."""
