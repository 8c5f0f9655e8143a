"""Audio files to samples: WAV, AIFF, MP3 and FLAC by what they contain, raw G.711 and GSM 6.10 by their media type.

Decoding may take a second for an hour of MP3: call it off the loop.
"""

from collections.abc import Callable

import miniaudio  # type: ignore[import-untyped]

from offhook.audio.errors import UndecodableAudio
from offhook.audio.g711 import decode_alaw, decode_ulaw
from offhook.audio.resample import TELEPHONE_RATE_HZ
from offhook.audio.sndfile import GSM_TYPES, is_aiff, is_ogg, unpack_file, unpack_gsm
from offhook.audio.wav import is_wav, plain_wav

LONGEST = 40 * 60.0  # seconds; beyond this a file may drop the call (contract 2 §1.2)
_CHUNK_FRAMES = 16_384

_RAW: dict[str, Callable[[bytes], bytes]] = {
    "audio/basic": decode_ulaw,  # RFC 2046 §4.3
    "audio/pcma": decode_alaw,
    "audio/pcmu": decode_ulaw,
    "audio/ulaw": decode_ulaw,
    "audio/x-alaw": decode_alaw,
    "audio/x-mulaw": decode_ulaw,
    "audio/x-ulaw": decode_ulaw,
}


def decode(body: bytes, content_type: str, *, longest: float = LONGEST) -> tuple[bytes, int]:
    """Decode a file to 16-bit little-endian mono samples and their rate, always 8000 Hz.

    `longest` is in seconds; what is longer is refused, since a small file may unpack to a very long one. Raises
    UndecodableAudio.
    """
    kind = content_type.partition(";")[0].strip().lower()
    raw = _RAW.get(kind)
    if raw is not None:
        _check_length(len(body), longest)
        samples = raw(body)
    elif is_wav(body):
        samples = _unpack(plain_wav(body) or unpack_file(body), content_type, longest)
    elif is_aiff(body) or is_ogg(body):
        samples = _unpack(unpack_file(body), content_type, longest)
    elif kind in GSM_TYPES:
        _check_length(len(body) // 33 * 160, longest)
        samples = _unpack(unpack_gsm(body), content_type, longest)
    else:
        samples = _unpack(body, content_type, longest)
    if not samples:
        raise UndecodableAudio(
            f"expected audio, got {len(body)} octets of {content_type or 'no type'} without a sample"
        )
    return samples, TELEPHONE_RATE_HZ


def _unpack(body: bytes, content_type: str, longest: float) -> bytes:
    try:
        chunks = miniaudio.stream_memory(
            body,
            output_format=miniaudio.SampleFormat.SIGNED16,
            nchannels=1,
            sample_rate=TELEPHONE_RATE_HZ,
            frames_to_read=_CHUNK_FRAMES,
        )
        return _collect(chunks, longest)
    except miniaudio.MiniaudioError as error:
        kind = content_type or "no type"
        raise UndecodableAudio(
            f"expected WAV, AIFF, MP3, FLAC, GSM or mu-law, got {len(body)} octets of {kind:.60}"
        ) from error


def _collect(chunks: miniaudio.PlaybackCallbackGeneratorType, longest: float) -> bytes:
    samples = bytearray()
    try:
        for chunk in chunks:
            samples += chunk.tobytes()
            _check_length(len(samples) // 2, longest)
    finally:
        chunks.close()
    return bytes(samples)


def _check_length(count: int, longest: float) -> None:
    if count > longest * TELEPHONE_RATE_HZ:
        raise UndecodableAudio(f"expected at most {longest:g} seconds of audio, got more")
