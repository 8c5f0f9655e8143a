"""Comfort noise (RFC 3389) at the native plane: what is made of it, and what the partner is told."""

import time
from array import array
from collections.abc import Iterator
from itertools import pairwise

import pytest
from media_bench import Bench, running_bench

from offhook.audio.measure import rms_dbfs
from offhook.media.engine import decode
from offhook.media.events import SourceLatched
from offhook.rtp.packet import RtpPacket
from offhook.sdp.codecs import G722, PCMU
from offhook.testing.far_end import FarEnd

LEVEL = 40
DBFS = 3 - LEVEL
QUIET = b"\xff" * 160
RUMBLE = bytes([15])  # a first reflection coefficient of -0.88: a slope that falls towards high frequencies


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine of this test's own."""
    with running_bench() as running:
        yield running


def _joined(bench: Bench, *fars: FarEnd) -> list[int]:
    ports = [bench.leg(far) for far in fars]
    for far, port in zip(fars, ports, strict=True):
        far.send(bytes(160))
        bench.expect_kind(SourceLatched, port)
    bench.engine.connect(*ports)
    return ports


def _next(far: FarEnd, payload_type: int) -> RtpPacket:
    while (packet := far.receive()).payload_type != payload_type:
        continue
    return packet


def _noise(far: FarEnd, frames: int) -> bytes:
    """The first sound that is not silence, and what follows it."""
    while (packet := far.receive()).payload in {QUIET, bytes(160)}:
        continue
    return packet.payload + b"".join(far.receive().payload for _ in range(frames - 1))


def _tapped(bench: Bench, port: int, seconds: float) -> tuple[bytes, bytes]:
    time.sleep(seconds)
    inbound, _, what = bench.engine.hear(port)
    return inbound, what


def test_comfort_noise_is_relayed_unchanged(bench: Bench) -> None:
    """Where both legs have it: under the other leg's payload type, without the marker, and no silence follows."""
    one, other = bench.far(formats=(0, 13)), bench.far(formats=(0, 13), ssrc=8)
    _joined(bench, one, other)
    one.send(b"\x01" * 160)
    one.rest(LEVEL, b"\x10\x20\x30")
    told = _next(other, 13)
    assert (told.payload, told.marker) == (bytes([LEVEL, 0x10, 0x20, 0x30]), False)
    other.socket.settimeout(0.4)  # twice as long as anybody is waited for who does not rest
    with pytest.raises(TimeoutError):
        other.receive()
    one.timestamp = (one.timestamp + 20 * 160) % 2**32
    one.send(b"\x02" * 160)
    spoken = other.receive()
    assert spoken.payload == b"\x02" * 160
    assert (spoken.sequence - told.sequence) % 2**16 == 1
    assert (spoken.timestamp - told.timestamp) % 2**32 == 21 * 160


def test_comfort_noise_becomes_sound_for_who_has_none(bench: Bench) -> None:
    """At its level, until speech comes, under numbers and times that go on."""
    one, other = bench.far(formats=(0, 13)), bench.far(ssrc=8)
    _joined(bench, one, other)
    one.rest(LEVEL)
    assert rms_dbfs(decode(PCMU, _noise(other, 20))) == pytest.approx(DBFS, abs=1)
    one.send(b"\x01" * 160)
    packets = [other.receive()]
    while packets[-1].payload != b"\x01" * 160:
        packets.append(other.receive())
    numbers = [packet.sequence for packet in packets]
    assert [(number - numbers[0]) % 2**16 for number in numbers] == list(range(len(numbers)))


def test_a_key_is_relayed_whole_while_its_sender_rests(bench: Bench) -> None:
    """Noise made here does not cut a telephone-event in pieces: one timestamp, and nothing between."""
    one, other = bench.far(formats=(0, 13)), bench.far(ssrc=8)
    _joined(bench, one, other)
    one.rest(LEVEL)
    _noise(other, 5)
    one.press("5")
    events = [_next(other, 101)]
    while not events[-1].payload[1] & 0x80:
        events.append(other.receive())
    assert {packet.payload_type for packet in events} == {101}
    assert len({packet.timestamp for packet in events}) == 1


def test_a_shape_of_16_khz_is_not_told_to_a_leg_of_8(bench: Bench) -> None:
    """The level holds for both; peers that have both rates are told what was said."""
    one, other = bench.far(formats=(9, 98)), bench.far(formats=(0, 13), ssrc=8)
    third = bench.far(formats=(9, 98), ssrc=9)
    ports = _joined(bench, one, other)
    one.send(b"\x01" * 160)
    one.rest(LEVEL, RUMBLE, payload_type=98)
    assert _next(other, 13).payload == bytes([LEVEL])
    bench.engine.connect(ports[0], bench.leg(third, codecs=(G722,)))
    one.rest(LEVEL, RUMBLE, payload_type=98)
    assert _next(third, 98).payload == bytes([LEVEL]) + RUMBLE


def test_a_rest_is_no_loss(bench: Bench) -> None:
    """Nothing counts as lost, and every frame is noise, not what was said before it."""
    far = bench.far(formats=(0, 13))
    port = bench.leg(far)
    bench.engine.tap(port, 5)
    far.send(b"\x10" * 160)
    far.rest(LEVEL)
    inbound, what = _tapped(bench, port, 0.4)
    noise = [inbound[320 * at : 320 * at + 320] for at in range(len(what)) if what[at] & 2]
    assert len(noise) > 10
    assert max(map(rms_dbfs, noise)) < DBFS + 2
    assert bench.engine.quality(port).inbound.lost == 0


def test_noise_has_the_shape_that_was_told(bench: Bench) -> None:
    """Its level does not depend on it; samples of a rumble resemble their neighbours, those of white noise do not."""
    likeness = []
    for shape in (b"", RUMBLE):
        far = bench.far(formats=(0, 13))
        port = bench.leg(far)
        bench.engine.tap(port, 5)
        far.rest(LEVEL, shape)
        inbound, what = _tapped(bench, port, 0.5)
        begin = 320 * next(at for at in range(len(what)) if what[at] & 2)
        assert rms_dbfs(inbound[begin:]) == pytest.approx(DBFS, abs=2)
        values = array("h", inbound[begin:])
        power = sum(value * value for value in values)
        likeness.append(sum(one * other for one, other in pairwise(values)) / power)
    assert abs(likeness[0]) < 0.15
    assert likeness[1] > 0.6


def test_comfort_noise_that_nobody_agreed_to_is_heard_under_its_static_type(bench: Bench) -> None:
    """Gateways send it so; an empty packet says nothing."""
    far = bench.far()
    port = bench.leg(far)
    bench.engine.tap(port, 5)
    far.rest(LEVEL)
    far.send(b"", payload_type=13, samples=0)
    inbound, what = _tapped(bench, port, 0.3)
    assert any(flag & 2 for flag in what)
    assert rms_dbfs(inbound[-3200:]) == pytest.approx(DBFS, abs=2)
    assert bench.engine.close(port).unwanted == 0
