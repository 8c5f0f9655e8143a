"""What every call is given: the ports, the legs to be found by their events, and the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from offhook.calls.errors import RecognitionFailed, RecordingFailed, StreamFailed
from offhook.calls.legs import Legs
from offhook.calls.ports import (
    Clock,
    MediaPlane,
    Recogniser,
    Recognition,
    RecordingFile,
    RecordingFiles,
    Signalling,
    SocketOrder,
    Speech,
    SpeechOrder,
    Store,
    StreamSocket,
    StreamSockets,
    Timeline,
    Tokens,
    Transcriber,
    Webhooks,
)
from offhook.calls.redirects import RedirectRules
from offhook.model.call import CallStatus
from offhook.model.recording import RecordingRecord

# Contract 1 §3.6 says it of 486, 487 and 600; the others are our choice (docs/reference/compatibility.md): a callee
# that is there but does not take the call is no-answer, anything else could not be routed.
STATUS_OF_CODE: Mapping[int, CallStatus] = MappingProxyType(
    {
        408: CallStatus.NO_ANSWER,
        480: CallStatus.NO_ANSWER,
        486: CallStatus.BUSY,
        487: CallStatus.NO_ANSWER,
        600: CallStatus.BUSY,
        603: CallStatus.NO_ANSWER,
    }
)


def status_of_code(changes: Mapping[str, str]) -> Mapping[int, CallStatus]:
    """The table above with some of its rows changed or added, as the configuration has them."""
    return MappingProxyType({**STATUS_OF_CODE, **{int(code): CallStatus(status) for code, status in changes.items()}})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettings:
    """Numbers that calls go by; durations in seconds."""

    ring_buffer: float = 5.0  # contract 1 §2.6: added to every ring timeout
    teardown_limit: float = 5.0  # how long the end of a call waits for the answer to its BYE
    time_limit: float = 14400.0
    max_calls: int = 5000
    max_redirects: int = 100  # documents that follow one another without a pause
    sip_domain: str = "sip.localhost"
    private_targets: bool = True  # whether a SIP URI may lead to an address that is not public
    api_url: str = "http://127.0.0.1:8080"  # where the REST API is reached, without a slash at the end
    stream_queue: float = 600.0  # seconds of sound that a stream may have waiting to be played
    refer_silence: float = 32.0  # how long <Refer> waits for the first NOTIFY after the peer's 202
    refer_limit: float = 180.0  # and then from one NOTIFY to the next; RFC 3261's timer C
    redirects: RedirectRules = field(default_factory=RedirectRules)
    ending_parameters: bool = False  # whether the last callback says how the call ended, beyond the contract
    status_of_code: Mapping[int, CallStatus] = field(default_factory=lambda: STATUS_OF_CODE)


class NoRecogniser:
    """What calls have when nothing was set up that understands speech."""

    def listen(self, order: SpeechOrder) -> Recognition:
        """Raises RecognitionFailed."""
        raise RecognitionFailed(f"nothing that understands speech ({order.language}) is set up: see [speech]")


class NoSockets:
    """What calls have when nothing was set up that opens sockets."""

    async def connect(self, order: SocketOrder) -> StreamSocket:
        """Raises StreamFailed."""
        raise StreamFailed(31902, f"nothing here connects to {order.url}")


class NoRecordings:
    """What calls have when there is nowhere to keep recordings."""

    def create(self, sid: str, channels: int) -> RecordingFile:
        """Raises RecordingFailed."""
        raise RecordingFailed(f"there is nowhere to keep recording {sid} of {channels} channels")

    async def mend(self, sid: str) -> int:  # noqa: ARG002
        """There is none."""
        return 0

    async def read(self, sid: str) -> bytes:
        """Raises RecordingFailed."""
        raise RecordingFailed(f"there is no recording {sid}")

    async def delete(self, sid: str) -> None:
        """There is none."""


class NoTranscriber:
    """What calls have when nobody has recordings understood."""

    def begin(self, recording: RecordingRecord, seconds: float) -> None:
        """Nothing comes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The outside as a call sees it."""

    signalling: Signalling
    media: MediaPlane
    webhooks: Webhooks
    speech: Speech
    store: Store
    timeline: Timeline
    clock: Clock
    tokens: Tokens
    recogniser: Recogniser = field(default_factory=NoRecogniser)
    sockets: StreamSockets = field(default_factory=NoSockets)
    recordings: RecordingFiles = field(default_factory=NoRecordings)
    transcriber: Transcriber = field(default_factory=NoTranscriber)
    settings: CallSettings = field(default_factory=CallSettings)
    legs: Legs = field(default_factory=Legs)
