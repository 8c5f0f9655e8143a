"""A recogniser of others: whatever it raises is a RecognitionFailed, so that no plug-in ends a call."""

from collections.abc import AsyncIterator

import structlog

from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import Recogniser, Recognition, SpeechOrder, Utterance

log = structlog.get_logger(__name__)


class GuardedRecognition:
    """One listening; after its first mistake it hears nothing more."""

    def __init__(self, name: str, recognition: Recognition) -> None:
        self._name = name
        self._recognition = recognition
        self._error: RecognitionFailed | None = None

    def hear(self, samples: bytes) -> None:
        """The next sound."""
        if self._error is None:
            try:
                self._recognition.hear(samples)
            except Exception as error:  # noqa: BLE001 - a plug-in of others may raise anything
                self._fail(error)

    def finish(self) -> None:
        """No more sound comes."""
        if self._error is None:
            try:
                self._recognition.finish()
            except Exception as error:  # noqa: BLE001
                self._fail(error)

    def close(self) -> None:
        """Nobody wants the rest."""
        try:
            self._recognition.close()
        except Exception:
            log.exception("recogniser_failed", recogniser=self._name)

    async def results(self) -> AsyncIterator[Utterance]:
        """What is understood. Raises RecognitionFailed."""
        try:
            async for utterance in self._recognition.results():
                yield utterance
        except RecognitionFailed:
            raise
        except Exception as error:
            raise failed(self._name, error) from error
        if self._error is not None:
            raise self._error

    def _fail(self, error: Exception) -> None:
        self._error = failed(self._name, error)
        self.close()  # ends the results


def listen(name: str, recogniser: Recogniser, order: SpeechOrder) -> Recognition:
    """Begin to listen. Raises RecognitionFailed."""
    try:
        return GuardedRecognition(name, recogniser.listen(order))
    except RecognitionFailed:
        raise
    except Exception as error:
        raise failed(name, error) from error


def failed(name: str, error: Exception) -> RecognitionFailed:
    """The error of a call for what a plug-in raised, which is logged whole."""
    log.error("recogniser_failed", recogniser=name, exc_info=error)
    return RecognitionFailed(f"{name}: it failed with {type(error).__name__}")
