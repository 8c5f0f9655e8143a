"""Tones of the telephone network as samples: ringing by country (ITU-T E.180), keys (ITU-T Q.23).

Samples are 16-bit little-endian mono at 8 kHz.
"""

import sys
from array import array
from dataclasses import dataclass
from functools import cache
from math import pi, sin, tau

from offhook.audio.errors import UnknownTone

RATE_HZ = 8000
_PEAK = 32767
_RINGING_LEVEL_DBFS = -16.0  # about -13 dBm0, what exchanges send
_KEY_LEVEL_DBFS = -10.0
_KEY_TONE = 0.1
_KEY_GAP = 0.1
_RAMP_SAMPLES = 16  # 2 ms, so that a tone does not begin with a click


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """One period of a tone: frequencies in Hz that sound together, one optionally modulated, and bursts in seconds.

    `bursts` alternates tone and pause and ends with a pause.
    """

    frequencies_hz: tuple[float, ...]
    bursts: tuple[float, ...]
    modulation_hz: float | None = None


def _plain(frequency_hz: float, tone: float, pause: float) -> Cadence:
    return Cadence(frequencies_hz=(frequency_hz,), bursts=(tone, pause))


_DOUBLE_RING = (0.4, 0.2, 0.4, 2.0)
_BRITISH = Cadence(frequencies_hz=(400, 450), bursts=_DOUBLE_RING)

RINGING: dict[str, Cadence] = {
    "at": _plain(420, 1.0, 5.0),
    "au": Cadence(frequencies_hz=(413, 438), bursts=_DOUBLE_RING),
    "be": _plain(425, 1.0, 3.0),
    "bg": _plain(425, 1.0, 4.0),
    "br": _plain(425, 1.0, 4.0),
    "ch": _plain(425, 1.0, 4.0),
    "cl": _plain(400, 1.0, 3.0),
    "cn": _plain(450, 1.0, 4.0),
    "cz": _plain(425, 1.0, 4.0),
    "de": _plain(425, 1.0, 4.0),
    "dk": _plain(425, 1.0, 4.0),
    "ee": _plain(425, 1.0, 4.0),
    "es": _plain(425, 1.5, 3.0),
    "fi": _plain(425, 1.0, 4.0),
    "fr": _plain(440, 1.5, 3.5),
    "gr": _plain(425, 1.0, 4.0),
    "hu": _plain(425, 1.25, 3.75),
    "il": _plain(400, 1.0, 3.0),
    "in": Cadence(frequencies_hz=(400,), modulation_hz=25, bursts=_DOUBLE_RING),
    "it": _plain(425, 1.0, 4.0),
    "jp": Cadence(frequencies_hz=(400,), modulation_hz=16, bursts=(1.0, 2.0)),
    "lt": _plain(425, 1.0, 4.0),
    "mx": _plain(425, 1.0, 4.0),
    "my": Cadence(frequencies_hz=(425,), bursts=_DOUBLE_RING),
    "nl": _plain(425, 1.0, 4.0),
    "no": _plain(425, 1.0, 4.0),
    "nz": _BRITISH,
    "ph": Cadence(frequencies_hz=(425, 480), bursts=(1.0, 4.0)),
    "pl": _plain(425, 1.0, 4.0),
    "pt": _plain(425, 1.0, 5.0),
    "ru": _plain(425, 0.8, 3.2),
    "se": _plain(425, 1.0, 5.0),
    "sg": Cadence(frequencies_hz=(425,), modulation_hz=24, bursts=_DOUBLE_RING),
    "th": Cadence(frequencies_hz=(400,), modulation_hz=20, bursts=(1.0, 4.0)),
    "tw": Cadence(frequencies_hz=(440, 480), bursts=(1.0, 2.0)),
    "uk": _BRITISH,
    "us": Cadence(frequencies_hz=(440, 480), bursts=(2.0, 4.0)),
    "us-old": Cadence(frequencies_hz=(420,), modulation_hz=40, bursts=(2.0, 4.0)),
    "ve": _plain(425, 1.0, 4.0),
    "za": Cadence(frequencies_hz=(400,), modulation_hz=33, bursts=_DOUBLE_RING),
}

_ROWS_HZ = (697, 770, 852, 941)
_COLUMNS_HZ = (1209, 1336, 1477, 1633)
KEYS: dict[str, tuple[float, float]] = {
    key: (_ROWS_HZ[index // 4], _COLUMNS_HZ[index % 4]) for index, key in enumerate("123A456B789C*0#D")
}


@cache
def ringing(country: str) -> bytes:
    """One period of a country's ringing tone, to be looped. Raises UnknownTone."""
    cadence = RINGING.get(country)
    if cadence is None:
        raise UnknownTone(f"expected a country of the ringing-tone table, got {country!r:.20}")
    parts = []
    for index, length in enumerate(cadence.bursts):
        is_tone = index % 2 == 0
        parts.append(
            tone(cadence.frequencies_hz, length, level_dbfs=_RINGING_LEVEL_DBFS, modulation_hz=cadence.modulation_hz)
            if is_tone
            else silence(length)
        )
    return b"".join(parts)


def keys(digits: str) -> bytes:
    """Keys as tones with gaps between, `w` and `W` as pauses, for a peer without telephone-events.

    Raises UnknownTone.
    """
    return b"".join(_key(digit) for digit in digits)


@cache
def _key(digit: str) -> bytes:
    if digit in {"w", "W"}:
        return silence(0.5 if digit == "w" else 1.0)
    frequencies_hz = KEYS.get(digit.upper())
    if frequencies_hz is None:
        raise UnknownTone(f"expected a key of 0-9 A-D # *, w or W, got {digit!r}")
    return tone(frequencies_hz, _KEY_TONE, level_dbfs=_KEY_LEVEL_DBFS) + silence(_KEY_GAP)


def silence(length: float) -> bytes:
    """So many seconds of nothing."""
    return bytes(2 * round(length * RATE_HZ))


def tone(
    frequencies_hz: tuple[float, ...], length: float, *, level_dbfs: float, modulation_hz: float | None = None
) -> bytes:
    """Sines that share one peak level, their envelope modulated in full when asked, with soft ends."""
    count = round(length * RATE_HZ)
    amplitude = _PEAK * 10 ** (level_dbfs / 20) / len(frequencies_hz)
    steps = [tau * frequency_hz / RATE_HZ for frequency_hz in frequencies_hz]
    beat = pi * modulation_hz / RATE_HZ if modulation_hz else None
    samples = array("h")
    for index in range(count):
        value = amplitude * sum(sin(step * index) for step in steps)
        if beat is not None:
            value *= sin(beat * index)
        ramp = min(1.0, (index + 1) / _RAMP_SAMPLES, (count - index) / _RAMP_SAMPLES)
        samples.append(round(value * ramp))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
