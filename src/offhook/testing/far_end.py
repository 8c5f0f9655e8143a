"""The other end of a media port, by hand: a real UDP socket that sends and reads RTP. For tests of the native plane."""

import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from offhook.rtp.packet import RtpPacket, parse
from offhook.rtp.telephone_event import key_press
from offhook.sdp.parse import parse as parse_sdp

PATIENCE = 3.0  # seconds before a packet that does not come is an error
_RTPMAPS = {0: "PCMU/8000", 8: "PCMA/8000", 9: "G722/8000", 13: "CN/8000", 96: "opus/48000/2", 98: "CN/16000"}


class FarEnd:
    """One peer with its own SSRC, sequence numbers and timestamps; use it as a context manager."""

    def __init__(
        self,
        *,
        formats: Sequence[int] = (0, 8),
        telephone_event: int | None = 101,
        event_clock: int = 8000,
        ssrc: int = 7,
        host: str = "127.0.0.1",
    ) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(PATIENCE)
        self.formats = tuple(formats)
        self.telephone_event = telephone_event
        self.event_clock = event_clock
        self.ssrc = ssrc
        self.sequence = 65_530  # so that every test sees a wrap-around
        self.timestamp = 2**32 - 800
        self.remote = ("127.0.0.1", 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.socket.close()

    @property
    def number(self) -> int:
        """The UDP port."""
        return int(self.socket.getsockname()[1])

    def sdp(self, *, direction: str = "sendrecv", port: int | None = None) -> bytes:
        """An offer or an answer: both look the same from a peer this simple."""
        formats = [*self.formats, *([] if self.telephone_event is None else [self.telephone_event])]
        lines = ["v=0", "o=far 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
        lines.append(f"m=audio {self.number if port is None else port} RTP/AVP {' '.join(map(str, formats))}")
        lines += [f"a=rtpmap:{payload_type} {_RTPMAPS[payload_type]}" for payload_type in self.formats]
        if self.telephone_event is not None:
            lines.append(f"a=rtpmap:{self.telephone_event} telephone-event/{self.event_clock}")
        lines.append(f"a={direction}")
        return ("\r\n".join(lines) + "\r\n").encode()

    def aim(self, sdp: bytes) -> None:
        """Send from now on to where this description says."""
        description = parse_sdp(sdp)
        media = description.media[0]
        self.remote = (description.address_of(media) or "127.0.0.1", media.port)

    def send(
        self, payload: bytes, *, payload_type: int | None = None, marker: bool = False, samples: int = 160
    ) -> None:
        """Send one packet and move on by so many samples."""
        self.send_packet(
            RtpPacket(
                payload_type=self.formats[0] if payload_type is None else payload_type,
                sequence=self.sequence,
                timestamp=self.timestamp,
                ssrc=self.ssrc,
                payload=payload,
                marker=marker,
            )
        )
        self.sequence = (self.sequence + 1) % 2**16
        self.timestamp = (self.timestamp + samples) % 2**32

    def send_packet(self, packet: RtpPacket) -> None:
        """Send one packet as it is."""
        self.send_raw(bytes(packet))

    def send_raw(self, octets: bytes) -> None:
        """Send any octets at all."""
        self.socket.sendto(octets, self.remote)

    def rest(self, level: int, shape: bytes = b"", *, payload_type: int = 13) -> None:
        """Send comfort noise of -`level` dBov (RFC 3389)."""
        self.send(bytes([level]) + shape, payload_type=payload_type)

    def press(self, digit: str, *, drop: Sequence[int] = ()) -> None:
        """Press and let go of a key; `drop` names packets of it (0 is the first) that get lost."""
        for index, event in enumerate(key_press(digit)):
            if index not in drop:
                self.send(bytes(event), payload_type=self.telephone_event, marker=index == 0, samples=0)
        self.timestamp = (self.timestamp + 1600) % 2**32

    def receive(self) -> RtpPacket:
        """Wait for the next packet. Raises TimeoutError."""
        return parse(self.socket.recv(2048))
