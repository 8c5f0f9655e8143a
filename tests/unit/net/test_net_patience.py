"""When a connection is kept alive, and when it is given up."""

from dataclasses import dataclass

import pytest

from offhook.net.connection import StreamLimits
from offhook.net.patience import fault, interval, wants_ping

LIMITS = StreamLimits(first_message=30, idle=900, unused=10_000, message=20, ping=100, pong=10)


@dataclass
class Times:
    """A connection as far as patience looks; everything happened at 0."""

    is_accepted: bool = True
    has_spoken: bool = True
    answers_pings: bool = False
    heard_at: float = 0.0
    wrote_at: float = 0.0
    used_at: float = 0.0
    pinged_at: float | None = None


@pytest.mark.parametrize(
    ("one", "began", "last", "reason"),
    [
        (Times(has_spoken=False), None, 30.0, "says nothing"),
        (Times(), None, 900.0, "silent for too long"),
        (Times(heard_at=500.0), 480.0, 500.0, "does not end"),
        (Times(is_accepted=False, answers_pings=True, pinged_at=100.0), None, 110.0, "does not answer pings"),
        (Times(is_accepted=False), None, 10_000.0, "nobody uses it"),
        (Times(is_accepted=False, pinged_at=100.0), None, 10_000.0, "nobody uses it"),
    ],
)
def test_what_ends_a_connection(one: Times, began: float | None, last: float, reason: str) -> None:
    """Up to its limit a connection is kept; past it the reason is named."""
    assert not fault(one, began, LIMITS, last)
    assert reason in fault(one, began, LIMITS, last + 0.1)


def test_without_pings_one_that_we_opened_has_the_limit_of_the_others() -> None:
    """Nothing shows then that its peer lives."""
    limits = StreamLimits(idle=900, ping=0)
    assert "silent" in fault(Times(is_accepted=False), None, limits, 901.0)
    assert not wants_ping(Times(is_accepted=False), limits, 1e9)


def test_who_opened_a_connection_pings() -> None:
    """RFC 5626 §4.4.1: not the one that accepted it, and not while something else is sent."""
    assert wants_ping(Times(is_accepted=False), LIMITS, 100.0)
    assert not wants_ping(Times(is_accepted=False, wrote_at=1.0), LIMITS, 100.0)
    assert not wants_ping(Times(is_accepted=True), LIMITS, 100.0)


def test_the_shortest_limit_says_how_often_to_look() -> None:
    """A limit of 0 is none."""
    assert interval(LIMITS) == 2.5
    assert interval(StreamLimits(ping=0, pong=0, message=8)) == 2.0
