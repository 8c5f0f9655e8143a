"""CallLeg: one INVITE session and one media port, and the table that keeps them in step.

Fed by the exchange with the adapters' events; tells its observer (the call) what became of it.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from offhook.base.machine import Step
from offhook.calls.errors import LegEnded
from offhook.calls.events import (
    AckReceived,
    AttemptFailed,
    DigitPressed,
    InfoReceived,
    InviteAnswered,
    InviteRefused,
    MediaBegun,
    MediaEvent,
    MediaSilenced,
    OfferAnswered,
    OfferAsked,
    OfferReceived,
    PlaybackFinished,
    RedirectReceived,
    ReferAnswered,
    ReferProgressed,
    ReferReceived,
    SessionExpired,
    SignallingEvent,
)
from offhook.calls.info_digits import digit_of
from offhook.calls.leg_frame import NORMAL_CLEARING, NOT_UP, UNAVAILABLE
from offhook.calls.leg_offered import OfferedLeg
from offhook.calls.leg_placed import PlacedLeg
from offhook.calls.leg_table import INPUT_OF_EVENT, TABLE, LegInput, LegState, ending_of


class CallLeg(PlacedLeg, OfferedLeg):
    """One INVITE session and its media port."""

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

    # --- commands -------------------------------------------------------------------------------------------------

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

    def hang_up(self) -> None:
        """End the leg in the way its state asks for: CANCEL, BYE, or 480; nothing happens when it is over."""
        self._feed(LegInput.HANG_UP, UNAVAILABLE if self.state is LegState.OFFERED else None)

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
                self.observer.leg_missed(event)
            case _:
                self._feed(INPUT_OF_EVENT[type(event)], event)

    def _receive_media(self, event: MediaEvent) -> None:
        if isinstance(event, PlaybackFinished):
            self.sound.finish(event.playback, was_stopped=event.stopped)
            return
        self.observer.leg_saw_media(event)
        if isinstance(event, DigitPressed):
            self.sound.hear(event.digit)

    # --- actions --------------------------------------------------------------------------------------------------

    def tell_referred(self, event: ReferReceived, _now: float) -> None:
        """Say that the peer wants to be replaced."""
        self.observer.leg_was_referred(event)

    def send_refer(self, target: str, _now: float) -> None:
        """REFER."""
        self.world.signalling.refer(self._session(), target)

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
