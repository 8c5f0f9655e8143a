"""A call without SIP: runs a document against a scripted caller and writes down what the caller would notice.

For tests of documents: `Stage` is the call that the interpreter sees, its `transcript` one line for each thing that
happened, with the virtual second in front. Dials are answered from `outcomes`.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from offhook.calls.dialer import DialOrder, DialOutcome
from offhook.calls.errors import LegEnded
from offhook.calls.ports import Sound, TapBlock
from offhook.calls.referral import ReferOutcome
from offhook.calls.world import CallSettings
from offhook.model.call import CallRecord, CallStatus, Direction, WebhookTarget
from offhook.model.ending import EndReason, VerbPlace
from offhook.model.sids import AccountSid, CallSid
from offhook.model.timeline import Kind
from offhook.testing.clock import EPOCH
from offhook.testing.recogniser import ScriptedRecogniser
from offhook.testing.speech import StageVoice
from offhook.testing.stage_beside import StageRecordings, StageStreams
from offhook.testing.webapp import WebApp

STAGE_RECORD = CallRecord(
    sid=CallSid("CA" + "1" * 32),
    account_sid=AccountSid("AC" + "1" * 32),
    direction=Direction.INBOUND,
    to="+15550001",
    from_="+15550002",
    status=CallStatus.RINGING,
    date_created=EPOCH,
    date_updated=EPOCH,
)
SECONDS_PER_DIGIT = {"w": 0.5, "W": 1.0}
DIGIT_LENGTH = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notification that the call would have."""

    error_code: int
    text: str
    is_error: bool
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWorld:
    """What surrounds a staged call."""

    webhooks: WebApp = field(default_factory=WebApp)
    speech: StageVoice = field(default_factory=StageVoice)
    recogniser: ScriptedRecogniser = field(default_factory=ScriptedRecogniser)
    settings: CallSettings = field(default_factory=CallSettings)


class Stage:
    """The call that a document runs on; inbound and ringing unless `is_answered`."""

    def __init__(self, world: StageWorld | None = None, *, is_answered: bool = False) -> None:
        self.world = world or StageWorld()
        self.record = STAGE_RECORD
        self.fallback: WebhookTarget | None = None
        self.is_over = False
        self.end_reason: EndReason | None = None
        self.verb: VerbPlace | None = None
        self.transcript: list[str] = []
        self.notices: list[Notice] = []
        self.entries: list[tuple[Kind, str, Mapping[str, Any]]] = []
        self.orders: list[DialOrder] = []
        self.outcomes: list[DialOutcome] = []
        self.dial_length = 10.0
        self.referrals: list[ReferOutcome] = []
        self._keys: asyncio.Queue[str] = asyncio.Queue()
        self.streams = StageStreams(self._write)
        self.transcriptions = StageStreams(self._write)
        self.recordings = StageRecordings(self._write)
        if is_answered:
            self._move(CallStatus.IN_PROGRESS)

    @property
    def is_answered(self) -> bool:
        """Whether the leg is up."""
        return self.record.status is CallStatus.IN_PROGRESS

    def codes(self) -> list[int]:
        """The error codes of the notices so far."""
        return [notice.error_code for notice in self.notices]

    def end(self, status: CallStatus = CallStatus.COMPLETED) -> None:
        """Let the caller hang up."""
        self.is_over = True
        self._move(status)

    # --- what the interpreter does with it ------------------------------------------------------------------------

    async def answer(self) -> None:
        """Answer once. Raises LegEnded when the call is over."""
        self._check()
        if not self.is_answered:
            self._write("answer")
            self._move(CallStatus.IN_PROGRESS)

    def reject(self, *, busy: bool) -> bool:
        """Refuse while it rings."""
        if self.is_answered or self.is_over:
            return False
        self._write("reject busy" if busy else "reject")
        self.end(CallStatus.BUSY if busy else CallStatus.NO_ANSWER)
        return True

    def hang_up(self, reason: EndReason) -> None:
        """End the call."""
        self.end_reason = self.end_reason or reason
        if not self.is_over:
            self._write("hang up")
            self.end()

    def enter(self, verb: VerbPlace | None) -> None:
        """Where the document is."""
        self.verb = verb

    async def play(self, sound: Sound, *, loop: int = 1) -> None:
        """Take as long as the sound. Raises LegEnded."""
        self._check()
        times = "" if loop == 1 else f" x{loop}"
        self._write(f"play {sound.duration:g} s{times}")
        await asyncio.sleep(sound.duration * loop)

    def press(self, digits: str) -> None:
        """Let the caller press keys."""
        for digit in digits:
            self._keys.put_nowait(digit)

    @contextmanager
    def owing_a_report(self) -> Iterator[None]:
        """A stage waits for everything."""
        yield

    @contextmanager
    def keys(self) -> Iterator[asyncio.Queue[str]]:
        """The keys that were pressed and not taken yet, and those to come."""
        yield self._keys

    @contextmanager
    def tapping(
        self,
        take: Callable[[TapBlock], None],  # noqa: ARG002
        *,
        block: float,  # noqa: ARG002
        finds_voice: bool = False,  # noqa: ARG002
    ) -> Iterator[None]:
        """The caller of a stage says nothing. Raises LegEnded."""
        self._check()
        yield

    async def play_digits(self, digits: str) -> None:
        """Take as long as the keys. Raises LegEnded."""
        self._check()
        self._write(f"press {digits}")
        await asyncio.sleep(sum(SECONDS_PER_DIGIT.get(digit, DIGIT_LENGTH) for digit in digits))

    async def dial(self, order: DialOrder) -> DialOutcome:
        """Write the order down, take `dial_length` seconds, and give the next of `outcomes`."""
        self.orders.append(order)
        targets = ", ".join(target.to for target in order.targets)
        self._write(f"dial {targets}")
        outcome = self.outcomes.pop(0) if self.outcomes else DialOutcome(status=CallStatus.NO_ANSWER)
        await asyncio.sleep(self.dial_length)
        return outcome

    async def refer(self, target: str) -> ReferOutcome:
        """Write the target down and give the next of `referrals`, a second later. Raises LegEnded."""
        self._check()
        self._write(f"refer {target}")
        await asyncio.sleep(1)
        return self.referrals.pop(0) if self.referrals else ReferOutcome(status=None, sip_response_code=202)

    def parameters(self) -> dict[str, str]:
        """Enough of the standard parameters to tell requests apart."""
        record = self.record
        return {"CallSid": record.sid, "CallStatus": record.status.value, "To": record.to, "From": record.from_}

    def trace(self, kind: Kind, summary: str, **detail: Any) -> None:
        """Keep a timeline entry."""
        self.entries.append((kind, summary, detail))

    def notice(self, error_code: int, text: str, *, is_error: bool = False, url: str = "") -> None:
        """Keep a notification."""
        self._write(f"{'error' if is_error else 'warning'} {error_code}")
        self.notices.append(Notice(error_code=error_code, text=text, is_error=is_error, url=url))

    def notice_once(self, error_code: int, text: str) -> None:
        """Keep a warning, unless there is one of these words."""
        if not any((notice.error_code, notice.text) == (error_code, text) for notice in self.notices):
            self.notice(error_code, text)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        if self.is_over:
            raise LegEnded("the caller has hung up")

    def _write(self, what: str) -> None:
        self.transcript.append(f"{asyncio.get_running_loop().time():g} {what}")

    def _move(self, status: CallStatus) -> None:
        self.record = replace(self.record, status=status)
