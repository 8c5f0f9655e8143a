"""Two ports joined on loopback: what goes in at one comes out at the other, renumbered (RFC 3550 §5.1, RFC 4733)."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from media_bench import Bench, running_bench

from offhook.audio.measure import loudest_tone
from offhook.audio.tones import tone
from offhook.media.engine import decode, encode
from offhook.media.events import KeyReleased, PlaybackEnded, SourceLatched
from offhook.rtp.packet import RtpPacket
from offhook.rtp.telephone_event import parse as parse_event
from offhook.sdp.codecs import PCMA, PCMU
from offhook.testing.far_end import FarEnd


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine of this test's own."""
    with running_bench() as running:
        yield running


def _joined(bench: Bench, one: FarEnd, other: FarEnd) -> tuple[int, int]:
    ports = bench.leg(one), bench.leg(other)
    for far, port in zip((one, other), ports, strict=True):
        far.send(bytes(160))
        bench.expect_kind(SourceLatched, port)
    bench.engine.connect(*ports)
    return ports


def _take(far: FarEnd, payload: bytes) -> RtpPacket:
    """The first packet with this payload; what was sent before the ports were joined is passed over."""
    while True:
        packet = far.receive()
        if packet.payload == payload:
            return packet


def test_relay_keeps_the_octets_of_one_law(bench: Bench) -> None:
    """Between two legs of one law no octet of the payload changes."""
    one, other = bench.far(), bench.far(ssrc=8)
    _joined(bench, one, other)
    frames = [bytes([number]) * 160 for number in range(1, 20)]
    for frame in frames:
        one.send(frame)
    first = _take(other, frames[0])
    assert [first.payload, *(other.receive().payload for _ in frames[1:])] == frames


def test_relay_renumbers_without_a_seam(bench: Bench) -> None:
    """SSRC stays our own; numbers and timestamps go on from the silence before, over the wrap of the source's."""
    one, other = bench.far(), bench.far(ssrc=8)
    _joined(bench, one, other)
    frames = [bytes([number]) * 160 for number in range(1, 20)]
    packets = [other.receive()]
    for frame in frames:
        one.send(frame)
    while packets[-1].payload != frames[-1]:
        packets.append(other.receive())
    assert len({packet.ssrc for packet in packets}) == 1
    assert packets[0].ssrc not in {one.ssrc, other.ssrc}
    assert all((after.sequence - before.sequence) % 2**16 == 1 for before, after in pairwise(packets))
    assert all(0 < (after.timestamp - before.timestamp) % 2**32 < 16_000 for before, after in pairwise(packets))
    relayed = packets[-len(frames) :]
    assert [packet.marker for packet in relayed] == [True] + [False] * (len(frames) - 1)
    assert all((after.timestamp - before.timestamp) % 2**32 == 160 for before, after in pairwise(relayed))


def test_relay_shows_a_loss_as_a_gap(bench: Bench) -> None:
    """A packet that never came is missing at the other end, too: its sequence number is not given to the next."""
    one, other = bench.far(), bench.far(ssrc=8)
    _joined(bench, one, other)
    one.send(b"\x01" * 160)
    one.sequence += 2
    one.timestamp += 320
    one.send(b"\x02" * 160)
    first, second = _take(other, b"\x01" * 160), _take(other, b"\x02" * 160)
    assert (second.sequence - first.sequence) % 2**16 == 3
    assert (second.timestamp - first.timestamp) % 2**32 == 480


def test_relay_transcodes_between_laws(bench: Bench) -> None:
    """A tone sent in mu-law is the same tone in A-law at a leg that speaks only that."""
    one, other = bench.far(formats=(0,)), bench.far(formats=(8,), ssrc=8)
    _joined(bench, one, other)
    samples = tone((440.0,), 0.4, level_dbfs=-10)
    octets = encode(PCMU, samples)
    for begin in range(0, len(octets), 160):
        one.send(octets[begin : begin + 160])
    heard = b""
    while len(heard) < len(octets):
        packet = other.receive()
        assert packet.payload_type == 8
        if packet.payload != encode(PCMA, bytes(320)) or heard:
            heard += packet.payload
    frequency_hz, level_dbfs = loudest_tone(decode(PCMA, heard))
    assert abs(frequency_hz - 440) < 2
    assert abs(level_dbfs + 10) < 0.5


def test_relay_carries_keys_under_the_other_legs_payload_type(bench: Bench) -> None:
    """A key goes through packet by packet under the payload type that the other leg agreed to, and is told once."""
    one, other = bench.far(telephone_event=96), bench.far(telephone_event=101, ssrc=8)
    port, _ = _joined(bench, one, other)
    one.press("7")
    event = bench.expect_kind(KeyReleased, port)
    assert isinstance(event, KeyReleased)
    assert (event.digit, event.duration) == ("7", 0.1)
    packets: list[RtpPacket] = []
    while len(packets) < 7:
        packet = other.receive()
        if packet.payload_type == 101:
            packets.append(packet)
    assert [parse_event(packet.payload).duration for packet in packets] == [160, 320, 480, 640, 800, 800, 800]
    assert len({packet.timestamp for packet in packets}) == 1
    assert [packet.marker for packet in packets] == [True] + [False] * 6


def test_playing_wins_over_the_relay(bench: Bench) -> None:
    """While a joined port plays, nothing of its partner comes through; afterwards the relay goes on."""
    one, other = bench.far(), bench.far(ssrc=8)
    _, port = _joined(bench, one, other)
    bench.engine.play(port, 1, tone((1000.0,), 0.1, level_dbfs=-10), 0)
    _take(other, encode(PCMU, tone((1000.0,), 0.1, level_dbfs=-10))[160:320])
    one.send(b"\x01" * 160)
    assert all(other.receive().payload != b"\x01" * 160 for _ in range(5))
    bench.engine.stop(port)
    bench.expect_kind(PlaybackEnded, port)
    one.send(b"\x02" * 160)
    _take(other, b"\x02" * 160)


def test_a_parted_port_hears_nothing_of_its_partner(bench: Bench) -> None:
    """After disconnect only silence comes."""
    one, other = bench.far(), bench.far(ssrc=8)
    port, _ = _joined(bench, one, other)
    one.send(b"\x01" * 160)
    _take(other, b"\x01" * 160)
    bench.engine.disconnect(port)
    one.send(b"\x02" * 160)
    assert {other.receive().payload for _ in range(5)} == {b"\xff" * 160}


def test_a_held_leg_is_not_sent_to(bench: Bench) -> None:
    """A peer that only sends hears nothing, while what it sends still goes through (RFC 3264 §8.4)."""
    one, other = bench.far(), bench.far(ssrc=8)
    listening = bench.leg(one)
    held = bench.leg(other, direction="sendonly")
    bench.engine.connect(listening, held)
    one.send(b"\x01" * 160)
    bench.expect_kind(SourceLatched, listening)
    other.send(b"\x02" * 160)
    _take(one, b"\x02" * 160)
    assert bench.engine.close(held).sent == 0
