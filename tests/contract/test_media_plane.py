"""What every calls.ports.MediaPlane does: the native plane over loopback and the fake in virtual time, one by one."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import pytest

from offhook.audio.errors import UnknownTone
from offhook.audio.tones import keys
from offhook.base.errors import IllegalInput
from offhook.calls.errors import MediaExhausted, OfferRefused, UnknownEdge
from offhook.calls.events import DigitPressed, MediaBegun, MediaEvent, MediaSilenced, PlaybackFinished, PortId
from offhook.calls.ports import MediaPlane, Sound
from offhook.media.engine import encode
from offhook.net.media_service import MediaEdge, MediaService, PlaneSettings
from offhook.sdp.codecs import PCMU
from offhook.testing.clock import run
from offhook.testing.far_end import FarEnd
from offhook.testing.plane import FakePlane

EDGE = "ashburn"
PORTS = 3
LOW = 31_000 + os.getpid() % 100 * 10  # two runs on one machine have ports of their own
SILENCE = 0.4
PATIENCE = 3.0
QUIET = bytes(160)
FRAME = 160
HALF_TENTH = Sound(samples=bytes(800))  # 50 ms

Event = TypeVar("Event", bound=MediaEvent)


class Peer(Protocol):
    """Who is at the other end of a port, and what it can be told to do."""

    def sdp(self) -> bytes:
        """Its offer or answer."""

    def sdp_without_events(self) -> bytes:
        """The same of a peer that has no telephone-event."""

    def speak(self, port: PortId) -> None:
        """Send sound."""

    def say(self, port: PortId, samples: bytes) -> None:
        """Send this sound, 16-bit samples at 8 kHz, all at once or as it goes."""

    def press(self, port: PortId, digit: str) -> None:
        """Press a key."""

    def rest(self, port: PortId, level: int) -> None:
        """Send comfort noise, and nothing else, from now on."""

    def be_silent(self, port: PortId) -> None:
        """Send nothing for as long as the plane waits."""


@dataclass(slots=True)
class Rig:
    """A plane under test, a peer for it, and what it has told."""

    plane: MediaPlane
    peer: Peer
    events: "asyncio.Queue[MediaEvent]" = field(default_factory=asyncio.Queue)
    passed: list[MediaEvent] = field(default_factory=list)

    def leg(self) -> PortId:
        """A port that has answered the peer's offer."""
        port = self.plane.open(EDGE)
        self.plane.make_answer(port, self.peer.sdp())
        return port

    async def next(self, kind: type[Event]) -> Event:
        """Wait for the next event of a kind; others are kept in `passed`."""
        async with asyncio.timeout(PATIENCE):
            while not isinstance(event := await self.events.get(), kind):
                self.passed.append(event)
        return event


class RealPeer:
    """A far end over UDP."""

    def __init__(self, far: FarEnd, plane: MediaService) -> None:
        self._far = far
        self._plane = plane
        self._rested: float | None = None

    def sdp(self) -> bytes:
        """Its offer or answer."""
        return self._far.sdp()

    def sdp_without_events(self) -> bytes:
        """From now on its keys are tones."""
        self._far.telephone_event = None
        return self._far.sdp()

    def speak(self, port: PortId) -> None:
        """Send sound; an offer of ours is how the port's number is learnt."""
        self._far.aim(self._plane.make_offer(port))
        self._far.send(QUIET)

    def say(self, port: PortId, samples: bytes) -> None:
        """Send it in one burst, which the port plays out evenly; after a rest at the time that it is."""
        if self._rested is not None:
            passed = round((asyncio.get_running_loop().time() - self._rested) * 50) * FRAME
            self._far.timestamp = (self._far.timestamp + passed) % 2**32
            self._rested = None
        self._far.aim(self._plane.repeat_offer(port))
        octets = encode(PCMU, samples)
        for start in range(0, len(octets), FRAME):
            self._far.send(octets[start : start + FRAME])

    def press(self, port: PortId, digit: str) -> None:
        """Press a key."""
        if self._far.telephone_event is None:
            self.say(port, keys(digit))
            return
        self.speak(port)
        self._far.press(digit)

    def rest(self, port: PortId, level: int) -> None:
        """Send one packet of it."""
        self._far.aim(self._plane.repeat_offer(port))
        self._far.rest(level)
        self._rested = asyncio.get_running_loop().time()

    def be_silent(self, port: PortId) -> None:
        """Nothing is sent anyway."""


class FakePeer:
    """What a test does to the fake."""

    def __init__(self, plane: FakePlane) -> None:
        self._plane = plane

    def sdp(self) -> bytes:
        """Its offer or answer."""
        with FarEnd() as far:
            return far.sdp()

    def sdp_without_events(self) -> bytes:
        """The same of a peer that has no telephone-event."""
        with FarEnd(telephone_event=None) as far:
            return far.sdp()

    def speak(self, port: PortId) -> None:
        """Send sound."""
        self._plane.hear(port)

    def say(self, port: PortId, samples: bytes) -> None:
        """Send it from now on."""
        self._plane.speak(port, samples)

    def press(self, port: PortId, digit: str) -> None:
        """Press a key."""
        self._plane.press(port, digit)

    def rest(self, port: PortId, level: int) -> None:
        """From now on."""
        self._plane.rest(port, level)

    def be_silent(self, port: PortId) -> None:
        """Send nothing for as long as the plane waits."""
        self._plane.fall_silent(port, SILENCE)


Scenario = Callable[[Rig], Coroutine[Any, Any, None]]
RunOn = Callable[[Scenario], None]


async def _on_native(scenario: Scenario, threads: int) -> None:
    edge = MediaEdge(address="127.0.0.1", low=LOW, high=LOW + 2 * PORTS - 1, advertise="127.0.0.1")
    rig = Rig(plane=None, peer=None)  # type: ignore[arg-type]
    settings = PlaneSettings(threads=threads, silence=SILENCE)
    plane = MediaService({EDGE: edge}, asyncio.get_running_loop(), rig.events.put_nowait, seed=1, settings=settings)
    with FarEnd() as far:
        rig.plane, rig.peer = plane, RealPeer(far, plane)
        try:
            await scenario(rig)
        finally:
            plane.shut_down()


async def _on_fake(scenario: Scenario) -> None:
    rig = Rig(plane=None, peer=None)  # type: ignore[arg-type]
    plane = FakePlane([EDGE], rig.events.put_nowait, limit=PORTS)
    rig.plane, rig.peer = plane, FakePeer(plane)
    await scenario(rig)


@pytest.fixture(params=[1, 3, "fake"], ids=["native", "three threads", "fake"])
def on_plane(request: pytest.FixtureRequest) -> RunOn:
    """Runs a scenario on one of the planes."""
    if request.param == "fake":
        return lambda scenario: run(_on_fake(scenario))
    return lambda scenario: asyncio.run(_on_native(scenario, request.param))


def test_keys_of_a_peer_without_events(on_plane: RunOn) -> None:
    """Its tones are keys, each once."""

    async def scenario(rig: Rig) -> None:
        port = rig.plane.open(EDGE)
        rig.plane.make_answer(port, rig.peer.sdp_without_events())
        for digit in "7*":
            rig.peer.press(port, digit)
        told = [await rig.next(DigitPressed) for _ in range(2)]
        assert [(event.digit, event.source) for event in told] == [("7", "inband"), ("*", "inband")]
        assert all(event.duration == pytest.approx(0.1, abs=0.03) for event in told)

    on_plane(scenario)


def test_an_unknown_edge_is_refused(on_plane: RunOn) -> None:
    """A port can only be opened on an edge of the configuration."""

    async def scenario(rig: Rig) -> None:
        with pytest.raises(UnknownEdge, match="atlantis"):
            rig.plane.open("atlantis")

    on_plane(scenario)


def test_ports_run_out_and_come_back(on_plane: RunOn) -> None:
    """A full edge refuses, and a closed port makes room."""

    async def scenario(rig: Rig) -> None:
        ports = [rig.plane.open(EDGE) for _ in range(PORTS)]
        with pytest.raises(MediaExhausted):
            rig.plane.open(EDGE)
        rig.plane.close(ports[1])
        assert rig.plane.open(EDGE) not in ports

    on_plane(scenario)


def test_a_closed_port_takes_no_command(on_plane: RunOn) -> None:
    """Every command to a closed port is a bug and raises."""

    async def scenario(rig: Rig) -> None:
        port, other = rig.leg(), rig.leg()
        rig.plane.close(port)
        commands: list[Callable[[], object]] = [
            lambda: rig.plane.make_offer(port),
            lambda: rig.plane.make_answer(port, rig.peer.sdp()),
            lambda: rig.plane.accept_answer(port, rig.peer.sdp()),
            lambda: rig.plane.connect(other, port),
            lambda: rig.plane.disconnect(port),
            lambda: rig.plane.play(port, HALF_TENTH),
            lambda: rig.plane.play_digits(port, "1"),
            lambda: rig.plane.play_ringback(port, "us"),
            lambda: rig.plane.stop(port),
            lambda: rig.plane.close(port),
        ]
        for command in commands:
            with pytest.raises(IllegalInput):
                command()

    on_plane(scenario)


def test_a_port_is_not_joined_to_itself(on_plane: RunOn) -> None:
    """Joining a port to itself is a bug and raises."""

    async def scenario(rig: Rig) -> None:
        port = rig.leg()
        with pytest.raises(IllegalInput):
            rig.plane.connect(port, port)

    on_plane(scenario)


@pytest.mark.parametrize(
    ("body", "error_code"),
    [(b"", 32103), (b"hello", 32102), (b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 18\r\n", 32102)],
    ids=["empty", "malformed", "nothing in common"],
)
def test_a_bad_offer_is_refused(on_plane: RunOn, body: bytes, error_code: int) -> None:
    """An offer or answer that cannot be used carries 488 and the API's code; the port lives on."""

    async def scenario(rig: Rig) -> None:
        port = rig.plane.open(EDGE)
        rig.plane.make_offer(port)
        for command in (rig.plane.make_answer, rig.plane.accept_answer):
            with pytest.raises(OfferRefused) as refused:
                command(port, body)
            assert (refused.value.sip_code, refused.value.error_code) == (488, error_code)
        rig.plane.accept_answer(port, rig.peer.sdp())

    on_plane(scenario)


def test_versions_of_a_session(on_plane: RunOn) -> None:
    """A new offer is a new version of the same session; the same answer again is not (RFC 3264 §8)."""

    async def scenario(rig: Rig) -> None:
        port = rig.plane.open(EDGE)
        answers = [rig.plane.make_answer(port, rig.peer.sdp()) for _ in range(2)]
        assert answers[0] == answers[1]
        offers = [rig.plane.make_offer(port).split(b"\r\n")[1].split() for _ in range(2)]
        assert offers[0][1] == offers[1][1]
        assert [int(offer[2]) for offer in offers] == [2, 3]

    on_plane(scenario)


@pytest.mark.parametrize("is_ours", [True, False])
def test_an_offer_that_changes_nothing(on_plane: RunOn, *, is_ours: bool) -> None:
    """RFC 4028 §7.4: a refresh says again what was said last, offer or answer, in the same version."""

    async def scenario(rig: Rig) -> None:
        port = rig.plane.open(EDGE)
        if is_ours:
            said = rig.plane.make_offer(port)
            rig.plane.accept_answer(port, rig.peer.sdp())
        else:
            said = rig.plane.make_answer(port, rig.peer.sdp().replace(b"a=sendrecv", b"a=sendonly"))
        assert [rig.plane.repeat_offer(port) for _ in range(2)] == [said, said]
        rig.plane.accept_answer(port, rig.peer.sdp())

    on_plane(scenario)


def test_a_sound_lasts_as_long_as_it_is(on_plane: RunOn) -> None:
    """A sound of 50 ms, three times, is over after 150 ms and not before."""

    async def scenario(rig: Rig) -> None:
        port = rig.leg()
        loop = asyncio.get_running_loop()
        began = loop.time()
        playback = rig.plane.play(port, HALF_TENTH, loop=3)
        assert await rig.next(PlaybackFinished) == PlaybackFinished(port=port, playback=playback, stopped=False)
        assert 0.12 < loop.time() - began < 1

    on_plane(scenario)


def test_a_wideband_sound_lasts_as_long_as_it_is(on_plane: RunOn) -> None:
    """A sound of another rate takes its own time, not that of its number of samples."""

    async def scenario(rig: Rig) -> None:
        port = rig.leg()
        loop = asyncio.get_running_loop()
        began = loop.time()
        rig.plane.play(port, Sound(samples=bytes(2 * 48_000 // 10), rate_hz=48_000))
        await rig.next(PlaybackFinished)
        assert 0.07 < loop.time() - began < 0.5

    on_plane(scenario)


def test_nothing_plays_before_the_answer(on_plane: RunOn) -> None:
    """What is queued while the peer has not answered waits for the answer."""

    async def scenario(rig: Rig) -> None:
        port = rig.plane.open(EDGE)
        rig.plane.make_offer(port)
        playback = rig.plane.play(port, HALF_TENTH)
        other = rig.leg()
        later = rig.plane.play(other, HALF_TENTH)
        assert (await rig.next(PlaybackFinished)).playback == later
        rig.plane.accept_answer(port, rig.peer.sdp())
        assert (await rig.next(PlaybackFinished)).playback == playback

    on_plane(scenario)


def test_stop_ends_everything_in_order(on_plane: RunOn) -> None:
    """Stop ends what plays and what waits, ringing included, each told as stopped; a new sound plays at once."""

    async def scenario(rig: Rig) -> None:
        port = rig.leg()
        playbacks = [
            rig.plane.play_ringback(port, "us"),
            rig.plane.play(port, HALF_TENTH, loop=0),
            rig.plane.play_digits(port, "12"),
        ]
        rig.plane.stop(port)
        told = [await rig.next(PlaybackFinished) for _ in playbacks]
        assert told == [PlaybackFinished(port=port, playback=playback, stopped=True) for playback in playbacks]
        following = rig.plane.play(port, HALF_TENTH)
        assert await rig.next(PlaybackFinished) == PlaybackFinished(port=port, playback=following, stopped=False)

    on_plane(scenario)


def test_an_empty_sound_is_over_at_once(on_plane: RunOn) -> None:
    """A sound without samples ends, even when it is to be played for ever."""

    async def scenario(rig: Rig) -> None:
        port = rig.leg()
        playback = rig.plane.play(port, Sound(samples=b""), loop=0)
        assert await rig.next(PlaybackFinished) == PlaybackFinished(port=port, playback=playback, stopped=False)

    on_plane(scenario)


@pytest.mark.slow
def test_digits_take_their_time(on_plane: RunOn) -> None:
    """Two digits and half a second of pause take 0.9 s."""

    async def scenario(rig: Rig) -> None:
        port = rig.leg()
        loop = asyncio.get_running_loop()
        began = loop.time()
        playback = rig.plane.play_digits(port, "1wA")
        assert (await rig.next(PlaybackFinished)).playback == playback
        assert 0.85 < loop.time() - began < 2

    on_plane(scenario)


def test_an_unknown_country_has_no_ringing_tone(on_plane: RunOn) -> None:
    """A country outside the table is an error at once."""

    async def scenario(rig: Rig) -> None:
        port = rig.leg()
        with pytest.raises(UnknownTone):
            rig.plane.play_ringback(port, "atlantis")

    on_plane(scenario)


def test_keys_are_told_one_by_one(on_plane: RunOn) -> None:
    """Each key that the peer presses is one event, with its length."""

    async def scenario(rig: Rig) -> None:
        port = rig.leg()
        for digit in "5#":
            rig.peer.press(port, digit)
        told = [await rig.next(DigitPressed) for _ in range(2)]
        assert told == [DigitPressed(port=port, digit=digit, source="rfc4733", duration=0.1) for digit in "5#"]

    on_plane(scenario)


def test_the_first_sound_is_told(on_plane: RunOn) -> None:
    """MediaBegun tells that the peer's packets have come, and from where."""

    async def scenario(rig: Rig) -> None:
        port = rig.leg()
        rig.peer.speak(port)
        begun = await rig.next(MediaBegun)
        assert begun.port == port
        assert ":" in begun.remote

    on_plane(scenario)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("direction", "told"),
    [("sendrecv", "sendrecv"), ("sendonly", "sendonly"), ("recvonly", "recvonly"), ("inactive", "inactive")],
)
def test_the_direction_of_a_peer(on_plane: RunOn, direction: str, told: str) -> None:
    """As the peer's newest offer has it; 0.0.0.0 wants no packets, whatever else is said (RFC 3264 §8.4)."""

    async def scenario(rig: Rig) -> None:
        port = rig.plane.open(EDGE)
        assert rig.plane.direction(port) == "sendrecv"
        rig.plane.make_answer(port, rig.peer.sdp().replace(b"a=sendrecv", f"a={direction}".encode()))
        assert rig.plane.direction(port) == told
        rig.plane.make_answer(port, rig.peer.sdp().replace(b"c=IN IP4 127.0.0.1", b"c=IN IP4 0.0.0.0"))
        assert rig.plane.direction(port) == "sendonly"
        rig.plane.make_answer(port, rig.peer.sdp())
        assert rig.plane.direction(port) == "sendrecv"

    on_plane(scenario)


def test_silence_is_told(on_plane: RunOn) -> None:
    """MediaSilenced tells that nothing has come for the set time."""

    async def scenario(rig: Rig) -> None:
        port = rig.leg()
        rig.peer.be_silent(port)
        assert await rig.next(MediaSilenced) == MediaSilenced(port=port, silence=SILENCE)

    on_plane(scenario)


def test_nothing_is_told_of_a_closed_port(on_plane: RunOn) -> None:
    """What was on its way when a port was closed is not told any more."""

    async def scenario(rig: Rig) -> None:
        port, other = rig.leg(), rig.leg()
        rig.plane.play(port, HALF_TENTH, loop=0)
        rig.plane.stop(port)
        rig.peer.press(port, "1")
        rig.plane.connect(port, other)
        rig.plane.close(port)
        rig.plane.play(other, HALF_TENTH)
        assert (await rig.next(PlaybackFinished)).port == other
        assert all(event.port == other for event in rig.passed)

    on_plane(scenario)


def test_statistics_name_the_codec(on_plane: RunOn) -> None:
    """At its end a port says which codec was agreed; one that never agreed says none."""

    async def scenario(rig: Rig) -> None:
        assert rig.plane.close(rig.leg()).codec == "PCMU"
        assert not rig.plane.close(rig.plane.open(EDGE)).codec

    on_plane(scenario)


def test_joining_and_parting(on_plane: RunOn) -> None:
    """Ports may be joined anew, parted twice, and closed while joined."""

    async def scenario(rig: Rig) -> None:
        one, two, three = rig.leg(), rig.leg(), rig.leg()
        rig.plane.connect(one, two)
        rig.plane.connect(two, three)
        rig.plane.disconnect(one)
        rig.plane.disconnect(three)
        rig.plane.disconnect(three)
        rig.plane.connect(one, three)
        for port in (one, two, three):
            rig.plane.close(port)

    on_plane(scenario)
