"""What providers answer with, as sound."""

import asyncio

from offhook.audio.errors import AudioError
from offhook.audio.files import decode
from offhook.calls.ports import Sound
from offhook.speech.errors import ProviderFailed

LONGEST = 20 * 60.0  # seconds: 5000 characters take about six minutes


async def decoded(body: bytes, content_type: str) -> Sound:
    """An audio file as sound; decoded off the loop. Raises ProviderFailed."""
    try:
        samples, rate_hz = await asyncio.to_thread(decode, body, content_type, longest=LONGEST)
    except AudioError as error:
        raise ProviderFailed(f"its answer is no sound: {error}") from error
    return Sound(samples=samples, rate_hz=rate_hz)


def raw(body: bytes, rate_hz: int) -> Sound:
    """16-bit little-endian mono samples as sound. Raises ProviderFailed when there are none."""
    samples = body[: len(body) & ~1]
    if not samples:
        raise ProviderFailed("its answer is empty")
    return Sound(samples=samples, rate_hz=rate_hz)
