"""What a piece of sound contains: its level and its loudest tone. For tests and for the doctor, not for live packets.

Samples are 16-bit little-endian mono. A level of 0 dBFS is a sine that just fills the range.
"""

import sys
from array import array
from cmath import exp
from math import cos, inf, log10, pi, sqrt, tau

_FULL_SINE_RMS = 32767 / sqrt(2)
_LONGEST_WINDOW = 8192  # samples; one second at 8 kHz resolves 1 Hz, and the pure-Python transform takes 50 ms


def rms_dbfs(samples: bytes) -> float:
    """The level of the whole piece; -inf for silence."""
    values = _values(samples)
    power = sum(value * value for value in values) / max(1, len(values))
    return _level(sqrt(power))


def loudest_tone(samples: bytes, rate_hz: int = 8000) -> tuple[float, float]:
    """Frequency in Hz and level in dBFS of the strongest sine within the first second or so; (0.0, -inf) for silence.

    The frequency is right to a fraction of 1 / duration, the level to about 0.5 dB.
    """
    values = _values(samples)[:_LONGEST_WINDOW]
    if not any(values):
        return 0.0, -inf
    size = 1 << (len(values) - 1).bit_length()
    # Hann: a tone between two bins must not drown in the leakage of another.
    window = [value * (0.5 - 0.5 * cos(tau * (index + 0.5) / len(values))) for index, value in enumerate(values)]
    spectrum = [abs(bin_) for bin_ in _transform([complex(value) for value in window] + [0j] * (size - len(values)))]
    half = spectrum[: size // 2]
    peak = max(range(1, len(half)), key=half.__getitem__, default=0)
    frequency_hz = (peak + _offset(spectrum, peak)) * rate_hz / size
    return frequency_hz, tone_dbfs(samples, frequency_hz, rate_hz)


def tone_dbfs(samples: bytes, frequency_hz: float, rate_hz: int = 8000) -> float:
    """The level of one frequency over the whole piece (Goertzel)."""
    values = _values(samples)
    step = tau * frequency_hz / rate_hz
    coefficient = 2 * cos(step)
    before, last = 0.0, 0.0
    for value in values:
        before, last = last, value + coefficient * last - before
    magnitude = abs(last - exp(-1j * step) * before)
    return _level(magnitude * sqrt(2) / max(1, len(values)))


def _values(samples: bytes) -> "array[int]":
    values = array("h", samples[: len(samples) & ~1])
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _level(rms: float) -> float:
    return 20 * log10(rms / _FULL_SINE_RMS) if rms > 0 else -inf


def _offset(spectrum: list[float], peak: int) -> float:
    """Where between its neighbours the top lies, by a parabola through three bins."""
    left, top, right = spectrum[peak - 1], spectrum[peak], spectrum[peak + 1]
    bend = left - 2 * top + right
    return 0.5 * (left - right) / bend if bend else 0.0


def _transform(values: list[complex]) -> list[complex]:
    """The discrete Fourier transform of a power of two of values, by halves."""
    if len(values) == 1:
        return values
    even, odd = _transform(values[::2]), _transform(values[1::2])
    half = len(even)
    turned = [exp(-2j * pi * index / len(values)) * value for index, value in enumerate(odd)]
    upper = [even[index] + turned[index] for index in range(half)]
    return upper + [even[index] - turned[index] for index in range(half)]
