"""Legs, calls, bridges and the exchange that holds them; all they need of the world is in ports."""
