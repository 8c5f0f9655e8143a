"""The part of a leg that we call: its INVITE, its answer, and the search for whoever takes it (3xx)."""

from dataclasses import replace

from offhook.calls.errors import CallError, LegEnded, OfferRefused
from offhook.calls.events import (
    AttemptFailed,
    InviteAnswered,
    InviteRefused,
    ProvisionalReceived,
    RedirectReceived,
    RefusalCause,
)
from offhook.calls.leg_frame import LegFrame
from offhook.calls.leg_table import LegInput, LegState
from offhook.calls.ports import InviteOrder, PlacedInvite
from offhook.calls.redirects import Search, refusal_of


class PlacedLeg(LegFrame):
    """How a leg of ours comes up."""

    # --- commands -------------------------------------------------------------------------------------------------

    def place(self, order: InviteOrder) -> PlacedInvite:
        """Open a port on the order's edge and send the INVITE with its offer.

        Raises MediaExhausted, UnknownEdge, and LegEnded when the leg was hung up before.
        """
        if self.state is LegState.ENDED:
            raise LegEnded("the leg was ended before its INVITE was sent")
        self._search = Search(order, self.world.settings.redirects)
        self._open(order.edge)
        try:
            placed = self._send_invite(order)
        except CallError:
            self._release()
            raise
        self._feed(LegInput.PLACE, None)
        return placed

    # --- events ---------------------------------------------------------------------------------------------------

    def _receive_answer(self, event: InviteAnswered) -> None:
        self.answered_by = event
        try:
            self._take_answer(event.answer)
        except OfferRefused as error:
            self.observer.leg_met(error)
            self._feed(LegInput.ANSWERED_UNUSABLY, event)
        else:
            self.confirmed.set()
            self._feed(LegInput.ANSWERED, event)

    def _take_answer(self, answer: bytes | None) -> None:
        if answer is not None and self.port is not None:
            self.world.media.accept_answer(self.port, answer)
        elif not self.early_media.is_set():
            raise OfferRefused("the 200 OK carries no SDP", 32103)

    def _receive_refusal(self, event: InviteRefused) -> None:
        if event.cause is RefusalCause.UNRESOLVED:
            nowhere = AttemptFailed(
                session=event.session, place="", cause=event.cause, code=event.code, reason=event.reason
            )
            self.observer.leg_missed(nowhere)
        if self._search is not None and self._search.goes_on_after(event):
            self._feed(LegInput.CONTACT_REFUSED, event)
        if event.session == self.session:
            self._feed(LegInput.REFUSED, event)

    def _receive_redirect(self, event: RedirectReceived) -> None:
        if self._search is None:
            return
        skipped = self._search.add(event.targets)
        for why in skipped:
            self.observer.leg_told("contact-skipped", f"not redirected: {why}")
        if self._search.has_next:
            self._feed(LegInput.REDIRECTED, event)
        else:
            self.observer.leg_met(refusal_of(event.code, skipped))
            self._feed(LegInput.MISDIRECTED, event)

    # --- actions --------------------------------------------------------------------------------------------------

    def take_early_media(self, event: ProvisionalReceived, _now: float) -> None:
        """Apply the SDP of a provisional response; one that cannot be used is left for the 200."""
        if event.answer is None or self.port is None:
            return
        try:
            self.world.media.accept_answer(self.port, event.answer)
        except OfferRefused as error:
            self.observer.leg_met(error)
        else:
            self.early_media.set()

    def tell_rang(self, _event: ProvisionalReceived, _now: float) -> None:
        """Say that it rings."""
        self.rang.set()
        self.observer.leg_rang()

    def follow_redirect(self, event: RedirectReceived, _now: float) -> None:
        """Call the best place of a 3xx in the same session."""
        if self._search is not None:
            target = self._search.next()
            self.observer.leg_told("redirected", f"{event.code}: redirected to {target}")
            self.world.signalling.follow_redirect(self._session(), target, needs_public=self._search.needs_public)

    def refuse_redirect(self, _event: RedirectReceived, _now: float) -> None:
        """Let the 3xx be the final response."""
        self.world.signalling.refuse_redirect(self._session())

    def place_next(self, event: InviteRefused, _now: float) -> None:
        """Call the next place of an earlier 3xx, in a session of its own."""
        if self._search is None:
            return
        self.world.legs.by_session.pop(event.session, None)
        self.early_media.clear()
        order = self._search.next_order()
        self.observer.leg_told("next-contact", f"{event.code}: the next contact is {order.target}")
        self.observer.leg_moved(self._send_invite(order).call_id)

    def send_cancel(self, _nothing: None, _now: float) -> None:
        """CANCEL."""
        self._limit_teardown()
        self.world.signalling.cancel(self._session())

    # --- inside ---------------------------------------------------------------------------------------------------

    def _send_invite(self, order: InviteOrder) -> PlacedInvite:
        port = self._open(order.edge)
        offer = self.world.media.make_offer(port, is_secure=order.is_secure)
        self.placed = placed = self.world.signalling.invite(replace(order, offer=offer))
        self.session = placed.session
        self.world.legs.by_session[placed.session] = self
        return placed
