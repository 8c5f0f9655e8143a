"""RTP that no honest peer sends: jumping SSRCs, numbers, times and payload types, and protocols that are not RTP."""

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest
from media_bench import Bench, running_bench

from offhook.audio.measure import tone_dbfs
from offhook.audio.tones import tone
from offhook.media.engine import decode, encode
from offhook.media.events import KeyReleased, PlaybackEnded, SourceLatched
from offhook.rtp.packet import RtpPacket
from offhook.sdp.codecs import PCMU
from offhook.testing.far_end import FarEnd

QUIET = b"\xff" * 160
FIRST, LAST = b"\x01" * 160, b"\x02" * 160
SECOND = 8000  # in timestamp units
UNAGREED = 77
STUN = bytes.fromhex("000100002112a442") + bytes(12)
DTLS = bytes.fromhex("16fefd000000000000000000") + bytes(40)
ZRTP = bytes.fromhex("1000000c5a525450") + bytes(24)
MUXED_RTCP = bytes.fromhex("80c9000100000007")  # a receiver report among the RTP (RFC 5761)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine of this test's own."""
    with running_bench() as running:
        yield running


def joined(bench: Bench, one: FarEnd, other: FarEnd) -> tuple[int, int]:
    """Two ports that hear one another, each settled with its peer."""
    ports = bench.leg(one), bench.leg(other)
    for far, port in zip((one, other), ports, strict=True):
        far.send(QUIET)
        bench.expect_kind(SourceLatched, port)
    bench.engine.connect(*ports)
    return ports


def settled(bench: Bench, far: FarEnd) -> int:
    """A port that has heard its peer."""
    port = bench.leg(far)
    far.send(QUIET)
    bench.expect_kind(SourceLatched, port)
    return port


def press(bench: Bench, port: int, far: FarEnd, digit: str = "1") -> None:
    """Two keys that are heard: all that was sent before has been read, and the port works."""
    far.press(digit, drop=(5, 6))
    told = bench.expect_kind(KeyReleased, port)
    assert isinstance(told, KeyReleased)
    assert told.digit == digit


def heard_until(far: FarEnd, payload: bytes) -> list[RtpPacket]:
    """What comes up to and with the first packet of this payload."""
    packets = [far.receive()]
    while packets[-1].payload != payload:
        packets.append(far.receive())
    return packets


def assert_one_stream(packets: list[RtpPacket], *, longest: int = SECOND) -> None:
    """One SSRC; numbers that go on one by one; times that go on, never by more than `longest` at once."""
    assert len({packet.ssrc for packet in packets}) == 1
    assert all((after.sequence - before.sequence) % 2**16 == 1 for before, after in pairwise(packets))
    assert all(0 < (after.timestamp - before.timestamp) % 2**32 <= longest for before, after in pairwise(packets))


def test_a_partner_hears_one_stream_however_often_the_ssrc_changes(bench: Bench) -> None:
    """An SSRC, a number and a time of its own for each packet: none of it goes through the relay."""
    one, other = bench.far(), bench.far(ssrc=8)
    joined(bench, one, other)
    chance = random.Random(7)  # noqa: S311 - repeatable garbage
    one.send(FIRST)
    packets = heard_until(other, FIRST)
    for _ in range(30):
        one.ssrc, one.sequence, one.timestamp = chance.getrandbits(32), chance.getrandbits(16), chance.getrandbits(32)
        one.send(QUIET)
    one.send(LAST)
    assert_one_stream(packets + heard_until(other, LAST))


@pytest.mark.parametrize("leap", [20_000, 40_000, 65_000], ids=["forth", "half way round", "back"])
def test_a_partner_hears_one_stream_across_leaps_of_the_sequence(bench: Bench, leap: int) -> None:
    """A leap is no loss: it is not passed on as one."""
    one, other = bench.far(), bench.far(ssrc=8)
    joined(bench, one, other)
    one.send(FIRST)
    packets = heard_until(other, FIRST)
    for _ in range(5):
        one.sequence = (one.sequence + leap) % 2**16
        one.send(QUIET)
    one.send(LAST)
    assert_one_stream(packets + heard_until(other, LAST))


@pytest.mark.parametrize("leap", [60 * SECOND, 2**31, 2**32 - 60 * SECOND], ids=["forth", "half way round", "back"])
def test_a_partner_hears_one_stream_across_leaps_of_the_timestamp(bench: Bench, leap: int) -> None:
    """A minute that has not passed is not handed on; a buffer at the other end would wait for it."""
    one, other = bench.far(), bench.far(ssrc=8)
    joined(bench, one, other)
    one.send(FIRST)
    packets = heard_until(other, FIRST)
    for _ in range(5):
        one.timestamp = (one.timestamp + leap) % 2**32
        one.send(QUIET)
    one.send(LAST)
    assert_one_stream(packets + heard_until(other, LAST))


def test_a_pause_of_the_peer_stays_a_pause(bench: Bench) -> None:
    """Five seconds of silence suppression are no leap, in time that a test need not wait for."""
    one, other = bench.far(), bench.far(ssrc=8)
    joined(bench, one, other)
    one.send(FIRST)
    first = heard_until(other, FIRST)[-1]
    one.timestamp = (one.timestamp + 5 * SECOND) % 2**32
    one.send(LAST)
    last = heard_until(other, LAST)[-1]
    assert (last.timestamp - first.timestamp) % 2**32 == 5 * SECOND + 160


def test_a_key_held_long_beside_sound_keeps_its_timestamp(bench: Bench) -> None:
    """Its packets stay seconds behind those of the sound between them (RFC 4733 §2.5.1.2): no leap either."""
    one, other = bench.far(), bench.far(ssrc=8)
    joined(bench, one, other)
    one.send(FIRST)
    heard_until(other, FIRST)
    pressed_at = one.timestamp
    for duration in range(8000, 65_000, 8000):
        sound_at, one.timestamp = one.timestamp + 8000, pressed_at
        one.send(b"\x05\x0a" + duration.to_bytes(2, "big"), payload_type=101, samples=0)
        one.timestamp = sound_at % 2**32
        one.send(QUIET)
    one.send(LAST)
    events = [packet for packet in heard_until(other, LAST) if packet.payload_type == 101]
    assert len(events) == 8
    assert len({event.timestamp for event in events}) == 1


def test_payload_types_that_were_not_agreed_are_not_heard(bench: Bench) -> None:
    """Neither relayed nor taken for sound; what was agreed goes on between them."""
    one, other = bench.far(), bench.far(ssrc=8)
    port, _ = joined(bench, one, other)
    one.send(FIRST)
    packets = heard_until(other, FIRST)
    for payload_type in range(128):
        if payload_type not in {0, 8, 101}:
            one.send(b"\x03" * 160, payload_type=payload_type)
    one.send(LAST)
    packets += heard_until(other, LAST)
    assert not any(packet.payload == b"\x03" * 160 for packet in packets)
    assert {packet.payload_type for packet in packets} == {0}
    assert bench.engine.close(port).unwanted >= 100


def test_payload_types_that_were_not_agreed_are_not_losses(bench: Bench) -> None:
    """They have come, and only their use is unknown: neither we nor our reports call them lost (RFC 3550 A.3)."""
    far = bench.far()
    port = settled(bench, far)
    for _ in range(20):
        far.send(QUIET)
        far.send(QUIET, payload_type=UNAGREED)
    press(bench, port, far)
    report = bench.engine.close(port)
    assert (report.received, report.unwanted, report.lost) == (1 + 20 + 5, 20, 0)


def test_payload_types_that_were_not_agreed_do_not_win_a_port(bench: Bench) -> None:
    """Not even from the announced address: what cannot be understood says nothing of who sends it."""
    announced, other = bench.far(), bench.far(ssrc=8)
    port = bench.leg(announced)
    other.remote = announced.remote
    for _ in range(5):
        announced.send(QUIET, payload_type=UNAGREED)
        other.send(QUIET, payload_type=UNAGREED)
    for _ in range(3):
        other.send(QUIET)
    assert bench.expect_kind(SourceLatched, port) == SourceLatched(port=port, remote=f"127.0.0.1:{other.number}")


def test_a_law_that_changes_with_every_packet_is_one_sound(bench: Bench) -> None:
    """Both laws were agreed, so a peer may send either at any time (RFC 3264 §5.1)."""
    one, other = bench.far(), bench.far(formats=(0,), ssrc=8)
    joined(bench, one, other)
    one.send(FIRST)
    heard_until(other, FIRST)
    for number in range(10):
        one.send(b"\xd5" * 160 if number % 2 else QUIET, payload_type=8 if number % 2 else 0)
    one.send(LAST)
    for packet in heard_until(other, LAST)[:-1]:
        assert packet.payload_type == 0
        assert max(map(abs, memoryview(decode(PCMU, packet.payload)).cast("h"))) <= 8


def test_losses_before_a_restart_stay_counted(bench: Bench) -> None:
    """Numbers that begin anew under the same SSRC (RFC 3550 A.1) do not wipe out what was lost before."""
    far = bench.far()
    port = settled(bench, far)
    far.sequence = (far.sequence + 5) % 2**16
    far.send(QUIET)
    far.sequence = (far.sequence + 30_000) % 2**16
    for _ in range(3):
        far.send(QUIET)
    press(bench, port, far)
    assert bench.engine.close(port).lost == 5


def test_a_single_leap_of_the_sequence_is_no_loss(bench: Bench) -> None:
    """One packet from far off is on probation (RFC 3550 A.1) and changes nothing."""
    far = bench.far()
    port = settled(bench, far)
    for leap in (30_000, -30_001):
        far.sequence = (far.sequence + leap) % 2**16
        far.send(QUIET)
    press(bench, port, far)
    report = bench.engine.close(port)
    assert (report.received, report.lost) == (8, 0)


@pytest.mark.parametrize("leap", [60 * SECOND, 2**31, 2**32 - 60 * SECOND], ids=["forth", "half way round", "back"])
def test_a_leap_of_the_timestamp_is_no_jitter(bench: Bench, leap: int) -> None:
    """A clock that was set anew says nothing of the network (RFC 3550 A.8 knows no such case)."""
    far = bench.far()
    port = settled(bench, far)
    far.timestamp = (far.timestamp + leap) % 2**32
    far.send(QUIET)
    press(bench, port, far)
    assert bench.engine.close(port).jitter_ms < 100


def test_other_protocols_on_the_port_change_nothing(bench: Bench) -> None:
    """STUN, DTLS, ZRTP and stray RTCP are not RTP: the peer is still heard, and nobody is latched by them."""
    far = bench.far()
    port = bench.leg(far)
    for octets in (STUN, DTLS, ZRTP, MUXED_RTCP, b"", b"\r\n\r\n"):
        far.send_raw(octets)
    far.send(QUIET)
    bench.expect_kind(SourceLatched, port)
    press(bench, port, far)
    report = bench.engine.close(port)
    assert report.received == 6
    assert report.malformed >= 4


@pytest.mark.parametrize("size", [0, 1, 7, 2035])
def test_payloads_of_any_size_go_through(bench: Bench, size: int) -> None:
    """From nothing at all to as much as the plane takes: one packet in, one packet out."""
    one, other = bench.far(), bench.far(ssrc=8)
    joined(bench, one, other)
    one.send(b"\x04" * size)
    assert len(heard_until(other, b"\x04" * size)[-1].payload) == size
    one.send(LAST)
    heard_until(other, LAST)


def test_a_stranger_is_not_relayed_whatever_it_copies(bench: Bench) -> None:
    """It knows the SSRC, the next number and the next time, and is first; but the address is what counts."""
    one, other = bench.far(), bench.far(ssrc=8)
    joined(bench, one, other)
    twin = bench.far(ssrc=one.ssrc, host="127.0.0.66")
    twin.remote, twin.sequence, twin.timestamp = one.remote, one.sequence, one.timestamp
    for _ in range(20):
        twin.send(b"\x05" * 160)
        one.send(FIRST)
    one.send(LAST)
    packets = heard_until(other, LAST)
    assert sum(packet.payload == FIRST for packet in packets) == 20
    assert not any(packet.payload == b"\x05" * 160 for packet in packets)


def test_a_source_that_keeps_changing_its_port_is_not_news_each_time(bench: Bench) -> None:
    """A NAT moves a peer now and then; one that moves with every third packet would be an event of Python's each."""
    announced = bench.far()
    port = bench.leg(announced)
    hops = [bench.far(host="127.0.0.77") for _ in range(2)]
    for number in range(50):  # no more than a socket's buffer holds: the key after them must not get lost
        hop = hops[number % 2]
        hop.remote = announced.remote
        for _ in range(3):
            hop.send(QUIET)
    press(bench, port, announced)
    told = [event for event in bench.waiting + bench.engine.drain() if isinstance(event, SourceLatched)]
    assert 1 <= len(told) <= 5  # four moves, and the announced address at the end


def test_a_member_of_a_mix_that_jumps_in_time_does_not_disturb_the_others(bench: Bench) -> None:
    """The third party hears the steady one without a gap while the other's timestamps and SSRCs are random."""
    chance = random.Random(8)  # noqa: S311 - repeatable garbage
    steady, wild, listener = bench.far(), bench.far(ssrc=8), bench.far(ssrc=9)
    mix = bench.engine.open_mix()
    for far in (steady, wild, listener):
        bench.engine.join(mix, settled(bench, far), is_heard=True, hears=True, only_by=0)
    voice = encode(PCMU, tone((800.0,), 1.0, level_dbfs=-10))
    heard = b""
    for begin in range(0, len(voice), 160):
        steady.send(voice[begin : begin + 160])
        for _ in range(3):
            wild.ssrc, wild.timestamp = chance.getrandbits(32), chance.getrandbits(32)
            wild.send(QUIET, samples=chance.randrange(4000))
        heard += decode(PCMU, listener.receive().payload)
    assert all(tone_dbfs(heard[at : at + 1600], 800.0) > -12 for at in range(8000, len(heard) - 1600, 1600))


def test_a_port_plays_to_the_end_while_its_peer_misbehaves(bench: Bench) -> None:
    """What a peer sends has no influence on the clock of what it is sent."""
    far = bench.far()
    port = settled(bench, far)
    chance = random.Random(9)  # noqa: S311 - repeatable garbage
    bench.engine.play(port, 1, tone((620.0,), 0.3, level_dbfs=-12), 1)
    packets = []
    for _ in range(15):
        far.ssrc, far.sequence, far.timestamp = chance.getrandbits(32), chance.getrandbits(16), chance.getrandbits(32)
        far.send(QUIET, payload_type=chance.randrange(128))
        far.send_raw(chance.randbytes(40))
        packets.append(far.receive())
    assert bench.expect_kind(PlaybackEnded, port) == PlaybackEnded(port=port, playback=1, stopped=False)
    assert_one_stream(packets)
