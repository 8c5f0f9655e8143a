"""A recogniser that understands what it was told to; satisfies calls.ports.Recogniser in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import SpeechOrder, Utterance


class ScriptedRecognition:
    """One listening: partial results while sound comes, the final ones once it has ended."""

    def __init__(self, order: SpeechOrder, script: Sequence[Utterance], error: str = "") -> None:
        self.order = order
        self.heard = bytearray()
        self.is_closed = False
        self._partial = [one for one in script if not one.is_final] if order.is_interim else []
        self._final = [one for one in script if one.is_final]
        self._error = error
        self._news: asyncio.Queue[Utterance | None] = asyncio.Queue()

    def hear(self, samples: bytes) -> None:
        """Take sound; each piece that is not silent brings the next partial result."""
        self.heard += samples
        if any(samples) and self._partial:
            self._news.put_nowait(self._partial.pop(0))

    def finish(self) -> None:
        """The final results, and the end."""
        for one in (*self._final, None):
            self._news.put_nowait(one)

    async def results(self) -> AsyncIterator[Utterance]:
        """What was understood. Raises RecognitionFailed when it was told to."""
        while (one := await self._news.get()) is not None:
            if self._error:
                raise RecognitionFailed(self._error)
            yield one

    def close(self) -> None:
        """The end."""
        self.is_closed = True
        self._news.put_nowait(None)


class ScriptedRecogniser:
    """Understands the next of `scripts` each time it listens, and nothing when there is none left."""

    def __init__(self) -> None:
        self.scripts: list[Sequence[Utterance]] = []
        self.listenings: list[ScriptedRecognition] = []
        self.refuses = ""
        self.fails = ""

    def listen(self, order: SpeechOrder) -> ScriptedRecognition:
        """Begin. Raises RecognitionFailed when it was told to."""
        if self.refuses:
            raise RecognitionFailed(self.refuses)
        script = self.scripts.pop(0) if self.scripts else ()
        self.listenings.append(ScriptedRecognition(order, script, self.fails))
        return self.listenings[-1]
