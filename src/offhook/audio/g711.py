"""G.711 in Python: the definition that media/native/g711.c agrees with, and the decoder of files that come in it.

Samples are 16-bit little-endian mono; one octet is one sample.
"""

import sys
from array import array

_ULAW_BIAS = 0x84
_ULAW_CLIP = 32635


def decode_ulaw_octet(octet: int) -> int:
    """One octet of mu-law to its sample (ITU-T G.711 table 2a)."""
    bits = ~octet & 0xFF
    magnitude = (((bits & 0x0F) << 3) + _ULAW_BIAS) << (bits >> 4 & 7)
    return _ULAW_BIAS - magnitude if bits & 0x80 else magnitude - _ULAW_BIAS


def encode_ulaw_sample(sample: int) -> int:
    """One sample to its octet of mu-law."""
    magnitude = min(abs(sample), _ULAW_CLIP) + _ULAW_BIAS
    segment = magnitude.bit_length() - 8
    step = magnitude >> (segment + 3) & 0x0F
    return ~((0x80 if sample < 0 else 0) | segment << 4 | step) & 0xFF


def decode_alaw_octet(octet: int) -> int:
    """One octet of A-law to its sample (ITU-T G.711 table 1a)."""
    bits = octet ^ 0x55
    segment = bits >> 4 & 7
    magnitude = ((bits & 0x0F) << 4) + 8
    if segment:
        magnitude = (magnitude + 0x100) << (segment - 1)
    return magnitude if bits & 0x80 else -magnitude


def encode_alaw_sample(sample: int) -> int:
    """One sample to its octet of A-law, which knows the upper thirteen bits."""
    magnitude = (~sample if sample < 0 else sample) >> 3
    segment = max(0, magnitude.bit_length() - 5)
    step = magnitude >> max(1, segment) & 0x0F
    return ((0 if sample < 0 else 0x80) | segment << 4 | step) ^ 0x55


_ULAW_SAMPLES = tuple(decode_ulaw_octet(octet) for octet in range(256))
_ALAW_SAMPLES = tuple(decode_alaw_octet(octet) for octet in range(256))


def decode_ulaw(octets: bytes) -> bytes:
    """Octets of mu-law to samples."""
    return _pack(array("h", map(_ULAW_SAMPLES.__getitem__, octets)))


def decode_alaw(octets: bytes) -> bytes:
    """Octets of A-law to samples."""
    return _pack(array("h", map(_ALAW_SAMPLES.__getitem__, octets)))


def _pack(samples: "array[int]") -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
