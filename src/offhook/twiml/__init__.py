"""TwiML documents as values: parse bytes, get verbs and warnings; no I/O (see README.md)."""
