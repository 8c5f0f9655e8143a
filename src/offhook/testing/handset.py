"""The audio of a scripted telephone: one RTP socket that plays, echoes, presses keys and tells what it hears.

In Python, packet by packet: for a handful of calls. `Handset` is fed by testing.phone with SDP and by its socket.
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from offhook.audio.g711 import decode_alaw, decode_ulaw, encode_alaw_sample, encode_ulaw_sample
from offhook.media.negotiation import Negotiation
from offhook.net.udp import DatagramSocket, bind_datagram
from offhook.rtp.errors import RtpError
from offhook.rtp.packet import RtpPacket
from offhook.rtp.packet import parse as parse_rtp
from offhook.rtp.telephone_event import key_press
from offhook.rtp.telephone_event import parse as parse_event
from offhook.sdp.codecs import PCMA
from offhook.sdp.negotiate import Agreement
from offhook.testing.ear import Ear, Heard

TICK = 0.02
FRAME = 160  # samples, and octets of G.711
PCMU_TYPE, PCMA_TYPE = 0, 8
KEY_GAP_TICKS = 5
PAUSE_TICKS = {"w": 25, "W": 50}

Frame = tuple[bytes, bool, bool]  # payload, whether it is a telephone-event, whether a new one begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a handset does: 16-bit samples at 8 kHz to play, once or for ever; keys to press first; or to echo."""

    samples: bytes = b""
    is_endless: bool = False
    keys: str = ""
    echoes: bool = False


class Handset:
    """One call's audio; `tell` gets what is heard, each change once, and each key that the peer presses."""

    def __init__(self, host: str, script: Script, tell: Callable[[Heard | str], None]) -> None:
        self._script = script
        self._tell = tell
        self._ear = Ear()
        self._socket = DatagramSocket(_bind_even(host), self._receive)
        self._socket.start()
        self.negotiation = Negotiation(address=host, port=self._socket.port, session_id=secrets.randbits(62))
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(15)
        self._timestamp = secrets.randbits(31)
        self._event_timestamp = 0
        self._last_key: int | None = None
        self.received = 0

    def close(self) -> None:
        """Release the port."""
        self._socket.close()

    async def speak(self) -> None:
        """Send a packet every 20 ms, silence when there is nothing to say; ends only by being cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        frames = self._frames()
        while True:
            frame = next(frames)
            if not self._script.echoes:
                self._send(*frame)
            due += TICK
            await asyncio.sleep(max(0.0, due - loop.time()))

    # --- out ------------------------------------------------------------------------------------------------------

    def _frames(self) -> Iterator[Frame]:
        quiet = (self._encode(bytes(2 * FRAME)), False, False)
        for key in self._script.keys:
            if key in PAUSE_TICKS:
                yield from [quiet] * PAUSE_TICKS[key]
                continue
            for index, event in enumerate(key_press(key)):
                yield bytes(event), True, index == 0
            yield from [quiet] * KEY_GAP_TICKS
        sound = self._encode(self._script.samples)
        pieces = [sound[at : at + FRAME] for at in range(0, len(sound) - FRAME + 1, FRAME)]
        while pieces:
            yield from ((piece, False, False) for piece in pieces)
            if not self._script.is_endless:
                break
        while True:
            yield quiet

    def _encode(self, samples: bytes) -> bytes:
        encode = encode_alaw_sample if self.codec == PCMA.name else encode_ulaw_sample
        return bytes([encode(value) for (value,) in struct.iter_unpack("<h", samples)])

    def _send(self, payload: bytes, is_event: bool, is_new: bool) -> None:  # noqa: FBT001 - a Frame, spread
        agreement = self.negotiation.agreement
        self._timestamp = (self._timestamp + FRAME) % 2**32
        if is_new:
            self._event_timestamp = self._timestamp  # the same in all packets of one key (RFC 4733 §2.2)
        payload_type = _payload_type(agreement, is_event=is_event)
        if agreement is None or payload_type is None or not agreement.remote_address:
            return
        if not agreement.direction.may_send:
            return
        packet = RtpPacket(
            payload_type=payload_type,
            sequence=self._sequence,
            timestamp=self._event_timestamp if is_event else self._timestamp,
            ssrc=self._ssrc,
            payload=payload,
            marker=is_new,
        )
        self._sequence = (self._sequence + 1) % 2**16
        self._socket.send(bytes(packet), agreement.remote_address, agreement.remote_port)

    # --- in -------------------------------------------------------------------------------------------------------

    def _receive(self, data: bytes, _host: str, _port: int) -> None:
        agreement = self.negotiation.agreement
        try:
            packet = parse_rtp(data)
            if agreement is not None and packet.payload_type == agreement.telephone_event:
                self._take_key(packet)
            elif packet.payload_type in {PCMU_TYPE, PCMA_TYPE}:
                self._take_sound(packet)
        except RtpError:
            return  # an open port hears all kinds of noise

    def _take_key(self, packet: RtpPacket) -> None:
        event = parse_event(packet.payload)
        # The last packet comes three times, under the one timestamp of its key (RFC 4733 §2.5.1.4).
        if event.is_end and packet.timestamp != self._last_key:
            self._last_key = packet.timestamp
            self._tell(event.digit)

    def _take_sound(self, packet: RtpPacket) -> None:
        self.received += 1
        samples = decode_alaw(packet.payload) if packet.payload_type == PCMA_TYPE else decode_ulaw(packet.payload)
        heard = self._ear.hear(samples)
        if heard is not None:
            self._tell(heard)
        if self._script.echoes:
            self._send(packet.payload, is_event=False, is_new=False)

    @property
    def codec(self) -> str:
        """The encoding that we send; empty before there is an agreement."""
        agreement = self.negotiation.agreement
        return "" if agreement is None else agreement.codec.name


def _bind_even(host: str) -> socket.socket:
    """A free port with an even number, as RTP likes it (RFC 3550 §11). Raises OSError."""
    while True:
        bound = bind_datagram(host, 0)
        if bound.getsockname()[1] % 2 == 0:
            return bound
        bound.close()


def _payload_type(agreement: Agreement | None, *, is_event: bool) -> int | None:
    if agreement is None:
        return None
    return agreement.telephone_event if is_event else agreement.payload_type
