"""Sockets, DNS and the pump: the thin seam between the wire and the values below."""
