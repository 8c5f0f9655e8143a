"""When a connection is kept alive, and when given up: idle limits, slow messages, keep-alives (RFC 5626 §4.4.1)."""

from typing import Protocol

from offhook.net.connection import StreamLimits


class Watched(Protocol):
    """The times of a connection, by the loop's clock."""

    is_accepted: bool
    has_spoken: bool
    answers_pings: bool
    heard_at: float
    wrote_at: float
    used_at: float
    pinged_at: float | None


def fault(one: Watched, began: float | None, limits: StreamLimits, now: float) -> str:
    """Why a connection is given up, for people; "" when it is not. `began` is since when a message is incomplete."""
    if began is not None and now - began > limits.message:
        return "its message does not end"
    if not one.has_spoken and now - one.heard_at > limits.first_message:
        return "it says nothing"
    if one.answers_pings and one.pinged_at is not None and now - one.pinged_at > limits.pong:
        return "it does not answer pings any more"
    if one.is_accepted or not limits.ping:
        return "it has been silent for too long" if now - one.heard_at > limits.idle else ""
    # A peer need not answer pings: that TCP acknowledges them is sign enough of its life.
    return "nobody uses it" if now - one.used_at > limits.unused else ""


def wants_ping(one: Watched, limits: StreamLimits, now: float) -> bool:
    """Whether it is time for CRLFCRLF; who opened a connection keeps it alive, and the other may do the same."""
    return not one.is_accepted and limits.ping > 0 and now - one.wrote_at >= limits.ping


def interval(limits: StreamLimits) -> float:
    """How often to look."""
    spans = (limits.first_message, limits.idle, limits.message, limits.unused, limits.ping, limits.pong)
    return min(span for span in spans if span > 0) / 4
