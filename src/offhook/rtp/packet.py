"""RTP packets as values (RFC 3550 §5.1): the definition that media/native/rtp.c agrees with.

For tests, scripted phones and captures; live packets are read natively.
"""

import struct
from dataclasses import dataclass

from offhook.rtp.errors import MalformedPacket

HEADER = 12
_VERSION = 2
_FIXED = struct.Struct("!BBHII")
_PADDING, _EXTENSION = 0x20, 0x10


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpPacket:
    """One packet without what nobody here reads: CSRCs, header extension, padding."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def __bytes__(self) -> bytes:
        second = (0x80 if self.marker else 0) | self.payload_type
        header = _FIXED.pack(_VERSION << 6, second, self.sequence, self.timestamp, self.ssrc)
        return header + self.payload


def parse(octets: bytes) -> RtpPacket:
    """Read a packet. Raises MalformedPacket."""
    if len(octets) < HEADER or octets[0] >> 6 != _VERSION:
        raise MalformedPacket(f"expected {HEADER} octets or more of version {_VERSION}, got {len(octets)}")
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(octets)
    begin = HEADER + 4 * (first & 0x0F)
    if first & _EXTENSION:
        begin += 4 + 4 * int.from_bytes(octets[begin + 2 : begin + 4].ljust(2, b"\xff"), "big")
    padding = octets[-1] if first & _PADDING else 0
    if begin + padding > len(octets) or (first & _PADDING and padding == 0):
        raise MalformedPacket(f"expected CSRCs, extension and padding within {len(octets)} octets")
    return RtpPacket(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=octets[begin : len(octets) - padding],
        marker=bool(second & 0x80),
    )
