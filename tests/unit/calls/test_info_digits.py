"""Digits in INFO bodies, as telephones write them, and bodies that are made to be dear."""

import pytest

from offhook.calls.info_digits import DEFAULT_DURATION, digit_of

RELAY = "application/dtmf-relay"
LARGE = 1_000_000


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        (RELAY, b"Signal=5\r\nDuration=160\r\n", ("5", 0.16)),
        (RELAY, b"Signal= a\r\nDuration = 90", ("A", 0.09)),
        ("Application/DTMF-Relay; x=y", b"\r\nDuration=250\n Signal=#\n", ("#", 0.25)),
        (RELAY, b"Signal=*", ("*", DEFAULT_DURATION)),
        (RELAY, b"Signal=16\r\nDuration=160", None),
        (RELAY, b"Signal=\r\n5", None),
        (RELAY, b"Duration=160", None),
        ("application/dtmf", b" 7\r\n", ("7", DEFAULT_DURATION)),
        ("application/dtmf", b"77", None),
        ("text/plain", b"Signal=5", None),
    ],
)
def test_what_a_body_says(kind: str, body: bytes, found: tuple[str, float] | None) -> None:
    """The key in upper case and how long it was held; None when there is none that we know."""
    assert digit_of(kind, body) == found


@pytest.mark.parametrize("piece", [b"\n", b"\r\n", b" ", b"\n \t", b"Signal=\n", b"Signal=1 ", b"\nDuration=1 \r"])
@pytest.mark.parametrize("kind", [RELAY, "application/dtmf"])
def test_a_body_is_read_in_one_pass(kind: str, piece: bytes) -> None:
    """A megabyte takes a moment; read anew from every line it would not be done within the time that a test has."""
    assert digit_of(kind, piece * (LARGE // len(piece))) is None
