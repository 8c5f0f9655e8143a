"""Sound that has the pitch, the formants and the syllables of speech, and no words: a voice for tests."""

from array import array
from functools import cache
from math import exp, pi, sin, tau

RATE = 8000
_VOWELS = ((700.0, 1200.0), (300.0, 2200.0), (450.0, 900.0), (350.0, 700.0), (550.0, 1800.0))
_SYLLABLE = 0.18  # seconds
_PITCH = 125.0
_BANDWIDTH = 120.0


@cache
def murmur(duration: float, *, amplitude: int = 9000) -> bytes:
    """16-bit mono at 8 kHz, about 18 dB below the amplitude between syllables; its end is that of a syllable."""
    samples = array("h")
    for at in range(round(duration * RATE)):
        seconds = at / RATE
        syllable, within = divmod(seconds, _SYLLABLE)
        formants = _VOWELS[int(syllable) % len(_VOWELS)]
        loudness = sin(pi * within / _SYLLABLE) ** 2
        samples.append(round(amplitude * loudness * _voiced(formants, seconds)))
    return samples.tobytes()


def _voiced(formants: tuple[float, float], seconds: float) -> float:
    return sum(weight * sin(tau * frequency * seconds) for frequency, weight in _harmonics(formants))


@cache
def _harmonics(formants: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """What is heard of each harmonic of the pitch near these formants."""
    found = []
    for number in range(1, int(3400 / _PITCH)):
        frequency = number * _PITCH
        weight = sum(exp(-(((frequency - formant) / _BANDWIDTH) ** 2)) for formant in formants)
        found.append((frequency, weight / 2))
    return tuple(one for one in found if one[1] > 0.01)  # noqa: PLR2004 - nobody hears less
