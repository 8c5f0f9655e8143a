"""AIFF, AIFC, GSM 6.10 and the rarer kinds of WAV to 16-bit samples, by libsndfile (docs/decisions/0022).

The library is loaded when the first such file comes: most processes never need it.
"""

from io import BytesIO
from typing import Any

from offhook.audio.errors import UndecodableAudio
from offhook.audio.resample import HIGHEST_RATE_HZ, LOWEST_RATE_HZ
from offhook.audio.wav import samples_wav

MOST_UNPACKED = 256 * 1024 * 1024  # bytes of samples, of which a small file may hold very many
MOST_CHANNELS = 32
GSM_TYPES = frozenset({"audio/gsm", "audio/x-gsm"})

_GSM_RATE_HZ = 8000
_GSM_FRAME = 33  # octets for 20 ms
_GSM_MAGIC = 0xD0
_CHUNK_FRAMES = 65_536
_AIFF = frozenset({b"AIFF", b"AIFC"})


def is_aiff(body: bytes) -> bool:
    """Whether a file says that it is AIFF or AIFC."""
    return body[:4] == b"FORM" and body[8:12] in _AIFF


def is_ogg(body: bytes) -> bool:
    """Whether a file says that it is Ogg: a broken one ends the whole process inside of miniaudio."""
    return body[:4] == b"OggS"


def unpack_gsm(body: bytes) -> bytes:
    """Frames of GSM 6.10 without a header, as a WAV of 16-bit samples. Raises UndecodableAudio."""
    whole = len(body) - len(body) % _GSM_FRAME
    if not whole or any(body[at] & 0xF0 != _GSM_MAGIC for at in range(0, whole, _GSM_FRAME)):
        raise UndecodableAudio(f"expected frames of GSM 6.10, got {len(body)} octets of something else")
    return _unpack(body[:whole], samplerate=_GSM_RATE_HZ, channels=1, format="RAW", subtype="GSM610")


def unpack_file(body: bytes) -> bytes:
    """A file with a header, as a WAV of 16-bit samples. Raises UndecodableAudio."""
    return _unpack(body)


def _unpack(body: bytes, **form: Any) -> bytes:
    import soundfile  # type: ignore[import-untyped]  # noqa: PLC0415 - see above

    try:
        with soundfile.SoundFile(_Body(body), **form) as file:
            _check(file)
            return samples_wav(_samples(file), file.samplerate, file.channels)
    except (soundfile.SoundFileError, ValueError, TypeError, OSError) as error:
        raise UndecodableAudio(f"expected AIFF, GSM 6.10 or WAV, got {len(body)} octets that are none") from error


class _Body(BytesIO):
    """The octets of a file; to seek before its beginning leads there, where soundfile would print a traceback."""

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self.tell(), self.getbuffer().nbytes)[whence]
        return super().seek(max(0, start + offset))


def _check(file: Any) -> None:
    if not (LOWEST_RATE_HZ <= file.samplerate <= HIGHEST_RATE_HZ and file.channels <= MOST_CHANNELS):
        raise UndecodableAudio(f"expected sound of a usual kind, got {file.channels} channels of {file.samplerate} Hz")


def _samples(file: Any) -> bytes:
    samples = bytearray()
    width = 2 * file.channels
    room = memoryview(bytearray(_CHUNK_FRAMES * width))
    while frames := file.buffer_read_into(room, dtype="int16"):
        samples += room[: frames * width]
        if len(samples) > MOST_UNPACKED:
            raise UndecodableAudio(f"expected at most {MOST_UNPACKED} octets of samples, got more")
    return bytes(samples)
