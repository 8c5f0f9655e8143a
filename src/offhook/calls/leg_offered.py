"""The part of a leg that calls us: ringing, early media, the answer, and an INVITE that takes its place (Replaces)."""

from offhook.calls.errors import AckNotReceived, CallError, LegEnded
from offhook.calls.events import AckReceived, InviteReceived
from offhook.calls.leg_frame import NORMAL_CLEARING, NOT_UP, LegFrame
from offhook.calls.leg_table import LegInput, LegState

SESSION_PROGRESS = 183


class OfferedLeg(LegFrame):
    """How a leg of a peer comes up."""

    # --- commands -------------------------------------------------------------------------------------------------

    def offer(self, invite: InviteReceived) -> None:
        """Take a received INVITE; it waits for ring, answer or reject."""
        self._feed(LegInput.OFFER, None)
        self.received, self.session = invite, invite.session
        self.world.legs.by_session[invite.session] = self

    def ring(self) -> None:
        """Tell the caller that it rings (180)."""
        self._feed(LegInput.RING, None)

    def play_early(self) -> bool:
        """Open the way for sound to a caller who is not answered (183 with SDP); False when that cannot be.

        Without an offer in the INVITE there is nothing to answer before the 200.
        """
        if self.early_answer is not None:
            return self.state is LegState.OFFERED
        if self.state is not LegState.OFFERED or self.received is None or self.received.offer is None:
            return False
        try:
            answer = self.world.media.make_answer(self._open(self.received.edge), self.received.offer)
        except CallError:
            return False  # the answer meets the same error, and tells it
        self._feed(LegInput.PLAY_EARLY, answer)
        return True

    def answer(self) -> None:
        """Answer with 200; a leg that is up stays so. Raises LegEnded, MediaExhausted, OfferRefused."""
        if self.state is LegState.UP:
            return
        if self.state is not LegState.OFFERED or self.received is None:
            raise LegEnded(f"the leg cannot be answered: it is {self.state.name}")
        if self.early_answer is not None:
            # RFC 3261 §13.3.1.4, RFC 6337 §3.1: the 200 repeats the answer that a provisional response has given.
            self._feed(LegInput.ANSWER, self.early_answer)
            return
        try:
            answer = self._make_answer(self.received)
        except CallError as error:
            self.observer.leg_met(error)
            self._feed(LegInput.REJECT, error.sip_code)
            raise
        self._feed(LegInput.ANSWER, answer)

    def reject(self, code: int) -> None:
        """Refuse an inbound leg that is not answered."""
        self._feed(LegInput.REJECT, code)

    def take_over(self, invite: InviteReceived) -> None:
        """Go on with another INVITE session on the same port, and end the old one (RFC 3891).

        Raises LegEnded, OfferRefused.
        """
        if self.state is not LegState.UP:
            raise LegEnded(NOT_UP)
        answer = self._make_answer(invite)
        self._feed(LegInput.TAKE_OVER, (invite, answer))
        if invite.offer is not None and self.port is not None:
            self.offers.look(self.port)

    # --- events ---------------------------------------------------------------------------------------------------

    def _receive_ack(self, event: AckReceived) -> None:
        self.confirmed.set()
        self._feed(LegInput.ACKED, event)
        if event.answer is not None and self.port is not None and not self.offers.take(self.port, event.answer):
            self._feed(LegInput.HANG_UP, None)

    # --- actions --------------------------------------------------------------------------------------------------

    def tell_ack_missed(self, _event: object, _now: float) -> None:
        """Say that the peer never confirmed our 200."""
        self.observer.leg_met(AckNotReceived("the peer did not acknowledge our 200 OK"))

    def send_ringing(self, _nothing: None, _now: float) -> None:
        """180."""
        self.world.signalling.ring(self._session())

    def send_early_answer(self, answer: bytes, _now: float) -> None:
        """183 with our SDP."""
        self.early_answer = answer
        self.world.signalling.ring(self._session(), SESSION_PROGRESS, answer)

    def swap_session(self, taken: tuple[InviteReceived, bytes], _now: float) -> None:
        """200 to the new session, BYE to the old one, whose end is nobody's concern any more."""
        invite, answer = taken
        old = self._session()
        self.world.legs.by_session.pop(old, None)
        self.received, self.session = invite, invite.session
        self.confirmed.clear()
        self.world.legs.by_session[invite.session] = self
        self.observer.leg_moved(invite.call_id)
        self.observer.leg_told("replaced", f"{invite.from_uri} takes the place of the leg (Replaces)")
        self.world.signalling.accept(invite.session, answer)
        self.world.signalling.bye(old, NORMAL_CLEARING)

    def send_answer(self, answer: bytes, _now: float) -> None:
        """200 with our SDP."""
        self.world.signalling.accept(self._session(), answer)

    def send_rejection(self, code: int, _now: float) -> None:
        """The final response that was asked for."""
        self.world.signalling.reject(self._session(), code)

    def send_unavailable(self, code: int, _now: float) -> None:
        """480: the call was ended before anything answered it."""
        self.world.signalling.reject(self._session(), code)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _make_answer(self, invite: InviteReceived) -> bytes:
        port, media = self._open(invite.edge), self.world.media
        # An INVITE without SDP asks us to offer (RFC 3264 §5); the answer comes in its ACK.
        return media.make_offer(port) if invite.offer is None else media.make_answer(port, invite.offer)
