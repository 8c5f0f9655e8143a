"""Programmable voice that people run themselves: TwiML over HTTP in, SIP calls out."""
