"""A call: what the API shows, its one leg, and the verbs' view of both.

Fed by its leg (as LegObserver) and by the exchange; its documents are run by calls.supervision.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from offhook.calls.beside import Beside
from offhook.calls.chronicle import Chronicle
from offhook.calls.dialer import DialOrder, DialOutcome
from offhook.calls.ending import Closing
from offhook.calls.errors import CallError
from offhook.calls.events import (
    AttemptFailed,
    DigitPressed,
    MediaBegun,
    MediaEvent,
    MediaSilenced,
    ReferReceived,
    SessionId,
)
from offhook.calls.leg import CallLeg
from offhook.calls.leg_table import LegState
from offhook.calls.partnership import Partnership
from offhook.calls.ports import Sound, TapBlock
from offhook.calls.progress import Progress
from offhook.calls.recordings import Recordings
from offhook.calls.referral import ReferOutcome, refer
from offhook.calls.streams import Streams
from offhook.calls.transcriptions import Transcriptions
from offhook.calls.world import World
from offhook.model.call import CallRecord, CallStatus, WebhookTarget
from offhook.model.ending import EndReason, VerbPlace
from offhook.model.timeline import Kind
from offhook.model.webhook import standard_parameters

BUSY_HERE = 486
NOT_FOUND = 404  # contract 1 §0.2: what <Reject> answers on an inbound SIP leg
OK = 200


class Dials(Protocol):
    """What carries out a <Dial>; satisfied by calls.hunt."""

    async def dial(self, parent: "Call", order: DialOrder) -> DialOutcome:
        """Ring the targets, join the first that answers, and say how it ended."""


class Call:
    """One call. `ready` is set when a dialed call may be joined."""

    def __init__(self, world: World, record: CallRecord, dials: Dials, *, time_limit: float | None = None) -> None:
        self.world = world
        self.progress = Progress(world, record)
        self.chronicle = Chronicle(world, record.sid, record.account_sid)
        self.leg = CallLeg(world, self)
        self.beside = Beside(self.chronicle)
        self.transcriptions = Transcriptions(self)
        self.streams = Streams(self)
        self.recordings = Recordings(self)
        self.ready = asyncio.Event()
        self.finished = asyncio.Event()
        self.is_dialing = False
        self.partnership: Partnership[Call] = Partnership(self, self.call_of)
        self.fallback: WebhookTarget | None = None  # set by REST; wins over the one that the call began with
        self.time_limit = world.settings.time_limit if time_limit is None else time_limit
        self._dials = dials
        self.closing = Closing(asyncio.get_running_loop().time())
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def record(self) -> CallRecord:
        """The newest state."""
        return self.progress.record

    @property
    def sid(self) -> str:
        """The call's SID."""
        return self.record.sid

    @property
    def account_sid(self) -> str:
        """The account's SID."""
        return self.record.account_sid

    @property
    def is_answered(self) -> bool:
        """Whether the leg is up."""
        return self.leg.state is LegState.UP

    @property
    def is_over(self) -> bool:
        """Whether the leg has ended: no verb can do anything any more."""
        return self.leg.ended.is_set()

    @property
    def is_leaving(self) -> bool:
        """Whether the leg has ended or is being ended."""
        return self.leg.state in {LegState.CANCELING, LegState.CLOSING, LegState.ENDED}

    # --- what verbs do --------------------------------------------------------------------------------------------

    async def answer(self) -> None:
        """Answer an inbound call; one that is up stays so. Raises LegEnded, OfferRefused, MediaExhausted."""
        self.leg.answer()

    def reject(self, *, busy: bool) -> bool:
        """Refuse an unanswered inbound call (486 or 404); False when it is too late for that."""
        if self.leg.state is not LegState.OFFERED:
            return False
        self.closing.ask(EndReason.REJECT_VERB, CallStatus.BUSY if busy else CallStatus.NO_ANSWER)
        self.leg.reject(BUSY_HERE if busy else NOT_FOUND)
        return True

    def hang_up(self, reason: EndReason) -> None:
        """End the call; the first reason counts, and one that comes when it is over does not."""
        if not self.is_over:
            self.closing.ask(reason)
        self.leg.hang_up()

    def enter(self, verb: VerbPlace | None) -> None:
        """From now on this verb runs; None while a document is fetched."""
        self.closing.verb = verb

    def fail(self, error: CallError) -> None:
        """End the call because of an error, which it shows."""
        self.leg_met(error)
        self.hang_up(error.ending)

    async def play(self, sound: Sound, *, loop: int = 1) -> None:
        """Play to the end; cancelling stops it. Raises LegEnded."""
        await self.leg.sound.play(sound, loop=loop)

    def keys(self) -> AbstractContextManager[asyncio.Queue[str]]:
        """The keys that the caller presses while the block runs, those first that no verb has asked for yet."""
        return self.leg.sound.typing()

    def tapping(
        self, take: Callable[[TapBlock], None], *, block: float, finds_voice: bool = False
    ) -> AbstractContextManager[None]:
        """What passes through the call's port, in blocks of so many seconds. Raises LegEnded."""
        return self.leg.sound.tapping(take, block=block, finds_voice=finds_voice)

    async def play_digits(self, digits: str) -> None:
        """Send keys to the end; cancelling stops it. Raises LegEnded."""
        self.trace(Kind.DIGIT, f"plays {digits}", digit=digits, direction="sent", source="played")
        await self.leg.sound.play_digits(digits)

    async def dial(self, order: DialOrder) -> DialOutcome:
        """Carry out a <Dial> with this call as the parent; it ends, with an outcome, when the parent does too."""
        with self.owing_a_report():
            try:
                return await self._dials.dial(self, order)
            finally:
                self.leg.sound.forget_typed()  # it was pressed for whoever was dialed

    async def refer(self, target: str) -> ReferOutcome:
        """Carry out a <Refer>: ask the peer to call `target`, and follow it. Raises LegEnded."""
        with self.owing_a_report():
            return await refer(self, target)

    @contextmanager
    def owing_a_report(self) -> Iterator[None]:
        """A call that ends while the block runs is not done with its document before the action has been asked."""
        was_dialing, self.is_dialing = self.is_dialing, True
        try:
            yield
        finally:
            # A call that ended meanwhile stays so: its action request is still owed (contract 1 §3.4, 2 §6 rule 11).
            self.is_dialing = was_dialing or self.is_over

    def parameters(self) -> dict[str, str]:
        """The standard webhook parameters for the present status (contract 1 §7.1)."""
        return standard_parameters(self.record)

    def call_of(self, session: SessionId) -> "Call | None":
        """The call of the same account that has this session, if it is up."""
        leg = self.world.legs.by_session.get(session)
        call = leg.observer if isinstance(leg, CallLeg) else None
        if not isinstance(call, Call) or call.account_sid != self.account_sid or not call.is_answered:
            return None
        return call

    # --- what is written down -------------------------------------------------------------------------------------

    def trace(self, kind: Kind, summary: str, **detail: Any) -> None:
        """One entry on the call's timeline."""
        self.chronicle.trace(kind, summary, **detail)

    def notice(self, error_code: int, text: str, *, is_error: bool = False, url: str = "") -> None:
        """One notification of the API, and its entry on the timeline."""
        self.chronicle.notice(error_code, text, is_error=is_error, url=url)

    def notice_once(self, error_code: int, text: str) -> None:
        """A warning that the call gets once, however often it is said."""
        self.chronicle.notice_once(error_code, text)

    # --- what the leg tells ---------------------------------------------------------------------------------------

    def leg_rang(self) -> None:
        """The callee rings."""
        self.progress.advance(CallStatus.RINGING)

    def leg_answered(self) -> None:
        """The clock of the call starts."""
        loop = asyncio.get_running_loop()
        self.closing.answered(loop.time())
        self._expiry = loop.call_later(self.time_limit, self._expire)
        self.progress.advance(CallStatus.IN_PROGRESS, sip_response_code=OK)

    def leg_ended(self) -> None:
        """What the port moved belongs to the timeline; the record is closed by finish()."""
        if self._expiry is not None:
            self._expiry.cancel()
        if self.leg.statistics is not None:
            self.chronicle.media_closed(self.leg.statistics)

    def leg_saw_media(self, event: MediaEvent) -> None:
        """Digits and the fate of the incoming audio go on the timeline; a dead peer ends the call (32014)."""
        match event:
            case DigitPressed():
                summary = f"digit {event.digit}"
                self.trace(Kind.DIGIT, summary, digit=event.digit, direction="received", source=event.source)
            case MediaBegun():
                self.trace(Kind.MEDIA, f"audio from {event.remote}", event="begun", remote=event.remote)
            case MediaSilenced() if self.leg.offers.is_held:
                self.trace(Kind.MEDIA, "no RTP comes: the peer holds the call", event="silent")
            case MediaSilenced() if self.is_answered:  # early media may fall silent while it rings
                self.notice(32014, f"no RTP came for {event.silence:.0f} s; the call is ended")
                self.hang_up(EndReason.MEDIA_TIMEOUT)
            case _:
                pass

    def leg_met(self, error: CallError) -> None:
        """Show an error; the last one names the call's failure."""
        self.closing.error = error
        self.notice(error.error_code, str(error), is_error=True)

    def leg_moved(self, call_id: str) -> None:
        """The newest Call-ID is the one that is shown; the messages of all belong to this call."""
        self.progress.change(sip_call_id=call_id)
        self.world.timeline.link(call_id, self.record.sid)

    def leg_turned(self, direction: str, *, is_held: bool) -> None:
        """Hold and resume go on the timeline."""
        self.chronicle.turned(direction, is_held=is_held)

    def leg_told(self, event: str, summary: str) -> None:
        """One entry about the leg."""
        self.trace(Kind.LEG, summary, event=event)

    def leg_missed(self, event: AttemptFailed) -> None:
        """Each failed attempt is shown with where it went (32011)."""
        self.chronicle.attempt_failed(event, self.leg.placed.to_uri if self.leg.placed is not None else self.record.to)

    def leg_was_referred(self, event: ReferReceived) -> None:
        """Let the bridge carry it out, or say why it may not."""
        self.trace(Kind.LEG, f"asked to transfer to {event.target}", event="referred", target=event.target)
        self.partnership.be_asked(event)

    def set_time_limit(self, seconds: float) -> None:
        """Let the call end this long after its answer (REST TimeLimit)."""
        self.time_limit = seconds
        answered_at = self.closing.answered_at
        if answered_at is not None and self._expiry is not None:
            self._expiry.cancel()
            self._expiry = asyncio.get_running_loop().call_at(answered_at + seconds, self._expire)

    # --- the end --------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Close the record: final status, duration, who ended it; the last callback goes out. Once only."""
        if self.finished.is_set():
            return
        leg, error = self.leg.ending, self.closing.error
        code = leg.code if leg is not None and leg.code is not None else self.record.sip_response_code
        now = asyncio.get_running_loop().time()
        self.progress.advance(
            self.closing.status(leg, self.record.direction, self.world.settings.status_of_code),
            end_time=self.world.clock.now(),
            duration=self.closing.duration(now),
            sip_response_code=code,
            ending=self.closing.ending(leg, self.record.direction, now),
            error_code=error.error_code if error else None,
            error_message=str(error) if error else None,
        )
        self.finished.set()

    def _expire(self) -> None:
        self.notice(32015, f"the call reached its limit of {self.time_limit:.0f} s and is ended")
        self.hang_up(EndReason.TIME_LIMIT)
