"""AIFF, AIFC, GSM 6.10 and the rarer kinds of WAV to 16-bit samples, by libsndfile (docs/decisions/0022).

The library is loaded when the first such file comes: most processes never need it.
"""

import struct
from io import BytesIO
from typing import Any

from offhook.audio.errors import UndecodableAudio

MOST_UNPACKED = 256 * 1024 * 1024  # bytes of samples, of which a small file may hold very many
GSM_TYPES = frozenset({"audio/gsm", "audio/x-gsm"})

_GSM_RATE_HZ = 8000
_GSM_FRAME = 33  # octets for 20 ms
_GSM_MAGIC = 0xD0
_CHUNK_FRAMES = 65_536
_MOST_CHUNKS = 100  # before the one that says what a file holds
_WAVS = frozenset({b"RIFF", b"RIFX", b"RF64"})
_PLAIN = frozenset({1, 3, 6, 7})  # PCM, floating point, A-law, mu-law
_EXTENSIBLE = 0xFFFE
_AIFF = frozenset({b"AIFF", b"AIFC"})


def is_aiff(body: bytes) -> bool:
    """Whether a file says that it is AIFF or AIFC."""
    return body[:4] == b"FORM" and body[8:12] in _AIFF


def is_wav(body: bytes) -> bool:
    """Whether a file says that it is WAV, or one of its larger or big-endian kinds."""
    return (body[:4] in _WAVS and body[8:12] == b"WAVE") or body[:4] == b"riff"


def is_plain_wav(body: bytes) -> bool:
    """Whether a WAV holds samples as they are, or G.711: with packed ones miniaudio may be busy for minutes."""
    return body[:4] == b"RIFF" and _coding(body) in _PLAIN


def _coding(body: bytes) -> int:
    """The format tag of a WAV; 0 when it has none."""
    at = 12
    for _ in range(_MOST_CHUNKS):
        name, size = body[at : at + 4], int.from_bytes(body[at + 4 : at + 8], "little")
        if name == b"fmt ":
            tag = int.from_bytes(body[at + 8 : at + 10], "little")
            return int.from_bytes(body[at + 32 : at + 34], "little") if tag == _EXTENSIBLE else tag
        at += 8 + size + size % 2
    return 0


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
            return _wav(_samples(file), file.samplerate, file.channels)
    except (soundfile.SoundFileError, ValueError, TypeError, OSError) as error:
        raise UndecodableAudio(f"expected AIFF, GSM 6.10 or WAV, got {len(body)} octets that are none") from error


class _Body(BytesIO):
    """The octets of a file; to seek before its beginning leads there, where soundfile would print a traceback."""

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self.tell(), self.getbuffer().nbytes)[whence]
        return super().seek(max(0, start + offset))


def _samples(file: Any) -> bytes:
    samples = bytearray()
    width = 2 * file.channels
    room = memoryview(bytearray(_CHUNK_FRAMES * width))
    while frames := file.buffer_read_into(room, dtype="int16"):
        samples += room[: frames * width]
        if len(samples) > MOST_UNPACKED:
            raise UndecodableAudio(f"expected at most {MOST_UNPACKED} octets of samples, got more")
    return bytes(samples)


def _wav(samples: bytes, rate_hz: int, channels: int) -> bytes:
    width = 2 * channels
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * width, width, 16)
    inner = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(inner)) + inner
