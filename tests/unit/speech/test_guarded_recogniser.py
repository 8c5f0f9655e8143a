"""A recogniser of others that raises what it should not."""

from collections.abc import AsyncIterator

import pytest

from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import Recognition, SpeechOrder, Utterance
from offhook.speech.recognition import RecogniserSource, RecognitionService
from offhook.testing.recogniser import ScriptedRecognition

pytestmark = pytest.mark.asyncio
ORDER = SpeechOrder()


class Broken(ScriptedRecognition):
    """Understands a word, but one of its methods has a bug."""

    def __init__(self, where: str) -> None:
        super().__init__(ORDER, (Utterance(text="word"),))
        self._where = where

    def hear(self, samples: bytes) -> None:
        """Take sound."""
        self._meet("hear")
        super().hear(samples)

    def finish(self) -> None:
        """The end."""
        self._meet("finish")
        super().finish()

    async def results(self) -> AsyncIterator[Utterance]:
        """What was understood."""
        async for one in super().results():
            yield one
        self._meet("results")

    def close(self) -> None:
        """The end of everything."""
        super().close()
        self._meet("close")

    def _meet(self, where: str) -> None:
        if where == self._where:
            raise KeyError(where)


class Plugin:
    """Hands out a broken listening, or none."""

    def __init__(self, where: str) -> None:
        self._where = where

    def listen(self, order: SpeechOrder) -> Recognition:
        """Begin."""
        if self._where == "listen":
            raise ZeroDivisionError(order.language)
        return Broken(self._where)


async def understood(where: str) -> list[str]:
    """All words of one listening."""
    recognition = RecognitionService([RecogniserSource(name="mine", recogniser=Plugin(where))]).listen(ORDER)
    recognition.hear(bytes(320))
    recognition.hear(bytes(320))
    recognition.finish()
    words = [one.text async for one in recognition.results()]
    recognition.close()
    return words


@pytest.mark.parametrize("where", ["listen", "hear", "finish", "results"])
async def test_whatever_it_raises_is_an_error_of_the_call(where: str) -> None:
    """Told by its name and the kind of mistake, and nothing waits for ever."""
    with pytest.raises(RecognitionFailed, match=r"mine: it failed with (KeyError|ZeroDivisionError)"):
        await understood(where)


@pytest.mark.parametrize("where", ["close", "nowhere"])
async def test_what_was_understood_is_kept(where: str) -> None:
    """A bug at the very end harms nobody."""
    assert await understood(where) == ["word"]
