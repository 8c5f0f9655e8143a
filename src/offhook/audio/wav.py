"""What of a WAV file is sound, found here rather than by a decoder.

A fact chunk of no size keeps miniaudio 0.11 busy for a minute, so it is given nothing but a format and samples.
"""

import struct

from offhook.audio.errors import UndecodableAudio
from offhook.audio.resample import check_rate

_WAVS = frozenset({b"RIFF", b"RIFX", b"RF64"})
_PLAIN = {1: {8, 16, 24, 32}, 3: {32, 64}, 6: {8}, 7: {8}}  # bits of PCM, floating point, A-law, mu-law
_EXTENSIBLE = 0xFFFE
_MOST_CHUNKS = 100  # before the samples
_FORMAT = struct.Struct("<HHIIHH")


def is_wav(body: bytes) -> bool:
    """Whether a file says that it is WAV, or one of its larger or big-endian kinds."""
    return (body[:4] in _WAVS and body[8:12] == b"WAVE") or body[:4] == b"riff"


def plain_wav(body: bytes) -> bytes:
    """The same sound in a WAV without anything else; b"" when it is packed, or no RIFF WAVE at all.

    Raises UndecodableAudio for a format of no sound.
    """
    if body[:4] != b"RIFF" or body[8:12] != b"WAVE":
        return b""
    chunks = _chunks(body)
    form = chunks.get(b"fmt ", b"")
    if len(form) < _FORMAT.size:
        return b""
    tag, *rest = _FORMAT.unpack_from(form)
    if tag == _EXTENSIBLE:
        tag = int.from_bytes(form[24:26], "little")
    if tag not in _PLAIN:
        return b""
    check_rate(rest[1])
    if rest[4] not in _PLAIN[tag]:
        raise UndecodableAudio(f"expected a sample of {min(_PLAIN[tag])} to {max(_PLAIN[tag])} bits, got {rest[4]}")
    return wav_file(_FORMAT.pack(tag, *rest), chunks.get(b"data", b""))


def samples_wav(samples: bytes, rate_hz: int, channels: int) -> bytes:
    """16-bit samples as a WAV file."""
    width = 2 * channels
    return wav_file(_FORMAT.pack(1, channels, rate_hz, rate_hz * width, width, 16), samples)


def wav_file(form: bytes, samples: bytes) -> bytes:
    """A WAV file of its two necessary parts."""
    inner = b"".join((b"WAVEfmt ", _size(form), form, b"data", _size(samples), samples))
    return b"".join((b"RIFF", _size(inner), inner))


def _chunks(body: bytes) -> dict[bytes, bytes]:
    """The first format and the samples, which end the file when their size is not known or wrong."""
    found: dict[bytes, bytes] = {}
    at = 12
    for _ in range(_MOST_CHUNKS):
        name, size = body[at : at + 4], int.from_bytes(body[at + 4 : at + 8], "little")
        if name == b"data":
            # A program that writes to a pipe cannot know the size: it writes 0, or the largest number.
            found[name] = body[at + 8 : at + 8 + size] if size else body[at + 8 :]
            break
        if name == b"fmt " and name not in found:
            found[name] = body[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return found


def _size(part: bytes) -> bytes:
    return struct.pack("<I", len(part))
