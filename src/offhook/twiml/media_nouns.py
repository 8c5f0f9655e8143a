"""One frozen dataclass for each noun of <Start>, <Stop> and <Connect> (contract 2 §1.12-1.15, §5).

Values as document read them: bad ones have been replaced by the defaults here, which are those of schema.
"""

from dataclasses import dataclass
from typing import ClassVar

from offhook.twiml.nouns import COMPLETED_ONLY, UnbuiltNoun


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamNoun:
    """<Stream>: `url` as written, `parameters` those of <Parameter>."""

    name: ClassVar[str] = "Stream"

    url: str | None = None
    own_name: str = ""
    track: str = "inbound_track"
    status_callback: str | None = None
    status_callback_method: str = "POST"
    connector_name: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionNoun:
    """<Transcription>: what is understood, and who is told."""

    name: ClassVar[str] = "Transcription"

    own_name: str = ""
    status_callback: str | None = None
    status_callback_method: str = "POST"
    language: str = "en-US"
    track: str = "both_tracks"
    inbound_label: str = ""
    outbound_label: str = ""
    engine: str = "google"
    model: str = "telephony"
    has_provider_data: bool = False
    hides_profanity: bool = True
    is_partial: bool = False
    is_punctuated: bool = True
    hints: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingCallback:
    """Whom a recording tells, and of what."""

    callback: str | None = None
    callback_method: str = "POST"
    callback_event: frozenset[str] = COMPLETED_ONLY
    configuration_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingNoun:
    """<Recording>: what of the call is recorded."""

    name: ClassVar[str] = "Recording"

    own_name: str = ""
    track: str = "both"
    channels: str = "dual"
    trim: str = "trim-silence"
    recording: RecordingCallback = RecordingCallback()
    line: int = 0


MediaNoun = RecordingNoun | StreamNoun | TranscriptionNoun | UnbuiltNoun
