"""Legs that speak G.722 or Opus: relayed as they are to their like, transcoded to others, heard by all."""

import time
from array import array
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from math import pi, sin

import pytest
from media_bench import Bench, running_bench
from wide_codecs import RATE, G722End, OpusEnd

from offhook.audio.measure import loudest_tone, rms_dbfs, tone_dbfs
from offhook.audio.tones import keys
from offhook.audio.tones import tone as narrow_tone
from offhook.media.engine import decode, encode
from offhook.media.events import KeyReleased, SourceLatched
from offhook.rtp.packet import RtpPacket
from offhook.rtp.telephone_event import parse as parse_event
from offhook.sdp.codecs import G711, PCMU
from offhook.sdp.errors import NoCommonMedia
from offhook.testing.far_end import FarEnd

FRAME = 320  # samples of 16 kHz in 20 ms


class PcmuEnd:
    """G.711 behind the same door, its samples doubled to 16 kHz and halved by leaving out."""

    payload_type = 0
    clock = 8000

    def encode(self, samples: bytes) -> bytes:
        """16-bit samples to a payload."""
        return encode(PCMU, array("h", samples)[::2].tobytes())

    def decode(self, payload: bytes) -> bytes:
        """A payload to 16-bit samples."""
        return array("h", [value for value in array("h", decode(PCMU, payload)) for _ in range(2)]).tobytes()


End = OpusEnd | G722End | PcmuEnd
WIDE: tuple[Callable[[], End], ...] = (OpusEnd, G722End)
ALL = (*WIDE, PcmuEnd)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine of this test's own."""
    with running_bench() as running:
        yield running


def tone(frequency_hz: float, length: float, amplitude: int = 8000) -> bytes:
    """A sine of 16 kHz."""
    return array(
        "h", [round(amplitude * sin(2 * pi * frequency_hz * at / RATE)) for at in range(round(length * RATE))]
    ).tobytes()


def joined(bench: Bench, *ends: End, **options: int) -> tuple[FarEnd, FarEnd, int, int]:
    """Two far ends with these codecs whose ports are joined."""
    fars = [bench.far(formats=(end.payload_type,), ssrc=7 + at, **options) for at, end in enumerate(ends)]
    ports = [bench.leg(far) for far in fars]
    for far, end, port in zip(fars, ends, ports, strict=True):
        far.send(end.encode(bytes(2 * FRAME)), samples=end.clock // 50)
        bench.expect_kind(SourceLatched, port)
    bench.engine.connect(*ports)
    return fars[0], fars[1], ports[0], ports[1]


def say(far: FarEnd, end: End, samples: bytes, frame: int = FRAME) -> list[bytes]:
    """Send it, 20 ms a packet unless told otherwise, in its own time; the payloads."""
    sent = []
    for at in range(0, len(samples) // 2 - frame + 1, frame):
        payload = end.encode(samples[2 * at : 2 * (at + frame)])
        far.send(payload, samples=frame * end.clock // RATE)
        sent.append(payload)
        time.sleep(frame / RATE / 8)  # eight times as fast: the relay knows no time, and sockets have room for the rest
    return sent


def heard(far: FarEnd, end: End, seconds: float) -> bytes:
    """Read on until so much of sound has come; samples of 16 kHz from its beginning on."""
    samples = b""
    begun = -1
    until = time.monotonic() + 5
    while begun < 0 or len(samples) - begun < 2 * RATE * seconds:
        assert time.monotonic() < until, f"{len(samples) / 2 / RATE:.2f} s came, sound from {begun} on"
        samples += end.decode(far.receive().payload)
        if begun < 0:
            loud = next((at for at, value in enumerate(array("h", samples)) if abs(value) > 1000), None)
            begun = -1 if loud is None else 2 * loud
    return samples[begun : begun + round(2 * RATE * seconds)]


@pytest.mark.parametrize("make", WIDE)
def test_what_both_speak_passes_as_it_is(bench: Bench, make: Callable[[], End]) -> None:
    """No octet changes; timestamps go on by the codec's own clock."""
    end = make()
    one, other, *_ = joined(bench, end, make())
    sent = say(one, end, tone(440, 0.4))
    packets: list[RtpPacket] = []
    while [packet.payload for packet in packets[-len(sent) :]] != sent:
        packets.append(other.receive())
    for before, after in pairwise(packets[-len(sent) :]):
        assert (after.timestamp - before.timestamp) % 2**32 == end.clock // 50
        assert (after.sequence - before.sequence) % 2**16 == 1


@pytest.mark.parametrize(("make_one", "make_other"), [pair for pair in product(ALL, ALL) if pair[0] is not pair[1]])
def test_what_they_do_not_share_is_transcoded(
    bench: Bench, make_one: Callable[[], End], make_other: Callable[[], End]
) -> None:
    """The tone is the same at the other end, and as loud; between wide codecs one that no telephone carries, too."""
    one_end, other_end = make_one(), make_other()
    frequency = 1000 if PcmuEnd in {make_one, make_other} else 5500
    one, other, *_ = joined(bench, one_end, other_end)
    say(one, one_end, tone(frequency, 0.7))
    found, level = loudest_tone(heard(other, other_end, 0.5)[RATE // 5 :], RATE)
    assert found == pytest.approx(frequency, abs=5)
    assert level == pytest.approx(-12.2, abs=2)  # 8000 of 32767


@pytest.mark.parametrize("make", WIDE)
def test_narrow_has_nothing_of_what_it_cannot_carry(bench: Bench, make: Callable[[], End]) -> None:
    """A tone of 5.5 kHz would come back as one of 2.5 kHz, if nothing filtered it."""
    end = make()
    one, other, *_ = joined(bench, end, PcmuEnd())
    said = array("h", tone(5500, 0.8))
    for at, value in enumerate(array("h", tone(1000, 0.8, 4000))):
        said[at] += value
    say(one, end, said.tobytes())
    samples = heard(other, PcmuEnd(), 0.6)[RATE // 5 :]
    assert tone_dbfs(samples, 1000, RATE) > -21
    assert tone_dbfs(samples, 2500, RATE) < -50


@pytest.mark.parametrize("make", WIDE)
def test_what_is_played_is_heard(bench: Bench, make: Callable[[], End]) -> None:
    """Sounds of 8 kHz are encoded, and nothing above 4 kHz is made up."""
    end = make()
    far = bench.far(formats=(end.payload_type,))
    port = bench.leg(far)
    bench.engine.play(port, 1, narrow_tone((700.0,), 1.0, level_dbfs=-12), 1)
    samples = heard(far, end, 0.5)[RATE // 5 :]
    found, level = loudest_tone(samples, RATE)
    assert found == pytest.approx(700, abs=5)
    assert level == pytest.approx(-12, abs=1.5)
    assert tone_dbfs(samples, 8000 - 700, RATE) < -50
    packets = [far.receive() for _ in range(3)]
    assert {(after.timestamp - before.timestamp) % 2**32 for before, after in pairwise(packets)} == {end.clock // 50}


@pytest.mark.parametrize("make", WIDE)
def test_listeners_hear_a_wide_leg(bench: Bench, make: Callable[[], End]) -> None:
    """A tap has its samples of 8 kHz."""
    end = make()
    far = bench.far(formats=(end.payload_type,))
    port = bench.leg(far)
    bench.engine.tap(port, 64)
    sound = tone(500, 0.6)
    for at in range(0, len(sound), 2 * FRAME):
        far.send(end.encode(sound[at : at + 2 * FRAME]), samples=end.clock // 50)
        time.sleep(0.02)
    inbound, _, _ = bench.engine.hear(port)
    found, level = loudest_tone(inbound[-2 * 8000 * 3 // 10 :])
    assert found == pytest.approx(500, abs=10)
    assert level == pytest.approx(-12.2, abs=2)


def test_wide_and_narrow_meet_in_a_mix(bench: Bench) -> None:
    """Each hears the others."""
    ends: list[End] = [OpusEnd(), G722End(), PcmuEnd()]
    fars = [bench.far(formats=(end.payload_type,), ssrc=7 + at) for at, end in enumerate(ends)]
    ports = [bench.leg(far) for far in fars]
    mix = bench.engine.open_mix()
    for port in ports:
        bench.engine.join(mix, port, is_heard=True, hears=True, only_by=0)
    sounds = [tone(frequency, 0.9, 5000) for frequency in (500, 900, 1300)]
    for at in range(0, len(sounds[0]), 2 * FRAME):
        for far, end, sound in zip(fars, ends, sounds, strict=True):
            far.send(end.encode(sound[at : at + 2 * FRAME]), samples=end.clock // 50)
        time.sleep(0.02)
    for mine, (far, end) in enumerate(zip(fars, ends, strict=True)):
        samples = heard(far, end, 0.6)[RATE // 5 :]
        levels = [tone_dbfs(samples, frequency, RATE) for frequency in (500, 900, 1300)]
        own = levels.pop(mine)
        assert min(levels) > -25
        assert own < -45


@pytest.mark.parametrize("milliseconds", [10, 30, 40, 50, 60, 100])
def test_packets_of_any_length_become_opus(bench: Bench, milliseconds: int) -> None:
    """Opus has no packets of 30 ms: there it takes two, numbered without a seam, and nothing is lost."""
    opus = OpusEnd()
    one, other, *_ = joined(bench, PcmuEnd(), opus)
    say(one, PcmuEnd(), tone(800, 0.8), milliseconds * RATE // 1000)
    samples = heard(other, opus, 0.6)
    found, level = loudest_tone(samples[RATE // 5 :], RATE)
    assert found == pytest.approx(800, abs=5)
    assert level == pytest.approx(-12.2, abs=2)


def test_numbers_of_split_packets_have_no_seam(bench: Bench) -> None:
    """30 ms are 20 and 10; timestamps say so, and sequence numbers count each."""
    one, other, *_ = joined(bench, PcmuEnd(), OpusEnd())
    other.socket.settimeout(3)
    while other.receive().marker is False:  # what was sent before
        continue
    say(one, PcmuEnd(), tone(800, 0.9), 480)
    packets = [other.receive() for _ in range(60)]
    first = next(at for at, packet in enumerate(packets) if packet.marker)
    steps = [
        ((after.sequence - before.sequence) % 2**16, (after.timestamp - before.timestamp) % 2**32)
        for before, after in pairwise(packets[first:])
    ]
    assert steps[:20] == [(1, 960), (1, 480)] * 10


@pytest.mark.parametrize("make", WIDE)
def test_late_and_doubled_packets_are_left_out(bench: Bench, make: Callable[[], End]) -> None:
    """Codecs that go by what was before are not led astray: the tone stays what it is."""
    end, other_end = make(), PcmuEnd()
    one, other, *_ = joined(bench, end, other_end)
    samples = tone(1000, 0.8)
    for at in range(0, len(samples), 2 * FRAME):
        before = (one.sequence, one.timestamp)
        payload = end.encode(samples[at : at + 2 * FRAME])
        one.send(payload, samples=end.clock // 50)
        if at % 5 == 0:
            after, (one.sequence, one.timestamp) = (one.sequence, one.timestamp), before
            one.send(payload, samples=end.clock // 50)
            one.sequence, one.timestamp = after
        time.sleep(0.003)
    found, level = loudest_tone(heard(other, other_end, 0.6)[RATE // 5 :], RATE)
    assert found == pytest.approx(1000, abs=5)
    assert level == pytest.approx(-12.2, abs=2)


@pytest.mark.parametrize("make", WIDE)
def test_garbage_is_no_sound_and_no_end(bench: Bench, make: Callable[[], End]) -> None:
    """Empty, random, too long: nothing breaks, and what follows is heard."""
    end = make()
    one, other, port, _ = joined(bench, end, PcmuEnd())
    bench.engine.tap(port, 64)
    for length in (0, 1, 2, 3, 60, 500, 1400, 1900):
        for _ in range(5):
            one.send(bench.chance.randbytes(length), samples=end.clock // 50)
    time.sleep(0.1)
    say(one, end, tone(1000, 0.8))
    samples = heard(other, PcmuEnd(), 1.0)
    assert loudest_tone(samples[-RATE // 2 :], RATE)[0] == pytest.approx(1000, abs=10)


@pytest.mark.parametrize("clock", [8000, 48_000])
def test_keys_beside_opus(bench: Bench, clock: int) -> None:
    """By either clock of telephone-event: heard with their true length, and passed on by the partner's clock."""
    opus, pcmu = OpusEnd(), PcmuEnd()
    one = bench.far(formats=(96,), telephone_event=100, event_clock=clock)
    other = bench.far(formats=(0,), ssrc=8)
    ports = bench.leg(one), bench.leg(other)
    for far, end, port in ((one, opus, ports[0]), (other, pcmu, ports[1])):
        far.send(end.encode(bytes(2 * FRAME)), samples=end.clock // 50)
        bench.expect_kind(SourceLatched, port)
    bench.engine.connect(*ports)
    for step in range(1, 9):
        duration = (min(step, 6) * clock // 50).to_bytes(2)
        is_end = step >= 6
        one.send(bytes([5, 0x8A if is_end else 0x0A]) + duration, payload_type=100, marker=step == 1, samples=0)
    pressed = bench.expect_kind(KeyReleased, ports[0])
    assert isinstance(pressed, KeyReleased)
    assert pressed.digit == "5"
    assert pressed.duration == pytest.approx(0.12)
    passed = [packet for packet in (other.receive() for _ in range(20)) if packet.payload_type == 101]
    assert [parse_event(packet.payload).duration for packet in passed] == [160, 320, 480, 640, 800, 960, 960, 960]
    bench.engine.play_digits(ports[0], 1, "7")
    sent = [packet for packet in (one.receive() for _ in range(30)) if packet.payload_type == 100]
    assert max(int.from_bytes(packet.payload[2:]) for packet in sent) == clock // 10
    assert len({packet.timestamp for packet in sent}) == 1


@pytest.mark.parametrize("make", WIDE)
def test_keys_as_tones_on_a_wide_leg(bench: Bench, make: Callable[[], End]) -> None:
    """A telephone without telephone-event is heard as it is with G.711."""
    end = make()
    far = bench.far(formats=(end.payload_type,), telephone_event=None)
    port = bench.leg(far)
    narrow = array("h", keys("4")[: 2 * 1600])
    wide = array("h", [value for value in narrow for _ in range(2)]).tobytes()
    say(far, end, bytes(2 * FRAME * 3) + wide + bytes(2 * FRAME * 8))
    assert bench.expect_kind(KeyReleased, port).digit == "4"  # type: ignore[union-attr]


def test_silence_is_silent(bench: Bench) -> None:
    """With nothing to play, a wide leg is told nothing loud."""
    end = OpusEnd()
    far = bench.far(formats=(96,))
    bench.leg(far)
    samples = b"".join(end.decode(far.receive().payload) for _ in range(20))
    assert rms_dbfs(samples) < -60


def test_codecs_that_are_not_wanted_are_not_agreed(bench: Bench) -> None:
    """With G.711 alone, an offer of Opus is refused, and one that has both is answered without Opus."""
    with pytest.raises(NoCommonMedia, match="PCMU or PCMA"):
        bench.leg(bench.far(formats=(96,)), codecs=G711)
    port = bench.leg(bench.far(formats=(96, 9, 8)), codecs=G711)
    agreement = bench.negotiations[port].agreement
    assert agreement is not None
    assert agreement.codec.name == "PCMA"
