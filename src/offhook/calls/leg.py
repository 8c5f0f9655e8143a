"""CallLeg: one INVITE session and one media port, and the table that keeps them in step.

Fed by the exchange with the adapters' events; tells its observer (the call) what became of it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Protocol

from offhook.base.machine import Machine, Step
from offhook.calls.errors import CallError, LegEnded, OfferRefused
from offhook.calls.events import (
    AckReceived,
    DigitPressed,
    InfoReceived,
    InviteAnswered,
    InviteReceived,
    MediaBegun,
    MediaEvent,
    MediaSilenced,
    OfferReceived,
    PlaybackFinished,
    PortId,
    ProvisionalReceived,
    SessionId,
    SignallingEvent,
)
from offhook.calls.info_digits import digit_of
from offhook.calls.leg_sound import LegSound
from offhook.calls.leg_table import INPUT_OF_EVENT, TABLE, LegEnding, LegInput, LegState, ending_of
from offhook.calls.ports import InviteOrder, PlacedInvite, PortStatistics
from offhook.calls.world import World


class LegObserver(Protocol):
    """What a leg tells the call that owns it."""

    def leg_rang(self) -> None:
        """The callee sent a provisional response."""

    def leg_answered(self) -> None:
        """The leg is up, whoever answered."""

    def leg_ended(self) -> None:
        """The leg is over; `ending` says how, the media port is closed."""

    def leg_saw_media(self, event: MediaEvent) -> None:
        """Something of note came from the media port."""

    def leg_met(self, error: CallError) -> None:
        """Something went wrong that the call should show."""


class CallLeg(Machine[LegState, LegInput, Any]):
    """One INVITE session and its media port; `rang`, `settled` and `ended` are events that a task can wait for."""

    TABLE: ClassVar[Mapping[tuple[Any, Any], Step[Any]]] = TABLE
    COMMANDS: ClassVar[frozenset[Any]] = frozenset(
        {LegInput.PLACE, LegInput.OFFER, LegInput.RING, LegInput.ANSWER, LegInput.REJECT}
    )

    def __init__(self, world: World, observer: LegObserver) -> None:
        super().__init__(LegState.IDLE)
        self.world = world
        self.observer = observer
        self.session: SessionId | None = None
        self.port: PortId | None = None
        self.placed: PlacedInvite | None = None
        self.received: InviteReceived | None = None
        self.answered_by: InviteAnswered | None = None
        self.has_early_media = False
        self.ending: LegEnding | None = None
        self.statistics: PortStatistics | None = None
        self.rang = asyncio.Event()
        self.settled = asyncio.Event()
        self.ended = asyncio.Event()
        self.sound = LegSound(world.media)
        self._abandoning: asyncio.TimerHandle | None = None

    # --- commands -------------------------------------------------------------------------------------------------

    def place(self, order: InviteOrder) -> PlacedInvite:
        """Open a port on the order's edge and send the INVITE with its offer.

        Raises MediaExhausted, UnknownEdge, and LegEnded when the leg was hung up before.
        """
        if self.state is LegState.ENDED:
            raise LegEnded("the leg was ended before its INVITE was sent")
        port = self._open(order.edge)
        try:
            placed = self.world.signalling.invite(replace(order, offer=self.world.media.make_offer(port)))
        except CallError:
            self._release()
            raise
        self._feed(LegInput.PLACE, None)
        self.placed, self.session = placed, placed.session
        self.world.legs.by_session[placed.session] = self
        return placed

    def offer(self, invite: InviteReceived) -> None:
        """Take a received INVITE; it waits for ring, answer or reject."""
        self._feed(LegInput.OFFER, None)
        self.received, self.session = invite, invite.session
        self.world.legs.by_session[invite.session] = self

    def ring(self) -> None:
        """Tell the caller that it rings (180)."""
        self._feed(LegInput.RING, None)

    def answer(self) -> None:
        """Answer with 200; a leg that is up stays so. Raises LegEnded, MediaExhausted, OfferRefused."""
        if self.state is LegState.UP:
            return
        if self.state is not LegState.OFFERED or self.received is None:
            raise LegEnded(f"the leg cannot be answered: it is {self.state.name}")
        try:
            port = self._open(self.received.edge)
            # An INVITE without SDP asks us to offer (RFC 3264 §5); the answer comes in its ACK.
            media, offer = self.world.media, self.received.offer
            answer = media.make_offer(port) if offer is None else media.make_answer(port, offer)
        except CallError as error:
            self.observer.leg_met(error)
            self._feed(LegInput.REJECT, error.sip_code)
            raise
        self._feed(LegInput.ANSWER, answer)

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
            case InviteAnswered():
                self._receive_answer(event)
            case InfoReceived():
                digit = digit_of(event.content_type, event.body)
                if digit is not None and self.port is not None:
                    self.receive(DigitPressed(port=self.port, digit=digit[0], source="info", duration=digit[1]))
            case DigitPressed():
                self.observer.leg_saw_media(event)
                self.sound.hear(event.digit)
            case PlaybackFinished():
                self.sound.finish(event.playback, was_stopped=event.stopped)
            case MediaBegun() | MediaSilenced():
                self.observer.leg_saw_media(event)
            case AckReceived():
                self._receive_ack(event)
            case _:
                self._feed(INPUT_OF_EVENT[type(event)], event)

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
        elif not self.has_early_media:
            raise OfferRefused("the 200 OK carries no SDP", 32103)

    def _receive_ack(self, event: AckReceived) -> None:
        self._feed(LegInput.ACKED, event)
        if event.answer is None or self.port is None:
            return
        try:
            self.world.media.accept_answer(self.port, event.answer)
        except OfferRefused as error:
            self.observer.leg_met(error)
            self.hang_up()

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
            self.has_early_media = True

    def tell_rang(self, _event: ProvisionalReceived, _now: float) -> None:
        """Say that it rings."""
        self.rang.set()
        self.observer.leg_rang()

    def tell_answered(self, _event: object, _now: float) -> None:
        """Say that the leg is up."""
        self.settled.set()
        self.observer.leg_answered()

    def send_ringing(self, _nothing: None, _now: float) -> None:
        """180."""
        self.world.signalling.ring(self._session())

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
        self.world.signalling.bye(self._session(), (("Reason", 'Q.850;cause=16;text="Normal call clearing"'),))

    def answer_offer(self, event: OfferReceived, _now: float) -> None:
        """Let the media plane answer a re-INVITE; 488 leaves the session as it was."""
        if self.port is None:
            self.world.signalling.refuse_offer(event.session, 488)
            return
        media = self.world.media
        try:
            answer = media.make_offer(self.port) if event.offer is None else media.make_answer(self.port, event.offer)
        except OfferRefused as error:
            self.observer.leg_met(error)
            self.world.signalling.refuse_offer(event.session, error.sip_code)
        else:
            self.world.signalling.answer_offer(event.session, answer)

    def end(self, event: object, _now: float) -> None:
        """Release session and port, wake all who wait, and say so."""
        self.ending = ending_of(event)
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

    def _open(self, edge: str) -> PortId:
        if self.port is None:
            self.port = self.sound.port = self.world.media.open(edge)
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
