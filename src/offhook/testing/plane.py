"""A media plane without packets, in the loop's time: the verified fake of calls.ports.MediaPlane.

Playbacks last as long as their sound, SDP is negotiated for real, and a test presses the keys. The contract tests in
tests/contract run on it and on net.media_service alike.
"""

import asyncio
import math
import random
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from offhook.audio.resample import to_telephone
from offhook.audio.tones import ringing
from offhook.base.errors import IllegalInput
from offhook.calls.errors import MediaExhausted, UnknownEdge
from offhook.calls.events import (
    DigitPressed,
    MediaBegun,
    MediaEvent,
    MediaSilenced,
    PlaybackFinished,
    PlaybackId,
    PortId,
    TapId,
)
from offhook.calls.ports import PortStatistics, Quality, Sound, SrtpPolicy, TapBlock
from offhook.media.negotiation import Negotiation
from offhook.media.voice import VoiceFinder
from offhook.net.media_service import check_offer, refused, suite_of
from offhook.sdp.crypto import SrtpUse
from offhook.sdp.errors import SdpError
from offhook.testing.air import Air
from offhook.testing.fake_mix import FakeMixes
from offhook.testing.fake_tap import FakeTap

_PAUSES = {"w": 0.5, "W": 1.0}
_NOISE_SAMPLES = 8000  # a second, which is repeated
_KEY_LENGTH = 0.2  # 100 ms of tone, 100 ms of gap


@dataclass(frozen=True, slots=True, kw_only=True)
class FakePlayback:
    """What was given to play: a sound, digits, or the ringing tone of a country; `duration` is None for ever."""

    playback: PlaybackId
    duration: float | None
    sound: Sound | None = None
    digits: str = ""
    country: str = ""
    loop: int = 1


@dataclass(slots=True, kw_only=True)
class FakePort:
    """One open or closed port as a test sees it; `played` holds everything it was ever given."""

    port: PortId
    edge: str
    negotiation: Negotiation
    is_open: bool = True
    partner: PortId | None = None
    played: list[FakePlayback] = field(default_factory=list)
    queue: deque[FakePlayback] = field(default_factory=deque)
    timer: asyncio.TimerHandle | None = None
    spoken: Air = field(default_factory=Air)  # by the peer
    sent: Air = field(default_factory=Air)  # to the peer, from what was given to play
    taps: dict[TapId, FakeTap] = field(default_factory=dict)
    quality: Quality = field(default_factory=Quality)  # what a test says of it

    @property
    def is_agreed(self) -> bool:
        """Whether offer and answer have met."""
        return self.negotiation.agreement is not None


class FakePlane:
    """Ports on named edges, `limit` of them at most; what happens is told to `sink` from the running loop."""

    def __init__(self, edges: Sequence[str], sink: Callable[[MediaEvent], None], *, limit: int = 1000) -> None:
        self._edges = tuple(edges)
        self._sink = sink
        self._limit = limit
        self._playbacks = 0
        self._taps = 0
        self._random = random.Random(20260105)  # noqa: S311 - keys that are the same in every run of a test
        self.ports: dict[PortId, FakePort] = {}
        self.mixes = FakeMixes(
            lambda port: self._open_port(port).spoken, lambda port: self._part(self._open_port(port))
        )

    # --- what a test does and sees -------------------------------------------------------------------------------

    @property
    def open_ports(self) -> list[FakePort]:
        """The ports that have not been closed."""
        return [port for port in self.ports.values() if port.is_open]

    def assert_no_ports(self) -> None:
        """Fail when a port has leaked."""
        left = [f"{port.port} on {port.edge}" for port in self.open_ports]
        if left:
            raise AssertionError(f"media ports left open: {', '.join(left)}")

    def press(self, port: PortId, digits: str, duration: float = 0.1) -> None:
        """Let the peer press keys: as telephone-events, or as tones when it has none."""
        agreement = self._open_port(port).negotiation.agreement
        source = "inband" if agreement is not None and agreement.telephone_event is None else "rfc4733"
        for digit in digits:
            self._tell(DigitPressed(port=port, digit=digit, source=source, duration=duration))

    def speak(self, port: PortId, samples: bytes) -> None:
        """Let the peer say this from now on: 16-bit little-endian mono at 8 kHz."""
        self._open_port(port).spoken.say(asyncio.get_running_loop().time(), samples)

    def rest(self, port: PortId, level: int) -> None:
        """Let the peer send comfort noise of -`level` dBov, which is heard from now on wherever it says nothing."""
        most = round(32_768 * math.sqrt(3) * 10 ** (-level / 20))
        noise = array("h", (self._random.randint(-most, most) for _ in range(_NOISE_SAMPLES)))
        self._open_port(port).spoken.rest(asyncio.get_running_loop().time(), noise.tobytes())

    def hear(self, port: PortId, remote: str = "192.0.2.1:4000") -> None:
        """Let the peer's first packet come."""
        self._open_port(port)
        self._tell(MediaBegun(port=port, remote=remote))

    def fall_silent(self, port: PortId, silence: float = 60.0) -> None:
        """Let the peer's packets stay away."""
        self._open_port(port)
        self._tell(MediaSilenced(port=port, silence=silence))

    def connected(self, port: PortId) -> PortId | None:
        """Which port this one is joined to."""
        return self.ports[port].partner

    # --- calls.ports.MediaPlane ----------------------------------------------------------------------------------

    def open(self, edge: str, *, srtp: SrtpPolicy = SrtpPolicy.ACCEPTED) -> PortId:
        """Take a port number. Raises MediaExhausted, UnknownEdge."""
        if edge not in self._edges:
            raise UnknownEdge(f"expected one of {', '.join(self._edges)}, got {edge!r}")
        if len(self.open_ports) >= self._limit:
            raise MediaExhausted(f"edge {edge}: all {self._limit} ports are in use")
        port = PortId(len(self.ports) + 1)
        negotiation = Negotiation(
            address="192.0.2.100",
            port=10_000 + 2 * (port % 20_000),
            session_id=port,
            random_octets=self._random.randbytes,
            srtp=SrtpUse(srtp.value),
        )
        self.ports[port] = FakePort(port=port, edge=edge, negotiation=negotiation)
        return port

    def check_offer(self, offer: bytes, srtp: SrtpPolicy) -> None:
        """Raise OfferRefused for an offer that this policy forbids."""
        check_offer(offer, srtp)

    def make_offer(self, port: PortId, *, is_secure: bool = False) -> bytes:
        """The SDP that offers PCMU, PCMA and telephone-event from this port, as SRTP when `is_secure` or already so."""
        return self._open_port(port).negotiation.make_offer(is_secure=is_secure)

    def repeat_offer(self, port: PortId) -> bytes:
        """The SDP that was sent last, unchanged, as an offer."""
        return self._open_port(port).negotiation.repeat_offer()

    def make_answer(self, port: PortId, offer: bytes) -> bytes:
        """Negotiate an offer and return the answer. Raises OfferRefused."""
        found = self._open_port(port)
        try:
            answer = found.negotiation.make_answer(offer)
        except SdpError as error:
            raise refused(error) from error
        self._begin(found)
        return answer

    def accept_answer(self, port: PortId, answer: bytes) -> None:
        """Apply the peer's answer to our offer. Raises OfferRefused."""
        found = self._open_port(port)
        try:
            found.negotiation.accept_answer(answer)
        except SdpError as error:
            raise refused(error) from error
        self._begin(found)

    def direction(self, port: PortId) -> str:
        """What the peer does as of the last agreement."""
        return self._open_port(port).negotiation.peer_direction

    def connect(self, one: PortId, other: PortId) -> None:
        """Join two ports."""
        first, second = self._open_port(one), self._open_port(other)
        if first is second:
            raise IllegalInput(f"port {one} cannot be joined to itself")
        self._part(first)
        self._part(second)
        first.partner, second.partner = other, one

    def disconnect(self, port: PortId) -> None:
        """Part a port from whatever it is joined to."""
        self._part(self._open_port(port))

    def play(self, port: PortId, sound: Sound, *, loop: int = 1) -> PlaybackId:
        """Queue a sound; PlaybackFinished follows after its duration."""
        duration = None if loop == 0 and sound.samples else sound.duration * loop
        return self._queue(port, FakePlayback(playback=self._next(), duration=duration, sound=sound, loop=loop))

    def play_digits(self, port: PortId, digits: str) -> PlaybackId:
        """Queue digits; each lasts 0.2 s, w 0.5 s, W 1 s."""
        duration = sum(_PAUSES.get(digit, _KEY_LENGTH) for digit in digits)
        return self._queue(port, FakePlayback(playback=self._next(), duration=duration, digits=digits))

    def play_ringback(self, port: PortId, country: str) -> PlaybackId:
        """Queue the endless ringing tone of a country."""
        ringing(country)
        return self._queue(port, FakePlayback(playback=self._next(), duration=None, country=country, loop=0))

    def stop(self, port: PortId) -> None:
        """Drop everything queued or playing."""
        found = self._open_port(port)
        self._cancel(found)
        found.sent.hush(asyncio.get_running_loop().time())
        while found.queue:
            self._tell(PlaybackFinished(port=port, playback=found.queue.popleft().playback, stopped=True))

    def tap(
        self, port: PortId, take: Callable[[TapBlock], None], *, block: float = 0.02, finds_voice: bool = False
    ) -> TapId:
        """Give `take` what passes through the port from now on."""
        found = self._open_port(port)

        def listen(start: float, end: float) -> tuple[bytes, bytes, bool, bool]:
            inbound, is_received = found.spoken.heard(start, end)
            outbound, is_playing = found.sent.heard(start, end)
            if not is_playing:
                outbound = self._relayed(found, start, end)
            return inbound, outbound, is_received, found.spoken.is_resting(start, end)

        self._taps += 1
        found.taps[TapId(self._taps)] = FakeTap(listen, take, block, VoiceFinder() if finds_voice else None)
        return TapId(self._taps)

    def untap(self, tap: TapId) -> None:
        """End a tap; nothing happens when its port is gone."""
        for port in self.ports.values():
            if tap in port.taps:
                port.taps.pop(tap).end()

    def quality(self, port: PortId) -> Quality:
        """How the port's sound has come through so far: as a test has it."""
        return self._open_port(port).quality

    def close(self, port: PortId) -> PortStatistics:
        """Release the port."""
        found = self._open_port(port)
        for tap in tuple(found.taps):
            self.untap(tap)
        self._cancel(found)
        self._part(found)
        found.queue.clear()
        found.is_open = False
        agreement = found.negotiation.agreement
        codec = agreement.codec.name if agreement else ""
        return PortStatistics(codec=codec, srtp=suite_of(agreement), quality=found.quality)

    # --- within --------------------------------------------------------------------------------------------------

    def _open_port(self, port: PortId) -> FakePort:
        found = self.ports.get(port)
        if found is None or not found.is_open:
            raise IllegalInput(f"no media port {port} is open")
        return found

    def _tell(self, event: MediaEvent) -> None:
        # Later, as from the real plane: nobody is told something from within their own command.
        asyncio.get_running_loop().call_soon(self._deliver, event)

    def _deliver(self, event: MediaEvent) -> None:
        if self.ports[event.port].is_open:
            self._sink(event)

    def _relayed(self, port: FakePort, start: float, end: float) -> bytes:
        """What a port is sent of others while nothing is played to it."""
        mix = self.mixes.heard(port.port, start, end)
        if mix is not None:
            return mix
        if port.partner is not None:
            return self.ports[port.partner].spoken.heard(start, end)[0]
        return bytes(2 * round((end - start) * 8000))

    def _part(self, port: FakePort) -> None:
        self.mixes.leave(port.port)
        if port.partner is not None:
            self.ports[port.partner].partner = None
            port.partner = None

    def _next(self) -> PlaybackId:
        self._playbacks += 1
        return PlaybackId(self._playbacks)

    def _queue(self, port: PortId, playback: FakePlayback) -> PlaybackId:
        found = self._open_port(port)
        found.played.append(playback)
        found.queue.append(playback)
        self._begin(found)
        return playback.playback

    def _begin(self, port: FakePort) -> None:
        """Start the clock of the queue's head; nothing plays before offer and answer have met."""
        if port.timer is not None or not port.queue or not port.is_agreed:
            return
        head = port.queue[0]
        duration = head.duration
        if head.sound is not None:
            samples = to_telephone(head.sound.samples, head.sound.rate_hz)
            port.sent.say(asyncio.get_running_loop().time(), samples, times=head.loop or math.inf)
        if duration is not None:
            port.timer = asyncio.get_running_loop().call_later(duration, self._finish, port)

    def _finish(self, port: FakePort) -> None:
        port.timer = None
        self._tell(PlaybackFinished(port=port.port, playback=port.queue.popleft().playback, stopped=False))
        self._begin(port)

    @staticmethod
    def _cancel(port: FakePort) -> None:
        if port.timer is not None:
            port.timer.cancel()
            port.timer = None
