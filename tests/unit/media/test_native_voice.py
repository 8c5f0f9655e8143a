"""What is taken for a voice: synthetic speech in noise of several kinds, and what is none however loud it is."""

import subprocess
import wave
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from itertools import cycle, islice
from math import log10, sin, sqrt, tau
from random import Random

import pytest

from offhook.audio.resample import to_telephone
from offhook.audio.tones import keys, tone
from offhook.media.voice import VoiceFinder
from offhook.testing.murmur import murmur

RATE, FRAME = 8000, 160
FULL = 32_767 / sqrt(2)
SENTENCES = (
    ("en-us", "I would like to speak with somebody about my last invoice please."),
    ("en-us+f3", "My number is four two seven, three nine, and it was yesterday afternoon."),
    ("de", "Guten Tag, ich habe eine Frage zu meiner Rechnung vom letzten Monat."),
    ("en-gb+f4", "Could you tell me when the next train to London leaves?"),
)
PAUSE = 2  # seconds before each of them, and at the end
SPEECH = -25.0  # dBFS
LONG = 12 * RATE

Samples = Sequence[float]


@cache
def _spoken(voice: str, text: str) -> tuple[float, ...]:
    command = ["espeak-ng", "-v", voice, "-s", "150", "--stdout", text]
    with wave.open(BytesIO(subprocess.run(command, capture_output=True, check=True).stdout)) as file:  # noqa: S603
        rate_hz = file.getframerate()
        samples = file.readframes(10 * rate_hz)
    return tuple(array("h", to_telephone(samples, rate_hz)))


def _rms(samples: Samples) -> float:
    return sqrt(sum(value * value for value in samples) / len(samples))


def _at(samples: Samples, level_dbfs: float) -> list[float]:
    factor = FULL * 10 ** (level_dbfs / 20) / _rms(samples)
    return [value * factor for value in samples]


@cache
def _white(count: int) -> list[float]:
    chance = Random(1)  # noqa: S311
    return [chance.uniform(-1, 1) for _ in range(count)]


@cache
def _pink(count: int) -> list[float]:
    """By three poles (Paul Kellet)."""
    one = two = three = 0.0
    made = []
    for value in _white(count):
        one = 0.99765 * one + value * 0.0990460
        two = 0.96300 * two + value * 0.2965164
        three = 0.57000 * three + value * 1.0526913
        made.append(one + two + three + value * 0.1848)
    return made


def _babble(count: int) -> list[float]:
    """Twenty-four who speak at once."""
    made = [0.0] * count
    for talker in range(24):
        voice, text = SENTENCES[talker % 4]
        spoken = _at(_spoken(voice, text), -20)
        begin = talker * 7919 % len(spoken)
        for at, value in enumerate(islice(cycle(spoken), begin, begin + count)):
            made[at] += value
    return made


def _hum(count: int) -> list[float]:
    return [sum(sin(tau * 50 * of * at / RATE + of) / of for of in (1, 2, 3, 5)) for at in range(count)]


def _mixed(*all_samples: Samples) -> bytes:
    mixed = array("h", (max(-32_768, min(32_767, round(sum(values)))) for values in zip(*all_samples, strict=True)))
    return mixed[: len(mixed) // FRAME * FRAME].tobytes()


def _voice(samples: bytes, said: bytes | None = None, noise: bytes = b"\x00") -> list[bool]:
    """For each 20 ms whether there was a voice."""
    finder = VoiceFinder()
    quiet = bytes(2 * FRAME)
    return [
        finder.hear(samples[at : at + 2 * FRAME], quiet if said is None else said[at : at + 2 * FRAME], noise).is_voice
        for at in range(0, len(samples), 2 * FRAME)
    ]


@cache
def _talk() -> tuple[tuple[float, ...], tuple[tuple[int, int], ...]]:
    """Four sentences after pauses, and the frames in which each begins and ends."""
    samples: list[float] = []
    spurts = []
    for voice, text in SENTENCES:
        samples += [0.0] * PAUSE * RATE
        spoken = _at(_spoken(voice, text), SPEECH)
        spurts.append((len(samples) // FRAME, (len(samples) + len(spoken)) // FRAME))
        samples += spoken
    return (*samples, *[0.0] * PAUSE * RATE), tuple(spurts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("noise", "ratio", "level", "least"),
    [
        (_white, 40, SPEECH, 0.75),
        (_white, 20, SPEECH, 0.7),
        (_white, 10, SPEECH, 0.6),
        (_white, 5, SPEECH, 0.4),
        (_pink, 20, SPEECH, 0.7),
        (_pink, 10, SPEECH, 0.6),
        (_pink, 5, SPEECH, 0.5),
        (_white, 20, -45.0, 0.6),
    ],
    ids=["clean", "white 20", "white 10", "white 5", "pink 20", "pink 10", "pink 5", "quiet"],
)
def test_speech_is_found_in_noise(
    noise: Callable[[int], list[float]], ratio: float, level: float, least: float
) -> None:
    """Every sentence, most of it, and nothing between them; quiet speech over a quiet line as well."""
    talk, spurts = _talk()
    softer = 10 ** ((level - SPEECH) / 20)
    voice = _voice(_mixed([value * softer for value in talk], _at(noise(len(talk)), level - ratio)))
    found = [sum(voice[begin:end]) / (end - begin) for begin, end in spurts]
    assert all(found)
    assert sum(found) / len(found) > least
    lingering = 20
    pauses = [index for index in range(len(voice)) if not any(b <= index < e + lingering for b, e in spurts)]
    assert not any(voice[index] for index in pauses)


@pytest.mark.slow
def test_a_voice_is_found_before_a_crowd() -> None:
    """With twenty-four who speak behind it, 20 dB softer, every sentence is."""
    talk, spurts = _talk()
    voice = _voice(_mixed(talk, _at(_babble(len(talk)), SPEECH - 20)))
    assert all(any(voice[begin:end]) for begin, end in spurts)


def _clicks(count: int) -> list[float]:
    chance = Random(2)  # noqa: S311
    return [chance.choice([-15_000.0, 15_000.0]) if at % (RATE // 2) < 40 else 0.0 for at in range(count)]


def _looped(samples: bytes, count: int) -> list[float]:
    return [float(value) for value in islice(cycle(array("h", samples)), count)]


def _fan(count: int) -> list[float]:
    """One that is switched on and off every five seconds, beginning with off."""
    return [value * (at // (5 * RATE) % 2) for at, value in enumerate(_at(_pink(count), -30))]


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda count: _at(_white(count), -30),
        lambda count: _at(_pink(count), -20),
        lambda count: _at(_hum(count), -30),
        _fan,
        _clicks,
        lambda count: _looped(keys("1234567890*#ABCD") + bytes(RATE), count),
        lambda count: _looped(tone((440.0, 480.0), 2.0, level_dbfs=-16) + bytes(8 * RATE), count),
        lambda count: _looped(tone((480.0, 620.0), 0.5, level_dbfs=-16) + bytes(RATE), count),
        lambda count: _looped(tone((425.0,), 1.0, level_dbfs=-12), count),
    ],
    ids=["white", "pink", "hum", "fan", "clicks", "keys", "ringing", "busy", "dial tone"],
)
def test_what_is_no_voice_is_not_taken_for_one(make: Callable[[int], list[float]]) -> None:
    """However loud, and when it begins, too, on a line that is quiet or not quite."""
    for floor in (-80, -60):
        assert not any(_voice(_mixed(make(LONG), _at(_white(LONG), floor))))


def test_a_voice_is_one_after_200_ms() -> None:
    """Not with its first sound, and not for ever after its last."""
    voice = _voice(bytes(2 * RATE) + murmur(1.0) + bytes(2 * RATE))
    begin, end = voice.index(True), len(voice) - voice[::-1].index(True)
    assert 9 <= begin - 50 <= 20
    assert 100 <= end <= 115
    assert not any(_voice(bytes(2 * RATE) + murmur(0.12) + bytes(2 * RATE)))


def test_our_own_echo_is_no_voice() -> None:
    """What comes back 32 dB softer while we speak; one who speaks as loud while we are silent is heard."""
    spoken = bytes(2 * RATE) + murmur(2.0, amplitude=20_000)
    echo = array("h", (round(value / 40) for value in array("h", spoken))).tobytes()
    assert 20 * log10(40) == pytest.approx(32, abs=0.1)
    assert not any(_voice(echo, spoken))
    assert any(_voice(echo))


def test_comfort_noise_is_no_voice() -> None:
    """Whatever it sounds like; speech that follows it is."""
    assert not any(_voice(murmur(2.0), noise=b"\x01"))
    finder, rest = VoiceFinder(), _mixed(_at(_white(RATE), -40))
    assert not finder.hear(rest, bytes(len(rest)), b"\x01" * 50).is_sound
    spoken = murmur(0.5)
    assert finder.hear(spoken, bytes(len(spoken)), bytes(25)).is_voice


def test_both_directions_are_equally_long() -> None:
    """Anything else is a mistake of the caller."""
    with pytest.raises(ValueError, match="equally long"):
        VoiceFinder().hear(bytes(320), bytes(640), b"\x00")


def test_a_click_is_no_sound() -> None:
    """In a block there must be more of it; nor is anything in a block of nothing."""
    quiet = bytes(2 * RATE)
    finder = VoiceFinder()
    finder.hear(quiet, quiet, bytes(50))
    click = bytes(320) + b"\xff\x3f" * 20 + bytes(280) + bytes(320 * 3)
    assert not finder.hear(click, bytes(len(click)), bytes(5)).is_sound
    assert finder.hear(murmur(0.2), bytes(3200), bytes(10)).is_sound
    assert not finder.hear(b"", b"", b"").is_sound
