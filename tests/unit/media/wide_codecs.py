"""The far end's own wide codecs: the same libraries as the plane's, by ctypes."""

import ctypes
from array import array

_opus = ctypes.CDLL("libopus.so.0")
_spandsp = ctypes.CDLL("libspandsp.so.2")
for _maker in (
    _opus.opus_encoder_create,
    _opus.opus_decoder_create,
    _spandsp.g722_encode_init,
    _spandsp.g722_decode_init,
):
    _maker.restype = ctypes.c_void_p
VOIP = 2048
RATE = 16_000


class OpusEnd:
    """Opus at 16 kHz, one channel."""

    payload_type = 96
    clock = 48_000

    def __init__(self) -> None:
        error = ctypes.c_int()
        self._encoder = ctypes.c_void_p(_opus.opus_encoder_create(RATE, 1, VOIP, ctypes.byref(error)))
        self._decoder = ctypes.c_void_p(_opus.opus_decoder_create(RATE, 1, ctypes.byref(error)))

    def encode(self, samples: bytes) -> bytes:
        """16-bit samples to a payload."""
        out = ctypes.create_string_buffer(1500)
        length = _opus.opus_encode(self._encoder, samples, len(samples) // 2, out, len(out))
        assert length > 0
        return out.raw[:length]

    def decode(self, payload: bytes) -> bytes:
        """A payload to 16-bit samples."""
        out = (ctypes.c_int16 * 1920)()
        count = _opus.opus_decode(self._decoder, payload, len(payload), out, len(out), 0)
        assert count > 0
        return array("h", out[:count]).tobytes()


class G722End:
    """G.722 at 64 kbit/s."""

    payload_type = 9
    clock = 8000

    def __init__(self) -> None:
        self._encoder = ctypes.c_void_p(_spandsp.g722_encode_init(None, 64_000, 0))
        self._decoder = ctypes.c_void_p(_spandsp.g722_decode_init(None, 64_000, 0))

    def encode(self, samples: bytes) -> bytes:
        """16-bit samples to a payload."""
        out = ctypes.create_string_buffer(len(samples) // 4)
        length = _spandsp.g722_encode(self._encoder, out, samples, len(samples) // 2)
        return out.raw[:length]

    def decode(self, payload: bytes) -> bytes:
        """A payload to 16-bit samples."""
        out = (ctypes.c_int16 * (2 * len(payload)))()
        count = _spandsp.g722_decode(self._decoder, out, payload, len(payload))
        return array("h", out[:count]).tobytes()
