"""Speech that espeak-ng speaks, over telephone quality, understood by pocketsphinx: real programs both."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from offhook.audio.resample import to_telephone
from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import SpeechOrder, Utterance
from offhook.speech.recognisers import pocketsphinx
from offhook.speech.recognisers.pocketsphinx import PocketsphinxRecogniser
from offhook.speech.synthesis import LocalSpeech

pytestmark = [pytest.mark.asyncio, pytest.mark.slow, pytest.mark.timeout(60)]

HINTS = ("Yes", "No", "operator", "one", "two", "three", "four", "five", "8", "not-in-any-dictionary-xqz")


@pytest_asyncio.fixture
async def recogniser() -> AsyncIterator[PocketsphinxRecogniser]:
    """A recogniser whose processes are ended."""
    opened = PocketsphinxRecogniser()
    yield opened
    await opened.close()


async def spoken(text: str, voice: str = "man") -> bytes:
    """A text as a caller would say it."""
    sound = await LocalSpeech().synthesize(text, voice, "en-US")
    return bytes(8000) + to_telephone(sound.samples, sound.rate_hz) + bytes(16_000)


async def understood(recogniser: PocketsphinxRecogniser, sound: bytes, **order: object) -> list[Utterance]:
    """The results of one listening."""
    recognition = recogniser.listen(SpeechOrder(**order))  # type: ignore[arg-type]
    for at in range(0, len(sound), 320):
        recognition.hear(sound[at : at + 320])
    recognition.finish()
    return [one async for one in recognition.results()]


@pytest.mark.parametrize(
    ("text", "expected"), [("yes", "Yes"), ("no", "No"), ("one two three", "one two three"), ("eight", "8")]
)
async def test_words_of_the_hints_are_understood(recogniser: PocketsphinxRecogniser, text: str, expected: str) -> None:
    """As the hints write them, with a confidence."""
    found = await understood(recogniser, await spoken(text), hints=HINTS)
    assert [one.text for one in found] == [expected]
    assert found[0].confidence is not None
    assert 0.3 < found[0].confidence <= 1


async def test_dictation_gives_words_and_never_holds_up_the_loop(recogniser: PocketsphinxRecogniser) -> None:
    """The model is too small for much, but it answers, in a process of its own."""
    loop = asyncio.get_running_loop()
    sound = await spoken("hello")
    task = asyncio.ensure_future(understood(recogniser, sound))  # noqa: TID251 - no group: the test ends it
    worst, before = 0.0, loop.time()
    while not task.done():
        await asyncio.wait({task}, timeout=0.01)
        worst, before = max(worst, loop.time() - before), loop.time()
    found = await task
    assert worst < 0.25
    assert len(found) == 1
    assert found[0].text


async def test_silence_gives_nothing_and_starts_nothing(recogniser: PocketsphinxRecogniser) -> None:
    """Nobody spoke."""
    assert await understood(recogniser, bytes(64_000), hints=HINTS) == []
    assert recogniser._idle == []


async def test_a_language_that_it_does_not_have_is_refused(recogniser: PocketsphinxRecogniser) -> None:
    """At once, and with its name."""
    with pytest.raises(RecognitionFailed, match="de-DE"):
        recogniser.listen(SpeechOrder(language="de-DE"))


async def test_a_process_that_dies_is_an_error_and_the_next_one_works(
    recogniser: PocketsphinxRecogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The utterance is lost, nothing else."""
    sound = await spoken("yes")
    with monkeypatch.context() as patch:
        patch.setattr(pocketsphinx, "WORKER", "this")  # a module that prints a poem
        with pytest.raises(RecognitionFailed, match="in the middle"):
            await understood(recogniser, sound, hints=HINTS)
    assert [one.text for one in await understood(recogniser, sound, hints=HINTS)] == ["Yes"]


async def test_without_the_package_it_says_what_to_install(
    recogniser: PocketsphinxRecogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is named."""
    monkeypatch.setattr(pocketsphinx, "find_spec", lambda _name: None)
    with pytest.raises(RecognitionFailed, match=r"offhook\[speech\]"):
        recogniser.listen(SpeechOrder())
