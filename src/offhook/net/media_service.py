"""calls.ports.MediaPlane over media.Engine: ports by edge, errors and events in the words of calls."""

import asyncio
import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from offhook.audio.resample import to_telephone
from offhook.audio.tones import keys, ringing
from offhook.base.errors import IllegalInput
from offhook.calls.errors import MediaExhausted, OfferRefused, UnknownEdge
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
from offhook.calls.ports import PortStatistics, Quality, Reception, Sound, SrtpPolicy, TapBlock
from offhook.media.engine import Engine
from offhook.media.engines import Engines
from offhook.media.errors import PortsExhausted
from offhook.media.events import FramesTapped, KeyReleased, PlaybackEnded, SourceLatched, SourceSilenced
from offhook.media.lateness import Lateness
from offhook.media.negotiation import Negotiation
from offhook.media.quality import Heard, PortQuality
from offhook.net.media_mixes import MediaMixes
from offhook.net.port_taps import PortTaps
from offhook.sdp.codecs import G711, Codec
from offhook.sdp.crypto import SrtpUse
from offhook.sdp.errors import MissingDescription, SdpError, SrtpNotAccepted, SrtpRequired
from offhook.sdp.negotiate import Agreement, choose
from offhook.sdp.parse import parse

DEFAULT_SILENCE = 60.0  # seconds; the contract gives no figure (contract 1 §2.6), one minute outlasts any hold of RTP


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaEdge:
    """Where an edge's media ports are bound, between which numbers, and which address its SDP shows."""

    address: str
    low: int = 10_000
    high: int = 19_999
    advertise: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneSettings:
    """How many native threads there are, and how many seconds without a packet make MediaSilenced.

    `codecs` are those of audio that may be used, the best first.
    """

    threads: int = 1
    silence: float = DEFAULT_SILENCE
    codecs: tuple[Codec, ...] = G711


DEFAULT_SETTINGS = PlaneSettings()


class MediaService:
    """The media plane of one event loop; `sink` is told what happens, in order, on that loop.

    `seed` makes port numbers, SSRCs and SDP session ids: unpredictable when it is (secrets.randbits), repeatable in
    tests. `random_octets` makes the keys of SRTP. Raises CodecUnavailable.
    """

    def __init__(
        self,
        edges: Mapping[str, MediaEdge],
        loop: asyncio.AbstractEventLoop,
        sink: Callable[[MediaEvent], None],
        *,
        seed: int,
        settings: PlaneSettings = DEFAULT_SETTINGS,
        random_octets: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._codecs = settings.codecs
        self._edges = dict(edges)
        self._loop = loop
        self._sink = sink
        self._random = random.Random(seed)  # noqa: S311 - RFC 3550 asks for unlikely, not for secret numbers
        self._engines = Engines(
            seed=self._random.getrandbits(64),
            silence=settings.silence,
            threads=settings.threads,
            codecs=settings.codecs,
        )
        self._random_octets = random_octets
        self._ports: dict[int, Negotiation] = {}
        self.mixes = MediaMixes(self._engines, self._ports)
        self._playbacks = 0
        self._taps: dict[int, PortTaps] = {}
        self._last_tap = 0
        for engine in self._engines.threads:
            loop.add_reader(engine.fileno(), self._deliver, engine)

    def shut_down(self) -> None:
        """End the plane's thread and release every port; nothing may be commanded afterwards."""
        for engine in self._engines.threads:
            self._loop.remove_reader(engine.fileno())
        self._engines.shut_down()
        self._ports.clear()

    def lateness(self) -> tuple[Lateness, ...]:
        """How the 20 ms tick of each thread has kept time."""
        return self._engines.lateness()

    @property
    def open_ports(self) -> int:
        """How many ports are in use."""
        return len(self._ports)

    # --- calls.ports.MediaPlane ----------------------------------------------------------------------------------

    def open(self, edge: str, *, srtp: SrtpPolicy = SrtpPolicy.ACCEPTED) -> PortId:
        """Bind an RTP and RTCP port pair on the edge's media address. Raises MediaExhausted, UnknownEdge."""
        place = self._edges.get(edge)
        if place is None:
            raise UnknownEdge(f"expected one of {', '.join(self._edges)}, got {edge!r:.60}")
        start = self._random.randint(place.low, place.high)
        try:
            port, number = self._engines.open(place.address, place.low, place.high, start)
        except PortsExhausted as error:
            raise MediaExhausted(f"edge {edge}: {error}") from error
        session_id = self._random.getrandbits(62)  # numeric, and below 2**63 for those who read it signed
        self._ports[port] = Negotiation(
            address=place.advertise or place.address,
            port=number,
            session_id=session_id,
            random_octets=self._random_octets,
            srtp=SrtpUse(srtp.value),
            codecs=self._codecs,
        )
        return PortId(port)

    def check_offer(self, offer: bytes, srtp: SrtpPolicy) -> None:
        """Raise OfferRefused (32207, 32208) for an offer that this policy forbids; others are judged by make_answer."""
        check_offer(offer, srtp, self._codecs)

    def make_offer(self, port: PortId, *, is_secure: bool = False) -> bytes:
        """The SDP that offers our codecs and telephone-event from this port, as SRTP when `is_secure` or already so."""
        return self._port(port).make_offer(is_secure=is_secure)

    def repeat_offer(self, port: PortId) -> bytes:
        """The SDP that was sent last, unchanged, as an offer (RFC 4028 §7.4)."""
        return self._port(port).repeat_offer()

    def make_answer(self, port: PortId, offer: bytes) -> bytes:
        """Negotiate an offer and return the answer; also used for re-offers. Raises OfferRefused."""
        try:
            answer = self._port(port).make_answer(offer)
        except SdpError as error:
            raise refused(error) from error
        self._agree(port)
        return answer

    def accept_answer(self, port: PortId, answer: bytes) -> None:
        """Apply the peer's answer to our offer, early or final, again if it changes. Raises OfferRefused."""
        try:
            self._port(port).accept_answer(answer)
        except SdpError as error:
            raise refused(error) from error
        self._agree(port)

    def direction(self, port: PortId) -> str:
        """What the peer does as of the last agreement: sendrecv, recvonly, or on hold sendonly or inactive."""
        return self._port(port).peer_direction

    def connect(self, one: PortId, other: PortId) -> None:
        """Join two ports, both ways; packets, telephone-events included, are relayed natively."""
        self._port(one)
        self._port(other)
        if one == other:
            raise IllegalInput(f"port {one} cannot be joined to itself")
        self._engines.connect(one, other)

    def disconnect(self, port: PortId) -> None:
        """Part a port from whatever it is joined to; nothing happens when it stands alone."""
        self._port(port)
        self._engines.of(port).disconnect(port)

    def play(self, port: PortId, sound: Sound, *, loop: int = 1) -> PlaybackId:
        """Queue a sound, `loop` times (0: for ever); PlaybackFinished follows."""
        self._port(port)
        return self._play(port, to_telephone(sound.samples, sound.rate_hz), loop)

    def play_digits(self, port: PortId, digits: str) -> PlaybackId:
        """Queue telephone-events, or their tones when the peer takes none; PlaybackFinished follows."""
        agreement = self._port(port).agreement
        if agreement is not None and agreement.telephone_event is None:
            return self._play(port, keys(digits), 1)
        playback = self._next_playback()
        self._engines.of(port).play_digits(port, playback, digits)
        return playback

    def play_ringback(self, port: PortId, country: str) -> PlaybackId:
        """Queue the endless ringing tone of a country (contract 1 §3.1 ringTone)."""
        self._port(port)
        return self._play(port, ringing(country), 0)

    def stop(self, port: PortId) -> None:
        """Drop everything queued or playing; PlaybackFinished(stopped=True) follows for each."""
        self._port(port)
        self._engines.of(port).stop(port)

    def tap(
        self, port: PortId, take: Callable[[TapBlock], None], *, block: float = 0.02, finds_voice: bool = False
    ) -> TapId:
        """Give `take` what passes through the port from now on, in blocks of a multiple of 20 ms."""
        self._port(port)
        taps = self._taps.setdefault(port, PortTaps())
        self._catch_up(port, taps)
        self._last_tap += 1
        taps.add(TapId(self._last_tap), take, block, finds_voice=finds_voice)
        self._engines.of(port).tap(port, taps.wanted)
        return TapId(self._last_tap)

    def untap(self, tap: TapId) -> None:
        """End a tap; nothing happens when its port is gone."""
        port = next((port for port, taps in self._taps.items() if tap in taps), None)
        if port is None:
            return
        taps = self._taps[port]
        self._catch_up(port, taps)
        taps.remove(tap)
        if taps:
            self._engines.of(port).tap(port, taps.wanted)
        else:
            del self._taps[port]
            self._engines.of(port).untap(port)

    def quality(self, port: PortId) -> Quality:
        """How the port's sound has come through so far."""
        self._port(port)
        told = self._engines.of(port).quality(port)
        return Quality(
            inbound=_reception(told, told.inbound),
            outbound=None if told.outbound is None else _reception(told, told.outbound),
            round_trip_ms=None if told.round_trip is None else told.round_trip * 1000,
        )

    def close(self, port: PortId) -> PortStatistics:
        """Release the port; no event comes from it any more."""
        agreement = self._port(port).agreement
        taps = self._taps.pop(port, None)
        if taps is not None:
            self._catch_up(port, taps)
            taps.end()
        quality = self.quality(port)
        del self._ports[port]
        report = self._engines.close(port)
        return PortStatistics(
            packets_received=report.received,
            packets_sent=report.sent,
            packets_lost=report.lost,
            jitter_ms=report.jitter_ms,
            codec=agreement.codec.name if agreement is not None else "",
            remote=report.remote,
            srtp=suite_of(agreement),
            packets_unauthenticated=report.unauthenticated,
            quality=quality,
        )

    # --- within --------------------------------------------------------------------------------------------------

    def _port(self, port: PortId) -> Negotiation:
        found = self._ports.get(port)
        if found is None:
            raise IllegalInput(f"no media port {port} is open")
        return found

    def _agree(self, port: PortId) -> None:
        agreement = self._ports[port].agreement
        if agreement is not None:
            self._engines.of(port).agree(port, agreement)

    def _next_playback(self) -> PlaybackId:
        self._playbacks += 1
        return PlaybackId(self._playbacks)

    def _play(self, port: PortId, samples: bytes, loop: int) -> PlaybackId:
        playback = self._next_playback()
        self._engines.of(port).play(port, playback, samples, loop)
        return playback

    def _deliver(self, engine: Engine) -> None:
        for event in engine.drain():
            if event.port not in self._ports:
                self.mixes.receive(event)
                continue  # those of a closed port may still have waited in the queue
            if isinstance(event, FramesTapped):
                self._catch_up(event.port, self._taps.get(event.port))
            else:
                self._sink(_translate(event))

    def _catch_up(self, port: int, taps: PortTaps | None) -> None:
        """Give a port's listeners all that has passed so far."""
        if taps:
            taps.feed(*self._engines.of(port).hear(port))


def refused(error: SdpError) -> OfferRefused:
    """What calls are told of an SDP that cannot be used, with the API's code (contract 1 §8.5)."""
    codes = {MissingDescription: 32103, SrtpNotAccepted: 32207, SrtpRequired: 32208}
    return OfferRefused(str(error), codes.get(type(error), 32102))


def check_offer(offer: bytes, srtp: SrtpPolicy, codecs: tuple[Codec, ...] = G711) -> None:
    """What both planes do to judge an offer before there is a port for it. Raises OfferRefused."""
    try:
        choose(parse(offer), SrtpUse(srtp.value), codecs)
    except (SrtpNotAccepted, SrtpRequired) as error:
        raise refused(error) from error
    except SdpError:
        return


def suite_of(agreement: Agreement | None) -> str:
    """The SRTP suite that was agreed, "" for RTP in the clear."""
    return agreement.security.suite.value if agreement is not None and agreement.security is not None else ""


def _reception(told: PortQuality, heard: Heard) -> Reception:
    return Reception(
        packets_lost=heard.lost, loss=heard.loss, jitter_ms=heard.jitter * 1000, mos=round(told.mos(heard), 2)
    )


def _translate(event: KeyReleased | PlaybackEnded | SourceLatched | SourceSilenced) -> MediaEvent:
    port = PortId(event.port)
    if isinstance(event, KeyReleased):
        source = "inband" if event.is_tone else "rfc4733"
        return DigitPressed(port=port, digit=event.digit, source=source, duration=event.duration)
    if isinstance(event, PlaybackEnded):
        return PlaybackFinished(port=port, playback=PlaybackId(event.playback), stopped=event.stopped)
    if isinstance(event, SourceLatched):
        return MediaBegun(port=port, remote=event.remote)
    return MediaSilenced(port=port, silence=event.silence)
