"""What providers answer with, as sound."""

import asyncio

from offhook.audio.errors import AudioError
from offhook.audio.files import decode
from offhook.calls.ports import Sound
from offhook.speech.errors import ProviderFailed

_WORDS = frozenset({"application/json", "application/xml", "application/problem+json"})
LONGEST = 20 * 60.0  # seconds: 5000 characters take about six minutes


async def decoded(body: bytes, content_type: str) -> Sound:
    """An audio file as sound; decoded off the loop. Raises ProviderFailed."""
    try:
        samples, rate_hz = await asyncio.to_thread(decode, body, content_type, longest=LONGEST)
    except AudioError as error:
        raise ProviderFailed(f"its answer is no sound: {error}") from error
    return Sound(samples=samples, rate_hz=rate_hz)


def check_sound(content_type: str) -> None:
    """Raises ProviderFailed for an answer of words: as bare samples, any bytes would be heard as noise."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("text/") or kind in _WORDS or kind.endswith(("+json", "+xml")):
        raise ProviderFailed(f"its answer is {kind:.60}, no sound")


def raw(body: bytes, rate_hz: int) -> Sound:
    """16-bit little-endian mono samples as sound. Raises ProviderFailed when there are none."""
    samples = body[: len(body) & ~1]
    if not samples:
        raise ProviderFailed("its answer is empty")
    return Sound(samples=samples, rate_hz=rate_hz)
