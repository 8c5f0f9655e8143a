"""Where utterances begin and end, and what is made of them one by one."""

import random
from array import array

import pytest

from offhook.audio.tones import tone
from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import Utterance
from offhook.speech.activity import UtteranceFinder
from offhook.speech.errors import ProviderFailed
from offhook.speech.profanity import hidden
from offhook.speech.segmented import SegmentedRecognition
from offhook.testing.clock import virtual_time

SPEECH = tone((300, 700), 0.4, level_dbfs=-20)
SECOND = bytes(16_000)


def noise(seconds: float, rms: float) -> bytes:
    """The noise of a line."""
    source = random.Random(7)  # noqa: S311 - noise, no secret
    return array("h", [round(source.gauss(0, rms)) for _ in range(round(8000 * seconds))]).tobytes()


@pytest.mark.parametrize("size", [320, 160, 2, 4000])
def test_each_stretch_of_speech_is_one_utterance(size: int) -> None:
    """However the sound is cut into pieces; a little from before is kept, and the pause after it."""
    sound = SECOND + SPEECH + bytes(4800) + SPEECH + SECOND + SPEECH + SECOND
    finder = UtteranceFinder()
    found = [one for at in range(0, len(sound), size) for one in finder.hear(sound[at : at + size])]
    assert [len(one) / 16_000 for one in found] == pytest.approx(
        [0.3 + 0.4 + 0.3 + 0.4 + 0.6, 0.3 + 0.4 + 0.6], abs=0.3
    )
    assert not finder.finish()


def test_the_noise_of_a_line_is_no_speech() -> None:
    """Neither silence, nor steady noise, nor a click; speech above it is."""
    finder = UtteranceFinder()
    assert not finder.hear(SECOND * 3 + noise(0.03, 8000) + SECOND + noise(20, 90))
    found = finder.hear(noise(6, 110) + SPEECH + noise(2, 110))
    assert len(found) == 1
    assert not finder.is_speaking


def test_speech_without_an_end_is_cut() -> None:
    """Memory is bounded by the longest utterance."""
    finder = UtteranceFinder(longest=1.0)
    found = finder.hear(tone((300, 700), 3.5, level_dbfs=-20))
    assert [len(one) for one in found] == [16_000] * 3
    assert finder.is_speaking
    assert 0 < len(finder.finish()) <= 16_000


async def everything(recognition: SegmentedRecognition) -> list[Utterance]:
    """All results."""
    return [one async for one in recognition.results()]


@virtual_time
async def test_utterances_are_understood_in_order() -> None:
    """One that nobody understood is left out, and the one that is under way at the end counts."""
    answers = [Utterance(text="one"), None, Utterance(text="three")]

    async def understand(samples: bytes) -> Utterance | None:
        assert samples
        return answers.pop(0)

    recognition = SegmentedRecognition(understand)
    recognition.hear((SPEECH + SECOND) * 2 + SPEECH)
    recognition.finish()
    recognition.finish()
    recognition.hear(SPEECH + SECOND)
    assert [one.text for one in await everything(recognition)] == ["one", "three"]


@virtual_time
async def test_a_closed_recognition_has_nothing_more_to_say() -> None:
    """What waits is dropped."""

    async def understand(_samples: bytes) -> Utterance | None:
        raise AssertionError

    recognition = SegmentedRecognition(understand)
    recognition.hear(SPEECH + SECOND)
    recognition.close()
    recognition.close()
    assert await everything(recognition) == []


@virtual_time
async def test_a_provider_that_fails_ends_the_results() -> None:
    """With the reason, as an error of the call."""

    async def understand(_samples: bytes) -> Utterance | None:
        raise ProviderFailed("it answered 500")

    recognition = SegmentedRecognition(understand)
    recognition.hear(SPEECH + SECOND)
    with pytest.raises(RecognitionFailed, match="500"):
        await everything(recognition)


@virtual_time
async def test_what_cannot_keep_up_is_told() -> None:
    """No more than twenty utterances wait."""

    async def understand(_samples: bytes) -> Utterance | None:
        return Utterance(text="x")

    recognition = SegmentedRecognition(understand)
    for _ in range(25):
        recognition.hear(SPEECH + SECOND)
    with pytest.raises(RecognitionFailed, match="keep up"):
        await everything(recognition)


@virtual_time
async def test_of_a_recording_all_may_wait() -> None:
    """It comes at once."""

    async def understand(_samples: bytes) -> Utterance | None:
        return Utterance(text="x")

    recognition = SegmentedRecognition(understand, is_recorded=True)
    for _ in range(25):
        recognition.hear(SPEECH + SECOND)
    recognition.finish()
    assert len(await everything(recognition)) == 25


def test_profanities_keep_their_first_letter() -> None:
    """And words that only contain one are left alone."""
    assert hidden("This SHIT is from Scunthorpe, fucking hell") == "This S*** is from Scunthorpe, f****** hell"
