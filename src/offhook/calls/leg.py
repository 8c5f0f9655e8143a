"""CallLeg: one INVITE session and one media port, and the table that keeps them in step.

Fed by the exchange with the adapters' events; tells its observer (the call) what became of it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from offhook.base.machine import Machine, Step
from offhook.calls.errors import AckNotReceived, CallError, LegEnded, OfferRefused
from offhook.calls.events import (
    AckReceived,
    AttemptFailed,
    DigitPressed,
    InfoReceived,
    InviteAnswered,
    InviteReceived,
    InviteRefused,
    MediaBegun,
    MediaEvent,
    MediaSilenced,
    OfferAnswered,
    OfferAsked,
    OfferReceived,
    PlaybackFinished,
    PortId,
    ProvisionalReceived,
    RedirectReceived,
    ReferAnswered,
    ReferProgressed,
    ReferReceived,
    RefusalCause,
    SessionExpired,
    SessionId,
    SignallingEvent,
)
from offhook.calls.info_digits import digit_of
from offhook.calls.leg_observer import LegObserver
from offhook.calls.leg_offers import LegOffers
from offhook.calls.leg_sound import LegSound
from offhook.calls.leg_table import INPUT_OF_EVENT, TABLE, LegEnding, LegInput, LegState, ending_of
from offhook.calls.ports import InviteOrder, PlacedInvite, PortStatistics, SrtpPolicy
from offhook.calls.redirects import GLOBAL_FAILURE, Redirects, refusal_of
from offhook.calls.world import World

NOT_UP = "the leg is not up"
SESSION_PROGRESS = 183
NORMAL_CLEARING = (("Reason", 'Q.850;cause=16;text="Normal call clearing"'),)


class CallLeg(Machine[LegState, LegInput, Any]):
    """One INVITE session and its media port; `rang`, `settled` and `ended` are events that a task can wait for."""

    TABLE: ClassVar[Mapping[tuple[Any, Any], Step[Any]]] = TABLE
    COMMANDS: ClassVar[frozenset[Any]] = frozenset(
        {
            LegInput.PLACE,
            LegInput.OFFER,
            LegInput.RING,
            LegInput.PLAY_EARLY,
            LegInput.ANSWER,
            LegInput.REJECT,
            LegInput.TAKE_OVER,
            LegInput.REFER,
        }
    )

    def __init__(self, world: World, observer: LegObserver) -> None:
        super().__init__(LegState.IDLE)
        self.world = world
        self.observer = observer
        self.session: SessionId | None = None
        self.port: PortId | None = None
        self.srtp = SrtpPolicy.ACCEPTED
        self.placed: PlacedInvite | None = None
        self.received: InviteReceived | None = None
        self.answered_by: InviteAnswered | None = None
        self.early_media = asyncio.Event()
        self.early_answer: bytes | None = None
        self.ending: LegEnding | None = None
        self.statistics: PortStatistics | None = None
        self.rang = asyncio.Event()
        self.settled = asyncio.Event()
        self.ended = asyncio.Event()
        self.sound = LegSound(world.media)
        self.offers = LegOffers(world.signalling, world.media, observer.leg_met, self._tell_direction)
        self.refer_news: asyncio.Queue[ReferAnswered | ReferProgressed] = asyncio.Queue()
        self._order: InviteOrder | None = None
        self._redirects: Redirects | None = None
        self._abandoning: asyncio.TimerHandle | None = None

    # --- commands -------------------------------------------------------------------------------------------------

    def place(self, order: InviteOrder) -> PlacedInvite:
        """Open a port on the order's edge and send the INVITE with its offer.

        Raises MediaExhausted, UnknownEdge, and LegEnded when the leg was hung up before.
        """
        if self.state is LegState.ENDED:
            raise LegEnded("the leg was ended before its INVITE was sent")
        self._order = order
        self._redirects = Redirects(self.world.settings.redirects, order.target, is_secure=order.is_secure)
        self._open(order.edge)
        try:
            placed = self._send_invite(order)
        except CallError:
            self._release()
            raise
        self._feed(LegInput.PLACE, None)
        return placed

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

    def refer(self, target: str) -> None:
        """Ask the peer to call somebody else (REFER); `refer_news` gets what becomes of it. Raises LegEnded."""
        if self.state is not LegState.UP:
            raise LegEnded(NOT_UP)
        self.refer_news = asyncio.Queue()
        self._feed(LegInput.REFER, target)

    def accept_refer(self) -> None:
        """202 to the peer's REFER; nothing happens on a leg that is down."""
        if self.state is LegState.UP:
            self.world.signalling.accept_refer(self._session())

    def refuse_refer(self, code: int) -> None:
        """Refuse the peer's REFER; likewise."""
        if self.state is LegState.UP:
            self.world.signalling.refuse_refer(self._session(), code)

    def notify_refer(self, code: int, reason: str) -> None:
        """Tell the sender of an accepted REFER how its call goes; likewise."""
        if self.state is LegState.UP:
            self.world.signalling.notify_refer(self._session(), code, reason)

    def reject(self, code: int) -> None:
        """Refuse an inbound leg that is not answered."""
        self._feed(LegInput.REJECT, code)

    def hang_up(self) -> None:
        """End the leg in the way its state asks for: CANCEL, BYE, or 480; nothing happens when it is over."""
        self._feed(LegInput.HANG_UP, None)

    # --- events ---------------------------------------------------------------------------------------------------

    def receive(self, event: SignallingEvent | MediaEvent) -> None:
        """Take one event of this leg's session or port."""
        match event:
            case DigitPressed() | PlaybackFinished() | MediaBegun() | MediaSilenced():
                self._receive_media(event)
            case InviteAnswered():
                self._receive_answer(event)
            case InviteRefused():
                self._receive_refusal(event)
            case RedirectReceived():
                self._receive_redirect(event)
            case InfoReceived():
                digit = digit_of(event.content_type, event.body)
                if digit is not None and self.port is not None:
                    self._receive_media(DigitPressed(port=self.port, digit=digit[0], source="info", duration=digit[1]))
            case AckReceived():
                self._receive_ack(event)
            case ReferAnswered() | ReferProgressed():
                self.refer_news.put_nowait(event)
            case AttemptFailed():
                pass
            case _:
                self._feed(INPUT_OF_EVENT[type(event)], event)

    def _receive_media(self, event: MediaEvent) -> None:
        if isinstance(event, PlaybackFinished):
            self.sound.finish(event.playback, was_stopped=event.stopped)
            return
        self.observer.leg_saw_media(event)
        if isinstance(event, DigitPressed):
            self.sound.hear(event.digit)

    def _receive_answer(self, event: InviteAnswered) -> None:
        self.answered_by = event
        try:
            self._take_answer(event.answer)
        except OfferRefused as error:
            self.observer.leg_met(error)
            self._feed(LegInput.ANSWERED_UNUSABLY, event)
        else:
            self._feed(LegInput.ANSWERED, event)

    def _take_answer(self, answer: bytes | None) -> None:
        if answer is not None and self.port is not None:
            self.world.media.accept_answer(self.port, answer)
        elif not self.early_media.is_set():
            raise OfferRefused("the 200 OK carries no SDP", 32103)

    def _receive_ack(self, event: AckReceived) -> None:
        self._feed(LegInput.ACKED, event)
        if event.answer is not None and self.port is not None and not self.offers.take(self.port, event.answer):
            self.hang_up()

    def _receive_refusal(self, event: InviteRefused) -> None:
        redirects = self._redirects
        may_go_on = event.cause is not RefusalCause.CANCELED and event.code < GLOBAL_FAILURE
        if may_go_on and redirects is not None and redirects.has_next:
            self._feed(LegInput.CONTACT_REFUSED, event)
        if event.session == self.session:
            self._feed(LegInput.REFUSED, event)

    def _receive_redirect(self, event: RedirectReceived) -> None:
        redirects = self._redirects
        if redirects is None:
            return
        skipped = redirects.add(event.targets)
        for why in skipped:
            self.observer.leg_told("contact-skipped", f"not redirected: {why}")
        if redirects.has_next:
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

    def tell_answered(self, _event: object, _now: float) -> None:
        """Say that the leg is up."""
        self.settled.set()
        self.observer.leg_answered()

    def follow_redirect(self, event: RedirectReceived, _now: float) -> None:
        """Call the best place of a 3xx in the same session."""
        target = self._next_target()
        self.observer.leg_told("redirected", f"{event.code}: redirected to {target}")
        self.world.signalling.follow_redirect(self._session(), target)

    def refuse_redirect(self, _event: RedirectReceived, _now: float) -> None:
        """Let the 3xx be the final response."""
        self.world.signalling.refuse_redirect(self._session())

    def place_next(self, event: InviteRefused, _now: float) -> None:
        """Call the next place of an earlier 3xx, in a session of its own."""
        if self._order is None:
            return
        self.world.legs.by_session.pop(event.session, None)
        self.early_media.clear()
        target = self._next_target()
        self.observer.leg_told("next-contact", f"{event.code}: the next contact is {target}")
        self.observer.leg_moved(self._send_invite(replace(self._order, target=target)).call_id)

    def tell_referred(self, event: ReferReceived, _now: float) -> None:
        """Say that the peer wants to be replaced."""
        self.observer.leg_was_referred(event)

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

    def send_refer(self, target: str, _now: float) -> None:
        """REFER."""
        self.world.signalling.refer(self._session(), target)

    def swap_session(self, taken: tuple[InviteReceived, bytes], _now: float) -> None:
        """200 to the new session, BYE to the old one, whose end is nobody's concern any more."""
        invite, answer = taken
        old = self._session()
        self.world.legs.by_session.pop(old, None)
        self.received, self.session = invite, invite.session
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

    def send_unavailable(self, _nothing: None, _now: float) -> None:
        """480: the call was ended before anything answered it."""
        self.world.signalling.reject(self._session(), 480)

    def send_cancel(self, _nothing: None, _now: float) -> None:
        """CANCEL."""
        self._limit_teardown()
        self.world.signalling.cancel(self._session())

    def send_bye(self, _event: object, _now: float) -> None:
        """BYE; the port falls silent at once."""
        self._limit_teardown()
        self.sound.stop()
        self.world.signalling.bye(self._session(), NORMAL_CLEARING)

    def answer_offer(self, event: OfferReceived, _now: float) -> None:
        """Let the media plane answer a re-INVITE; 488 leaves the session as it was."""
        self.offers.answer(event.session, self.port, event.offer)

    def send_offer(self, event: OfferAsked, _now: float) -> None:
        """A re-INVITE, to refresh the session."""
        self.offers.make(event.session, self.port)

    def take_reanswer(self, event: OfferAnswered, _now: float) -> None:
        """Apply the answer to it; one that cannot be used leaves the media as they were."""
        if event.answer is not None and self.port is not None:
            self.offers.take(self.port, event.answer)

    def end(self, event: object, _now: float) -> None:
        """Release session and port, wake all who wait, and say so."""
        self.ending = ending_of(event)
        if isinstance(event, SessionExpired):
            self.observer.leg_told("expired", "the session was not refreshed in time: the peer is gone")
        if self._abandoning is not None:
            self._abandoning.cancel()
        try:
            self._release()
        finally:
            # Even when the plane fails: whoever waits for this leg must not wait for ever.
            self.sound.end()
            self.settled.set()
            self.ended.set()
            self.observer.leg_ended()

    # --- inside ---------------------------------------------------------------------------------------------------

    def _feed(self, input_: LegInput, subject: object) -> None:
        self.feed(input_, subject, asyncio.get_running_loop().time())

    def _send_invite(self, order: InviteOrder) -> PlacedInvite:
        port = self._open(order.edge)
        offer = self.world.media.make_offer(port, is_secure=order.is_secure)
        self.placed = placed = self.world.signalling.invite(replace(order, offer=offer))
        self.session = placed.session
        self.world.legs.by_session[placed.session] = self
        return placed

    def _make_answer(self, invite: InviteReceived) -> bytes:
        port, media = self._open(invite.edge), self.world.media
        # An INVITE without SDP asks us to offer (RFC 3264 §5); the answer comes in its ACK.
        return media.make_offer(port) if invite.offer is None else media.make_answer(port, invite.offer)

    def _next_target(self) -> str:
        if self._redirects is None:
            raise LegEnded("the leg was not redirected")
        return self._redirects.next()

    def _tell_direction(self, direction: str) -> None:
        self.observer.leg_turned(direction, is_held=self.offers.is_held)

    def _open(self, edge: str) -> PortId:
        if self.port is None:
            self.port = self.sound.port = self.world.media.open(edge, srtp=self.srtp)
            self.world.legs.by_port[self.port] = self
        return self.port

    def _limit_teardown(self) -> None:
        # The transaction may go on for 64*T1; the call and its port do not wait that long for a peer that is gone.
        limit = self.world.settings.teardown_limit
        self._abandoning = asyncio.get_running_loop().call_later(limit, self._feed, LegInput.ABANDON, None)

    def _release(self) -> None:
        if self.session is not None:
            self.world.legs.by_session.pop(self.session, None)
        if self.port is not None:
            port, self.port, self.sound.port = self.port, None, None
            self.world.legs.by_port.pop(port, None)
            self.statistics = self.world.media.close(port)

    def _session(self) -> SessionId:
        if self.session is None:
            raise LegEnded("the leg has no session")
        return self.session
