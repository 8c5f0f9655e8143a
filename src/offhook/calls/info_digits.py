"""Digits carried in INFO bodies: application/dtmf-relay and application/dtmf."""

import re

# White space of one line only, and possessive: a body of empty lines is walked through once.
_SIGNAL = re.compile(rb"^[ \t]*+Signal[ \t]*+=[ \t]*+([0-9A-Da-d*#])[ \t\r]*+$", re.MULTILINE)
_DURATION = re.compile(rb"^[ \t]*+Duration[ \t]*+=[ \t]*+([0-9]{1,5})[ \t\r]*+$", re.MULTILINE)
_PLAIN = re.compile(rb"\s*([0-9A-Da-d*#])\s*")
DEFAULT_DURATION = 0.16


def digit_of(content_type: str, body: bytes) -> tuple[str, float] | None:
    """The digit and its duration in seconds, or None when the body holds none that we know."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/dtmf-relay":
        signal, duration = _SIGNAL.search(body), _DURATION.search(body)
    elif kind == "application/dtmf":
        signal, duration = _PLAIN.fullmatch(body), None
    else:
        return None
    if signal is None:
        return None
    seconds = int(duration[1]) / 1000 if duration else DEFAULT_DURATION
    return signal[1].decode("ascii").upper(), seconds
