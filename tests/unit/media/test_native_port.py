"""One port on loopback: playing, keys, latching, silence, statistics and hostile packets."""

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest
from media_bench import SILENCE, Bench, running_bench

from offhook.audio.measure import loudest_tone
from offhook.audio.tones import tone
from offhook.media.engine import decode
from offhook.media.errors import PortsExhausted
from offhook.media.events import KeyReleased, PlaneEvent, PlaybackEnded, SourceLatched, SourceSilenced
from offhook.rtp.packet import RtpPacket
from offhook.rtp.telephone_event import parse as parse_event
from offhook.sdp.codecs import PCMA, PCMU
from offhook.testing.far_end import FarEnd

QUIET = b"\xff" * 160


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine of this test's own."""
    with running_bench() as running:
        yield running


def _digit(event: PlaneEvent) -> str:
    assert isinstance(event, KeyReleased)
    return event.digit


def _latched(bench: Bench, far: FarEnd) -> int:
    port = bench.leg(far)
    far.send(QUIET)
    bench.expect_kind(SourceLatched, port)
    return port


def test_an_idle_port_sends_silence(bench: Bench) -> None:
    """A port that has agreed and stands alone sends a frame of silence each tick, in order."""
    far = bench.far()
    bench.leg(far)
    packets = [far.receive() for _ in range(5)]
    assert {packet.payload for packet in packets} == {QUIET}
    assert all((after.sequence - before.sequence) % 2**16 == 1 for before, after in pairwise(packets))
    assert all((after.timestamp - before.timestamp) % 2**32 == 160 for before, after in pairwise(packets))
    assert [packet.marker for packet in packets] == [True, False, False, False, False]


@pytest.mark.slow
@pytest.mark.parametrize(("law", "payload_type"), [(PCMU, 0), (PCMA, 8)])
def test_a_sound_arrives_as_it_was(bench: Bench, law: object, payload_type: int) -> None:
    """A tone played to a peer of either law is measured there at its frequency and level."""
    codec = PCMU if law == PCMU else PCMA
    far = bench.far(formats=(payload_type,))
    port = bench.leg(far)
    bench.engine.play(port, 5, tone((620.0,), 0.3, level_dbfs=-12), 1)
    quiet = far.receive().payload
    heard = b""
    while len(heard) < 15 * 160:
        packet = far.receive()
        assert packet.payload_type == payload_type
        if heard or packet.payload != quiet:
            heard += packet.payload
    frequency_hz, level_dbfs = loudest_tone(decode(codec, heard[: 14 * 160]))
    assert abs(frequency_hz - 620) < 2
    assert abs(level_dbfs + 12) < 1
    ended = bench.expect_kind(PlaybackEnded, port)
    assert ended == PlaybackEnded(port=port, playback=5, stopped=False)


def test_loops_run_without_a_seam(bench: Bench) -> None:
    """A sound shorter than a frame, looped, fills frames over its seams, so often and no more."""
    far = bench.far()
    port = bench.leg(far)
    bench.engine.play(port, 1, b"\x00\x10" * 100, 8)  # 800 samples: five frames
    packets: list[RtpPacket] = []
    while len(packets) < 5:
        packet = far.receive()
        if packet.payload != QUIET:
            packets.append(packet)
    assert len({packet.payload for packet in packets}) == 1
    assert far.receive().payload == QUIET


def test_a_queue_plays_in_order_and_stops_as_one(bench: Bench) -> None:
    """Playbacks end in the order they were queued; stop ends the rest, the endless one included, at once."""
    far = bench.far()
    port = bench.leg(far)
    for playback, loop in ((1, 1), (2, 0), (3, 1)):
        bench.engine.play(port, playback, b"\x00\x10" * 320, loop)
    first = bench.expect_kind(PlaybackEnded, port)
    bench.engine.stop(port)
    rest = [bench.expect_kind(PlaybackEnded, port) for _ in range(2)]
    assert [first, *rest] == [
        PlaybackEnded(port=port, playback=1, stopped=False),
        PlaybackEnded(port=port, playback=2, stopped=True),
        PlaybackEnded(port=port, playback=3, stopped=True),
    ]


@pytest.mark.slow
def test_digits_are_played_as_telephone_events(bench: Bench) -> None:
    """Each key: a marker on its first packet, growing durations, one timestamp, three end packets (RFC 4733 §2.5.1)."""
    far = bench.far(telephone_event=97)
    port = bench.leg(far)
    bench.engine.play_digits(port, 9, "5#")
    packets: list[RtpPacket] = []
    while len(packets) < 14:
        packet = far.receive()
        if packet.payload_type == 97:
            packets.append(packet)
    for key, digit in ((packets[:7], "5"), (packets[7:], "#")):
        events = [parse_event(packet.payload) for packet in key]
        assert {event.digit for event in events} == {digit}
        assert [event.duration for event in events] == [160, 320, 480, 640, 800, 800, 800]
        assert [event.is_end for event in events] == [False] * 4 + [True] * 3
        assert [packet.marker for packet in key] == [True] + [False] * 6
        assert len({packet.timestamp for packet in key}) == 1
    assert (packets[7].timestamp - packets[0].timestamp) % 2**32 == 1600
    assert bench.expect_kind(PlaybackEnded, port) == PlaybackEnded(port=port, playback=9, stopped=False)


@pytest.mark.parametrize(
    "drop",
    [(), (0,), (0, 1, 2, 3), (5, 6), (4, 5), (1, 2, 3, 4, 5, 6), (4, 5, 6)],
    ids=["whole", "no marker", "ends only", "one end", "last end", "first only", "no end"],
)
def test_a_key_is_told_once_whatever_is_lost(bench: Bench, drop: tuple[int, ...]) -> None:
    """One press is one event with any of its packets missing, and the next press of the same key is another."""
    far = bench.far()
    port = _latched(bench, far)
    far.press("3", drop=drop)
    far.press("3")
    far.press("4")
    assert [_digit(bench.expect_kind(KeyReleased, port)) for _ in range(3)] == ["3", "3", "4"]
    assert not any(isinstance(event, KeyReleased) for event in bench.waiting + bench.engine.drain())


def test_a_key_without_its_end_is_let_go_after_a_while(bench: Bench) -> None:
    """When every end packet is lost and nothing follows, the key is told all the same."""
    far = bench.far()
    port = _latched(bench, far)
    far.press("*", drop=(4, 5, 6))
    event = bench.expect_kind(KeyReleased, port)
    assert event == KeyReleased(port=port, digit="*", duration=0.08)


def test_a_flood_of_keys_is_bounded(bench: Bench) -> None:
    """A peer that presses thousands of keys in no time is told of a few dozen."""
    far = bench.far()
    port = _latched(bench, far)
    for number in range(2000):
        far.press(str(number % 10), drop=range(5))
    far.send(QUIET, payload_type=0)
    far.press("D")
    report = bench.engine.close(port)
    told = [event for event in bench.waiting + bench.engine.drain() if isinstance(event, KeyReleased)]
    assert report.received > 0
    assert 0 < len(told) < 100


def test_packets_from_the_announced_address_are_believed_at_once(bench: Bench) -> None:
    """The first packet from where SDP said tells SourceLatched with that address."""
    far = bench.far()
    port = bench.leg(far)
    far.send(QUIET)
    assert bench.expect_kind(SourceLatched, port) == SourceLatched(port=port, remote=f"127.0.0.1:{far.number}")


def test_a_peer_behind_nat_is_answered_where_it_sends_from(bench: Bench) -> None:
    """When nothing comes from the announced address, a steady source elsewhere takes its place (RFC 4961)."""
    announced, actual = bench.far(), bench.far()
    port = bench.leg(announced)
    actual.remote = announced.remote
    for _ in range(3):
        actual.send(QUIET)
    assert bench.expect_kind(SourceLatched, port) == SourceLatched(port=port, remote=f"127.0.0.1:{actual.number}")
    assert actual.receive().payload == QUIET


def test_a_stranger_is_not_heard(bench: Bench) -> None:
    """Once the announced peer has spoken, others neither move the port nor press its keys."""
    far, stranger = bench.far(), bench.far(ssrc=666)
    port = _latched(bench, far)
    stranger.remote = far.remote
    for _ in range(10):
        stranger.send(QUIET)
    stranger.press("9")
    far.press("1", drop=(5, 6))
    assert _digit(bench.expect_kind(KeyReleased, port)) == "1"
    report = bench.engine.close(port)
    assert report.remote == f"127.0.0.1:{far.number}"
    assert report.received == 6


def test_the_announced_peer_takes_its_port_back(bench: Bench) -> None:
    """A stranger that was quicker loses the port for good when the announced address speaks."""
    far, stranger = bench.far(), bench.far(ssrc=666)
    port = bench.leg(far)
    stranger.remote = far.remote
    for _ in range(3):
        stranger.send(QUIET)
    bench.expect_kind(SourceLatched, port)
    far.send(QUIET)
    assert bench.expect_kind(SourceLatched, port) == SourceLatched(port=port, remote=f"127.0.0.1:{far.number}")
    stranger.press("9")
    far.press("1")
    assert _digit(bench.expect_kind(KeyReleased, port)) == "1"


def test_a_single_stray_packet_does_not_move_the_port(bench: Bench) -> None:
    """Fewer than three consecutive packets from elsewhere are counted as a stranger's."""
    far, stranger = bench.far(), bench.far(ssrc=666)
    port = bench.leg(far)
    stranger.remote = far.remote
    stranger.send(QUIET)
    stranger.sequence += 2
    stranger.send(QUIET)
    far.send(QUIET)
    assert bench.expect_kind(SourceLatched, port) == SourceLatched(port=port, remote=f"127.0.0.1:{far.number}")
    assert bench.engine.close(port).strangers == 2


@pytest.mark.slow
def test_silence_is_told_once_and_again_after_packets(bench: Bench) -> None:
    """No packet for the set time is told once; packets that come again arm it anew."""
    far = bench.far()
    port = bench.leg(far)
    told = bench.expect_kind(SourceSilenced, port)
    assert told == SourceSilenced(port=port, silence=SILENCE)
    far.send(QUIET)
    assert bench.expect_kind(SourceSilenced, port) == told
    assert not any(isinstance(event, SourceSilenced) for event in bench.waiting)


@pytest.mark.slow
def test_a_peer_that_only_listens_is_not_silent(bench: Bench) -> None:
    """Nothing is told about a peer that may not send."""
    listener, speaker = bench.far(), bench.far(ssrc=8)
    quiet_port = bench.leg(listener, direction="recvonly")
    port = bench.leg(speaker)
    bench.expect_kind(SourceSilenced, port)
    assert not any(event.port == quiet_port for event in bench.waiting)


def test_garbage_changes_nothing(bench: Bench) -> None:
    """Random octets, cut packets and lying lengths are counted and leave the port working."""
    far = bench.far()
    port = _latched(bench, far)
    generator = random.Random(4711)  # noqa: S311 - repeatable garbage
    for _ in range(20):
        for _ in range(60):
            far.send_raw(_garbage(generator))
        far.press("8")
        bench.expect(lambda event: isinstance(event, KeyReleased) and event.digit == "8")
    far.send_raw(bytes(3000))
    far.press("D")
    bench.expect(lambda event: isinstance(event, KeyReleased) and event.digit == "D")
    assert bench.engine.close(port).malformed > 100


def _garbage(generator: random.Random) -> bytes:
    """Up to sixty octets, most of them beginning like RTP version 2."""
    octets = bytearray(generator.randbytes(generator.randrange(60)))
    if octets and generator.random() < 0.7:
        octets[0] = 0x80 | generator.randrange(64)
    return bytes(octets)


def test_losses_are_counted(bench: Bench) -> None:
    """Gaps in the sequence numbers are lost packets, across their wrap-around (RFC 3550 A.3)."""
    far = bench.far()
    port = _latched(bench, far)
    for step in (1, 3, 1, 6):
        far.sequence = (far.sequence + step - 1) % 2**16
        far.send(QUIET)
    far.press("1", drop=(5, 6))
    bench.expect_kind(KeyReleased, port)
    report = bench.engine.close(port)
    assert (report.received, report.lost) == (10, 7)


def test_ports_run_out(bench: Bench) -> None:
    """A range of two pairs gives two ports, and a third once one is closed."""
    first, _ = bench.engine.open("127.0.0.1", 30_001, 30_006, 30_005)
    bench.engine.open("127.0.0.1", 30_001, 30_006, 30_003)
    with pytest.raises(PortsExhausted, match="30001-30006"):
        bench.engine.open("127.0.0.1", 30_001, 30_006, 30_001)
    bench.engine.close(first)
    _, number = bench.engine.open("127.0.0.1", 30_001, 30_006, 30_001)
    assert number == 30_004


def test_an_address_of_another_machine_is_refused(bench: Bench) -> None:
    """An edge whose address this machine does not have opens no port."""
    with pytest.raises(PortsExhausted, match=r"192\.0\.2\.1"):
        bench.engine.open("192.0.2.1", 30_000, 30_010, 30_000)


def test_closed_ports_are_unknown(bench: Bench) -> None:
    """A port's number is never used again, so a late command cannot reach another call."""
    port, _ = bench.engine.open("127.0.0.1", 31_000, 31_100, 31_000)
    bench.engine.close(port)
    again, _ = bench.engine.open("127.0.0.1", 31_000, 31_100, 31_000)
    assert again != port
    with pytest.raises(KeyError):
        bench.engine.stop(port)
