"""A Recognition over whatever understands one utterance at a time: a program, or a service without a stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import Utterance
from offhook.speech.activity import UtteranceFinder
from offhook.speech.errors import ProviderFailed

MOST_WAITING = 20  # utterances that were spoken and not understood yet
MOST_RECORDED = 500  # of a recording, of which all is there at once

Understand = Callable[[bytes], Awaitable[Utterance | None]]


class SegmentedRecognition:
    """Hands each utterance to `understand`, one after the other, as its results are asked for."""

    def __init__(self, understand: Understand, *, pause: float = 0.6, is_recorded: bool = False) -> None:
        self._understand = understand
        self._finder = UtteranceFinder(pause=pause)
        self._spoken: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._most_waiting = MOST_RECORDED if is_recorded else MOST_WAITING
        self._is_over = False
        self._is_behind = False

    def hear(self, samples: bytes) -> None:
        """The next sound."""
        if self._is_over:
            return
        for utterance in self._finder.hear(samples):
            self._put(utterance)

    def finish(self) -> None:
        """No more sound comes."""
        if not self._is_over:
            self._is_over = True
            utterance = self._finder.finish()
            if utterance:
                self._put(utterance)
            self._spoken.put_nowait(None)

    def close(self) -> None:
        """Nobody wants the rest."""
        self._is_over = True
        while not self._spoken.empty():
            self._spoken.get_nowait()
        self._spoken.put_nowait(None)

    async def results(self) -> AsyncIterator[Utterance]:
        """What was understood of each utterance; of one in which nothing was, there is nothing.

        Raises RecognitionFailed.
        """
        while (spoken := await self._spoken.get()) is not None:
            try:
                found = await self._understand(spoken)
            except ProviderFailed as error:
                raise RecognitionFailed(str(error)) from error
            if found is not None and found.text:
                yield found
            if self._is_behind:
                raise RecognitionFailed(f"more than {self._most_waiting} utterances wait: it cannot keep up")

    def _put(self, utterance: bytes) -> None:
        if self._spoken.qsize() >= self._most_waiting:
            self._is_behind = True
        else:
            self._spoken.put_nowait(utterance)
