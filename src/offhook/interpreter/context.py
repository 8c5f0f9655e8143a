"""What a verb may see and do: its call, the document it stands in, and where it stands there."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from offhook.calls.dialer import DialOrder, DialOutcome
from offhook.calls.ports import Recogniser, Sound, Speech, TapBlock, Webhooks
from offhook.calls.recording import RecordingOrder
from offhook.calls.referral import ReferOutcome
from offhook.calls.stream import StreamOrder
from offhook.calls.transcription import TranscriptionOrder
from offhook.calls.world import CallSettings
from offhook.interpreter.references import resolve
from offhook.model.call import CallRecord, HttpMethod, WebhookTarget
from offhook.model.ending import EndReason, VerbPlace
from offhook.model.recording import RecordingRecord
from offhook.model.timeline import Kind
from offhook.twiml.verbs import Verb


class Surroundings(Protocol):
    """The part of calls.world.World that documents need."""

    @property
    def webhooks(self) -> Webhooks:
        """The customer's application."""

    @property
    def speech(self) -> Speech:
        """Text to sound."""

    @property
    def recogniser(self) -> Recogniser:
        """Speech to text."""

    @property
    def settings(self) -> CallSettings:
        """Limits."""


class RunningStream(Protocol):
    """The part of calls.stream.MediaStream that documents need."""

    @property
    def over(self) -> asyncio.Event:
        """Set when it has ended."""

    def press(self, digit: str) -> None:
        """Tell its server of a key."""

    def stop(self) -> None:
        """End it."""


class RunningStreams(Protocol):
    """Likewise, of calls.streams.Streams."""

    def start(self, order: StreamOrder) -> RunningStream:
        """Begin to stream; it goes on by itself. Raises IllegalCallState and LegEnded."""

    def find(self, sid_or_name: str) -> RunningStream | None:
        """The stream of this SID, or the newest of this name."""


class RunningTranscription(Protocol):
    """Likewise, of calls.transcription.Transcription."""

    def stop(self) -> None:
        """End it."""


class RunningTranscriptions(Protocol):
    """Likewise, of calls.transcriptions.Transcriptions."""

    def start(self, order: TranscriptionOrder) -> RunningTranscription:
        """Begin to transcribe; it goes on by itself. Raises IllegalCallState and LegEnded."""

    def find(self, sid_or_name: str) -> RunningTranscription | None:
        """The transcription of this SID, or the newest of this name."""


class RunningRecording(Protocol):
    """Likewise, of calls.recording.Recording."""

    @property
    def record(self) -> RecordingRecord:
        """Its newest state."""

    @property
    def seconds(self) -> float:
        """How long it is, about."""

    @property
    def ended(self) -> asyncio.Event:
        """Set when it takes no more."""

    def stop(self) -> None:
        """End it."""


class RunningRecordings(Protocol):
    """Likewise, of calls.recordings.Recordings."""

    def start(self, order: RecordingOrder) -> RunningRecording:
        """Begin to record; it goes on by itself. Raises IllegalCallState and LegEnded."""

    def find(self, sid_or_name: str) -> RunningRecording | None:
        """The recording of this SID, or the newest of this name."""


class RunningCall(Protocol):
    """The part of calls.call.Call that documents need; testing.stage has another one."""

    @property
    def world(self) -> Surroundings:
        """The outside."""

    @property
    def record(self) -> CallRecord:
        """The newest state."""

    @property
    def fallback(self) -> WebhookTarget | None:
        """The fallback URL that REST gave the running call, if any."""

    @property
    def is_answered(self) -> bool:
        """Whether the leg is up."""

    @property
    def is_over(self) -> bool:
        """Whether the leg has ended."""

    async def answer(self) -> None:
        """Answer an inbound call; one that is up stays so. Raises LegEnded, OfferRefused, MediaExhausted."""

    def reject(self, *, busy: bool) -> bool:
        """Refuse an unanswered inbound call; False when it is too late for that."""

    def hang_up(self, reason: EndReason) -> None:
        """End the call, and why."""

    def enter(self, verb: VerbPlace | None) -> None:
        """From now on this verb runs; None while a document is fetched."""

    async def play(self, sound: Sound, *, loop: int = 1) -> None:
        """Play to the end; cancelling stops it. Raises LegEnded."""

    @property
    def streams(self) -> RunningStreams:
        """The media streams of the call."""

    @property
    def recordings(self) -> RunningRecordings:
        """Its recordings."""

    @property
    def transcriptions(self) -> RunningTranscriptions:
        """Its transcriptions."""

    def owing_a_report(self) -> AbstractContextManager[None]:
        """A call that ends while the block runs is not done with its document before the action has been asked."""

    def keys(self) -> AbstractContextManager["asyncio.Queue[str]"]:
        """The keys that the caller presses while the block runs, those first that no verb has asked for yet."""

    def tapping(
        self, take: Callable[[TapBlock], None], *, block: float, finds_voice: bool = False
    ) -> AbstractContextManager[None]:
        """What passes through the call's port, in blocks of so many seconds. Raises LegEnded."""

    async def play_digits(self, digits: str) -> None:
        """Send keys to the end; cancelling stops it. Raises LegEnded."""

    async def dial(self, order: DialOrder) -> DialOutcome:
        """Carry out a <Dial> with this call as the parent."""

    async def refer(self, target: str) -> ReferOutcome:
        """Ask the call's party to call `target`, and follow it. Raises LegEnded."""

    def parameters(self) -> dict[str, str]:
        """The standard webhook parameters for the present status."""

    def trace(self, kind: Kind, summary: str, **detail: Any) -> None:
        """One entry on the call's timeline."""

    def notice(self, error_code: int, text: str, *, is_error: bool = False, url: str = "") -> None:
        """One notification of the API, and its entry on the timeline."""

    def notice_once(self, error_code: int, text: str) -> None:
        """A warning that the call gets once, however often it is said."""


async def no_sound() -> Sound:
    """What verbs that play nothing have for a sound."""
    return Sound(samples=b"")


async def no_prompt(_verbs: Sequence[Verb]) -> Callable[[], Awaitable[None]]:
    """What verbs that hold no others have for them."""

    async def nothing() -> None:
        pass

    return nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One verb's view; `url` is None in a document that came inline, `is_first` is about this document.

    `sound` gives what the verb plays, which may have been made already; see registry.maker_of. `prepare` makes the
    sounds of the verbs that stand in this one, all of them, and gives what plays them.
    """

    call: RunningCall
    url: str | None = None
    line: int = 0
    is_first: bool = True
    is_screening: bool = False
    sound: Callable[[], Awaitable[Sound]] = no_sound
    prepare: Callable[[Sequence[Verb]], Awaitable[Callable[[], Awaitable[None]]]] = no_prompt

    def target(self, reference: str, method: str) -> WebhookTarget:
        """Where a URL of the document leads; `method` is GET or POST. Raises DocumentFailed (11100)."""
        return WebhookTarget(url=resolve(reference, self.url), method=HttpMethod(method))

    def warn(self, error_code: int, text: str) -> None:
        """A warning about this verb, with its line."""
        self.call.notice(error_code, f"line {self.line}: {text}", url=self.url or "")
