"""One frozen dataclass for each verb, with the defaults of the contract (contract 1 §3.1, contract 2 §1).

Values as document read them: bad ones have been replaced by the defaults here, which are those of schema. URLs are as
written (relative ones included), durations are whole seconds, methods are "GET" or "POST".
"""

from dataclasses import dataclass, field
from typing import ClassVar

from offhook.twiml.media_nouns import MediaNoun, RecordingCallback
from offhook.twiml.nouns import COMPLETED_ONLY, Noun


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speak `text`, `loop` times; 0 means until the call ends, at most 1000 times. `ssml` is its markup, if any."""

    name: ClassVar[str] = "Say"

    text: str
    ssml: str = ""
    voice: str = "man"
    language: str = "en-US"
    loop: int = 1
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Play the sound at `url`, or press `digits` when there are any; `loop` as in Say."""

    name: ClassVar[str] = "Play"

    url: str = ""
    digits: str | None = None
    loop: int = 1
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Wait `length` seconds."""

    name: ClassVar[str] = "Pause"

    length: int = 1
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Go on with the document at `url`; "" is the present one."""

    name: ClassVar[str] = "Redirect"

    url: str = ""
    method: str = "POST"
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Refuse the call; `reason` is "rejected" or "busy"."""

    name: ClassVar[str] = "Reject"

    reason: str = "rejected"
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """End the call."""

    name: ClassVar[str] = "Hangup"

    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DialRecording:
    """What <Dial> records and whom it tells."""

    record: str = "do-not-record"
    track: str = "both"
    trim: str = "do-not-trim"
    callback: str | None = None
    callback_method: str = "POST"
    callback_event: frozenset[str] = COMPLETED_ONLY
    configuration_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Call `nouns`, together or in turn; `timeout` is without the ring buffer of contract 1 §2.6."""

    name: ClassVar[str] = "Dial"

    nouns: tuple[Noun, ...] = ()
    action: str | None = None
    method: str = "POST"
    timeout: int = 30
    time_limit: int = 14400
    hangup_on_star: bool = False
    caller_id: str | None = None
    answer_on_bridge: bool = False
    ring_tone: str | None = None
    sequential: bool = False
    recording: DialRecording = DialRecording()
    refer_url: str | None = None
    refer_method: str = "POST"
    call_reason: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refer:
    """Pass the call's own party on to `uri`, the text of <Sip> as written."""

    name: ClassVar[str] = "Refer"

    uri: str
    action: str | None = None
    method: str = "POST"
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherSpeech:
    """How <Gather> listens to speech; `timeout` is the silence that ends it: 0 for auto, None when as for keys."""

    partial_callback: str | None = None
    partial_method: str = "POST"
    language: str = "en-US"
    hints: tuple[str, ...] = ()
    model: str = "default"
    hides_profanity: bool = True
    timeout: int | None = None
    longest: int = 60
    is_enhanced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """Ask the caller for keys, speech or either, while `prompts` are heard and `timeout` seconds after (0: auto)."""

    name: ClassVar[str] = "Gather"

    prompts: tuple[Say | Play | Pause, ...] = ()
    kinds: frozenset[str] = frozenset({"dtmf"})
    action: str | None = None
    method: str = "POST"
    timeout: int = 5
    finish_on_key: str = "#"
    num_digits: int | None = None
    action_on_empty_result: bool = False
    speech: GatherSpeech = GatherSpeech()
    barge_in: bool = True
    debug: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Record the caller until silence, a key, or `max_length` seconds; `timeout` 0 is no silence.

    Without `max_length` it is an hour, or two minutes when it is transcribed (contract 2 §1.8).
    """

    name: ClassVar[str] = "Record"

    action: str | None = None
    method: str = "POST"
    timeout: int = 5
    finish_on_key: str = "1234567890*#"
    max_length: int | None = None
    play_beep: bool = True
    trim: str = "trim-silence"
    recording: RecordingCallback = field(default_factory=RecordingCallback)
    transcribe: bool = False
    transcribe_callback: str | None = None
    line: int = 0

    @property
    def longest(self) -> int:
        """The seconds after which it ends."""
        return self.max_length or (120 if self.transcribe else 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Begin what goes on beside the document."""

    name: ClassVar[str] = "Start"

    nouns: tuple[MediaNoun, ...] = ()
    action: str | None = None
    method: str = "POST"
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """End what <Start> began, by the kind and the name of each noun."""

    name: ClassVar[str] = "Stop"

    nouns: tuple[MediaNoun, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Hand the call's sound to the first noun until that has ended."""

    name: ClassVar[str] = "Connect"

    nouns: tuple[MediaNoun, ...] = ()
    action: str | None = None
    method: str = "POST"
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbuilt:
    """A verb that the schema knows and nothing runs yet, with its attributes as written."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    line: int = 0


Verb = (
    Say | Play | Pause | Gather | Record | Redirect | Reject | Hangup | Dial | Refer | Start | Stop | Connect | Unbuilt
)
