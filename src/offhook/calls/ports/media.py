"""Media as calls need it: ports with sockets, SDP as bytes, sound in and out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from offhook.calls.events import PlaybackId, PortId, TapId
from offhook.calls.ports.mixes import Mixes
from offhook.calls.ports.quality import Quality
from offhook.calls.ports.sound import Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class PortStatistics:
    """What a port moved in its life."""

    packets_received: int = 0
    packets_sent: int = 0
    packets_lost: int = 0
    jitter_ms: float = 0.0
    codec: str = ""
    remote: str = ""
    srtp: str = ""  # the suite of RFC 4568, "" for RTP in the clear
    packets_unauthenticated: int = 0  # of SRTP and SRTCP: not written under the peer's key
    quality: Quality = field(default_factory=Quality)


class SrtpPolicy(Enum):
    """Whether the media of a session may be SRTP, and whether it may be anything else."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class TapBlock:
    """A stretch of what passed through a port, as 16-bit little-endian mono at 8 kHz.

    `inbound` is what the peer said, jitter and losses smoothed out, `outbound` what it was sent; both are equally long
    and of the same moments. `at` is when they begin, in seconds since the tap was opened; `is_received` whether any
    packet of the peer came meanwhile, or it rests (RFC 3389). `is_noise`: all that is inbound is comfort noise.
    `is_sound`, above the noise of the peer's line, and `is_voice`, for 200 ms or longer, are told to taps that find
    voice.
    """

    inbound: bytes
    outbound: bytes
    at: float
    is_received: bool
    is_noise: bool = False
    is_sound: bool = False
    is_voice: bool = False

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.inbound) / 2 / 8000


class MediaPlane(Protocol):
    """Media ports on the edges; satisfied by net.media_service and testing.plane."""

    @property
    def mixes(self) -> Mixes:
        """Where more than two ports are joined."""

    def open(self, edge: str, *, srtp: SrtpPolicy = SrtpPolicy.ACCEPTED) -> PortId:
        """Bind an RTP and RTCP port pair on the edge's media address. Raises MediaExhausted, UnknownEdge."""

    def check_offer(self, offer: bytes, srtp: SrtpPolicy) -> None:
        """Raise OfferRefused (32207, 32208) for an offer that this policy forbids; others are judged by make_answer."""

    def make_offer(self, port: PortId, *, is_secure: bool = False) -> bytes:
        """The SDP that offers our codecs and telephone-event from this port, as SRTP when `is_secure` (RFC 4568).

        A port whose media is SRTP already stays so, and one whose policy requires SRTP offers nothing else.
        """

    def repeat_offer(self, port: PortId) -> bytes:
        """The SDP that was sent last, unchanged, as an offer (RFC 4028 §7.4)."""

    def make_answer(self, port: PortId, offer: bytes) -> bytes:
        """Negotiate an offer and return the answer; also used for re-offers, which keep SRTP once there is any.

        Raises OfferRefused.
        """

    def accept_answer(self, port: PortId, answer: bytes) -> None:
        """Apply the peer's answer to our offer, early or final, again if it changes. Raises OfferRefused."""

    def direction(self, port: PortId) -> str:
        """What the peer does as of the last agreement: sendrecv, recvonly, or on hold sendonly or inactive."""

    def connect(self, one: PortId, other: PortId) -> None:
        """Join two ports, both ways; packets, telephone-events included, are relayed natively."""

    def disconnect(self, port: PortId) -> None:
        """Part a port from the port or mix that it is joined to; nothing happens when it stands alone."""

    def play(self, port: PortId, sound: Sound, *, loop: int = 1) -> PlaybackId:
        """Queue a sound, `loop` times (0: for ever); PlaybackFinished follows."""

    def play_digits(self, port: PortId, digits: str) -> PlaybackId:
        """Queue telephone-events for `0-9 A-D # *`, with w = 0.5 s and W = 1 s of pause; PlaybackFinished follows."""

    def play_ringback(self, port: PortId, country: str) -> PlaybackId:
        """Queue the endless ringing tone of a country (contract 1 §3.1 ringTone)."""

    def stop(self, port: PortId) -> None:
        """Drop everything queued or playing; PlaybackFinished(stopped=True) follows for each."""

    def tap(
        self, port: PortId, take: Callable[[TapBlock], None], *, block: float = 0.02, finds_voice: bool = False
    ) -> TapId:
        """Give `take` what passes through the port from now on, in blocks of a multiple of 20 ms.

        The end of the tap or of the port brings what is left as a shorter block. `take` must not raise or block.
        """

    def untap(self, tap: TapId) -> None:
        """End a tap; nothing happens when its port is gone."""

    def quality(self, port: PortId) -> Quality:
        """How the port's sound has come through so far."""

    def close(self, port: PortId) -> PortStatistics:
        """Release the port; no event comes from it any more."""
