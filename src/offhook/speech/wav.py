"""A WAV stream that another program wrote, as samples."""

import wave
from io import BytesIO

from offhook.calls.errors import SpeechFailed
from offhook.calls.ports import Sound

BYTES_PER_SAMPLE = 2


def read_wav(stream: bytes) -> Sound:
    """The samples of a 16-bit mono WAV. Raises SpeechFailed.

    A program that writes to a pipe cannot know the length it puts into the header, so what is there is what counts.
    """
    try:
        with wave.open(BytesIO(stream)) as reader:
            shape = (reader.getnchannels(), reader.getsampwidth())
            rate_hz = reader.getframerate()
            samples = reader.readframes(len(stream) // BYTES_PER_SAMPLE)
    except (wave.Error, EOFError) as error:
        raise SpeechFailed(f"expected a WAV stream of the speech program, not these {len(stream)} bytes") from error
    if shape != (1, BYTES_PER_SAMPLE) or not samples:
        raise SpeechFailed(f"expected 16-bit mono sound, found {shape[0]} channels of {shape[1]} bytes")
    return Sound(samples=samples[: len(samples) & ~1], rate_hz=rate_hz)
