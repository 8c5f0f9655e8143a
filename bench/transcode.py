"""transcode_packet_cpu: CPU per packet between G.711 and a wide codec, both ways, beside rtpengine."""

import ctypes
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.relay import HEADER, Endpoint, measure_relay, plane
from bench.rtpengine import rtpengine
from offhook.audio.tones import tone
from offhook.media.engine import encode
from offhook.sdp.codecs import PCMA

G722, OPUS = 9, 96  # payload types
FRAMES = 50  # a second of sound, over and over
FRAME = 320  # octets of 20 ms at 8 kHz
CALLS = 20
RTPMAPS = {8: "PCMA/8000", G722: "G722/8000", OPUS: "opus/48000/2"}
SOUND = tone((300.0, 700.0, 1100.0, 2300.0), FRAMES * 0.02, level_dbfs=-12, modulation_hz=4.0)


@dataclass
class Telephone(Endpoint):
    """An endpoint of one codec, which sends real sound in it."""

    payload_type: int = 8
    clock: int = 160  # of 20 ms
    payloads: list[bytes] = field(default_factory=list)

    def sdp(self) -> bytes:
        """What this endpoint offers."""
        mapped = f"a=rtpmap:{self.payload_type} {RTPMAPS[self.payload_type]}".encode()
        plain = super().sdp().replace(b"RTP/AVP 8", b"RTP/AVP %d" % self.payload_type)
        return plain.replace(b"a=rtpmap:8 PCMA/8000", mapped)

    def send(self, tick: int) -> None:
        """Send the packet of this tick."""
        head = bytes((0x80, self.payload_type)) + (tick & 0xFFFF).to_bytes(2) + (tick * self.clock % 2**32).to_bytes(4)
        self.socket.sendto(head + self.number.to_bytes(4) + self.payloads[tick % FRAMES], self.target)

    def is_media(self, packet: bytes) -> bool:
        """Whether this is sound in its codec."""
        return len(packet) > HEADER and packet[1] & 0x7F == self.payload_type


def telephones(wide: int) -> Callable[[socket.socket, int, str], Telephone]:
    """Makes endpoints in turns: one of G.711, one of the wide codec with this payload type."""
    narrow = [encode(PCMA, SOUND[at : at + FRAME]) for at in range(0, len(SOUND), FRAME)]
    kinds = [
        partial(Telephone, payload_type=8, clock=160, payloads=narrow),
        partial(Telephone, payload_type=wide, clock=960 if wide == OPUS else 160, payloads=_payloads(wide)),
    ]
    made = 0

    def make(bound: socket.socket, number: int, suite: str) -> Telephone:
        nonlocal made
        made += 1
        return kinds[(made - 1) % 2](bound, number, suite)

    return make


def transcode_run(wide: int, kind: str, folder: Path) -> float:
    """One run of a relay of this kind, ours or peer: microseconds of CPU per packet."""
    with plane(folder) if kind == "ours" else rtpengine(folder, transcode=RTPMAPS[wide].partition("/")[0]) as relay:
        return measure_relay(relay, telephones(wide), CALLS)


def _payloads(wide: int) -> list[bytes]:
    """The sound at 16 kHz, by the codec's own library; each sample twice is near enough to it."""
    samples = b"".join(SOUND[at : at + 2] * 2 for at in range(0, len(SOUND), 2))
    frames = [samples[at : at + 2 * FRAME] for at in range(0, len(samples), 2 * FRAME)]
    return [*map(_opus() if wide == OPUS else _g722(), frames)]


def _opus() -> Callable[[bytes], bytes]:
    library = ctypes.CDLL("libopus.so.0")
    library.opus_encoder_create.restype = ctypes.c_void_p
    encoder = ctypes.c_void_p(library.opus_encoder_create(16_000, 1, 2048, ctypes.byref(ctypes.c_int())))
    out = ctypes.create_string_buffer(1500)
    return lambda frame: out.raw[: library.opus_encode(encoder, frame, len(frame) // 2, out, len(out))]


def _g722() -> Callable[[bytes], bytes]:
    library = ctypes.CDLL("libspandsp.so.2")
    library.g722_encode_init.restype = ctypes.c_void_p
    encoder = ctypes.c_void_p(library.g722_encode_init(None, 64_000, 0))
    out = ctypes.create_string_buffer(1500)
    return lambda frame: out.raw[: library.g722_encode(encoder, out, frame, len(frame) // 2)]
