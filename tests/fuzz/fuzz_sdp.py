"""Fuzz target: session descriptions in offers and answers of one port, one after another.

The input is a list of descriptions, each behind a byte that says what it is. The oracle: only SdpError is raised, what
was read prints and reads back as the same, and what we say ourselves can be read.
"""

from offhook.media.negotiation import Negotiation
from offhook.sdp.errors import SdpError
from offhook.sdp.parse import parse

END = b"\xff"
OFFER, ANSWER, SECURE = 0, 1, 2


def fuzz(data: bytes) -> None:
    """Take every description as an offer or as an answer; raises only when the oracle does not hold."""
    counter = iter(range(1, 1000))
    negotiation = Negotiation(
        address="192.0.2.1", port=20_000, session_id=1, random_octets=lambda size: bytes([next(counter) % 256]) * size
    )
    for piece in data.split(END)[:8]:
        check_parse(piece[1:])
        take(negotiation, piece[:1], piece[1:])


def take(negotiation: Negotiation, kind: bytes, body: bytes) -> None:
    """One step of the negotiation."""
    what = kind[0] % 3 if kind else OFFER
    try:
        if what == OFFER:
            check_ours(negotiation.make_answer(body))
        else:
            check_ours(negotiation.make_offer(is_secure=what == SECURE))
            negotiation.accept_answer(body)
    except SdpError:
        return
    agreement = negotiation.agreement
    if (
        agreement is None or not 0 <= agreement.remote_port <= 65_535 or not 0 <= agreement.payload_type <= 127
    ):  # what 16 and 7 bits hold
        raise AssertionError(f"{body!r} leads to {agreement}")


def check_parse(body: bytes) -> None:
    """What is read prints and reads back as the same."""
    try:
        description = parse(body)
    except SdpError:
        return
    again = parse(bytes(description))
    if again != description:
        raise AssertionError(f"{body!r} is {description!r}, prints and then is {again!r}")


def check_ours(body: bytes) -> None:
    """What we write, we read as it was."""
    if bytes(parse(body)) != body:
        raise AssertionError(f"{body!r} reads back as {bytes(parse(body))!r}")
