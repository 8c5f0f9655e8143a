"""A call: its SID, status, leg and running program."""


class Call:
    """One call."""
