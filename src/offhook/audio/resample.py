"""Samples of any rate to the telephone's 8 kHz."""

import miniaudio  # type: ignore[import-untyped]

from offhook.audio.errors import UndecodableAudio

TELEPHONE_RATE_HZ = 8000
LOWEST_RATE_HZ = 4000
HIGHEST_RATE_HZ = 192_000


def check_rate(rate_hz: int) -> None:
    """Raises UndecodableAudio for a rate that nobody speaks at: at 1 Hz a small file lasts for hours."""
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise UndecodableAudio(f"expected a rate of {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz, got {rate_hz}")


def to_telephone(samples: bytes, rate_hz: int) -> bytes:
    """Turn 16-bit little-endian mono samples at `rate_hz` into such at 8 kHz. Raises UndecodableAudio."""
    check_rate(rate_hz)
    whole = samples[: len(samples) & ~1]
    if rate_hz == TELEPHONE_RATE_HZ or not whole:
        return whole
    form = miniaudio.SampleFormat.SIGNED16
    converted = miniaudio.convert_frames(form, 1, rate_hz, whole, form, 1, TELEPHONE_RATE_HZ)
    return bytes(converted[: 2 * (len(whole) // 2 * TELEPHONE_RATE_HZ // rate_hz)])
