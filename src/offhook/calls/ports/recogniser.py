"""Speech to text as calls need it; satisfied by the recognisers of speech and by testing.recogniser."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOrder:
    """What is listened for: words and phrases that are likely in `hints`; `model` as a document names it.

    Profanities keep their first letter alone when `hides_profanity`. `is_interim` asks for partial results, too,
    `is_punctuated` for full stops and commas where the recogniser can. What `is_recorded`
    comes faster than it was spoken, two minutes at most.
    """

    language: str = "en-US"
    hints: tuple[str, ...] = ()
    model: str = "default"
    hides_profanity: bool = True
    is_interim: bool = False
    is_punctuated: bool = True
    is_recorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What was understood; `confidence` and `stability` are from 0 to 1, None when the recogniser does not say.

    One that is not final may still change.
    """

    text: str
    is_final: bool = True
    confidence: float | None = None
    stability: float | None = None


class Recognition(Protocol):
    """One listening, from its start to its last result."""

    def hear(self, samples: bytes) -> None:
        """The next sound: 16-bit little-endian mono at 8 kHz. Returns at once, and never raises."""

    def finish(self) -> None:
        """No more sound comes: what is still to be told follows, then the end of results."""

    def results(self) -> AsyncIterator[Utterance]:
        """What is understood, as it is; ends after finish() or close(). Raises RecognitionFailed."""

    def close(self) -> None:
        """Nobody wants the rest; may be called twice."""


class Recogniser(Protocol):
    """Turns speech to text."""

    def listen(self, order: SpeechOrder) -> Recognition:
        """Begin to listen. Raises RecognitionFailed for a language or a model that it does not have."""
