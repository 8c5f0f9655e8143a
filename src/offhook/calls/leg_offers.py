"""Offers and answers within a leg that is up: the peer's re-INVITE or UPDATE, our refresh, hold and resume (RFC 3264).

Used by leg; the media plane reads and writes the SDP.
"""

from collections.abc import Callable

from offhook.calls.errors import CallError, OfferRefused
from offhook.calls.events import PortId, SessionId
from offhook.calls.ports import MediaPlane, Signalling

NOT_ACCEPTABLE = 488
TALKING = "sendrecv"
ON_HOLD = frozenset({"sendonly", "inactive"})


class LegOffers:
    """One leg's re-offers; `direction` is what the peer does: sendrecv, sendonly, recvonly or inactive."""

    __slots__ = ("_media", "_met", "_signalling", "_turned", "direction")

    def __init__(
        self,
        signalling: Signalling,
        media: MediaPlane,
        met: Callable[[CallError], None],
        turned: Callable[[str], None],
    ) -> None:
        self._signalling = signalling
        self._media = media
        self._met = met  # told of SDP that cannot be used
        self._turned = turned  # told of a new direction
        self.direction = TALKING

    @property
    def is_held(self) -> bool:
        """Whether the peer wants to hear nothing from us."""
        return self.direction in ON_HOLD

    def answer(self, session: SessionId, port: PortId | None, offer: bytes | None) -> None:
        """Answer the peer's offer, or its wish for one of ours; 488 leaves the session as it was."""
        if port is None:
            self._signalling.refuse_offer(session, NOT_ACCEPTABLE)
            return
        try:
            answer = self._media.make_offer(port) if offer is None else self._media.make_answer(port, offer)
        except OfferRefused as error:
            self._met(error)
            self._signalling.refuse_offer(session, error.sip_code)
        else:
            self._signalling.answer_offer(session, answer)
            if offer is not None:
                self.look(port)

    def make(self, session: SessionId, port: PortId | None) -> None:
        """Send an offer that changes nothing, for the refresh of the session."""
        if port is not None:
            self._signalling.offer(session, self._media.repeat_offer(port))

    def take(self, port: PortId, answer: bytes) -> bool:
        """Apply the peer's answer to an offer of ours; False when it cannot be used."""
        try:
            self._media.accept_answer(port, answer)
        except OfferRefused as error:
            self._met(error)
            return False
        self.look(port)
        return True

    def look(self, port: PortId) -> None:
        """See what the peer does now, and tell when that has changed."""
        direction = self._media.direction(port)
        if direction != self.direction:
            self.direction = direction
            self._turned(direction)
