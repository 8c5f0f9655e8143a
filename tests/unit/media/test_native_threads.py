"""Ports that change their thread: numbers, playbacks, keys and listeners go with them."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from media_bench import SILENCE, Bench, running_bench

from offhook.media.engine import Engine
from offhook.media.engines import Engines
from offhook.media.events import PlaybackEnded, SourceLatched
from offhook.sdp.crypto import CryptoSuite
from offhook.testing.secure_far_end import SecureFarEnd

THREADS = 3
HERE = ("127.0.0.1", 20_000, 29_999)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine of this test's own."""
    with running_bench() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Engine]:
    """Another thread."""
    engine = Engine(seed=20260106, silence=SILENCE)
    yield engine
    engine.shut_down()


@pytest.fixture
def engines() -> Iterator[Engines]:
    """Three threads."""
    running = Engines(seed=1, silence=SILENCE, threads=THREADS)
    yield running
    running.shut_down()


def test_a_stream_goes_on_without_a_seam(bench: Bench, other: Engine) -> None:
    """SSRC, sequence numbers and timestamps go on, and what plays is played to its end, told where the port is now."""
    far = bench.far()
    port = bench.leg(far)
    bench.engine.play(port, 7, bytes(range(256)) * 50, 1)  # 0.8 s
    before = [far.receive() for _ in range(10)]
    other.take(bench.engine, port)
    packets = before + [far.receive() for _ in range(20)]
    assert len({packet.ssrc for packet in packets}) == 1
    assert all((after.sequence - before.sequence) % 2**16 == 1 for before, after in pairwise(packets))
    assert all(160 <= (after.timestamp - before.timestamp) % 2**32 <= 1600 for before, after in pairwise(packets))
    bench.engine = other
    assert bench.expect_kind(PlaybackEnded, port) == PlaybackEnded(port=port, playback=7, stopped=False)


def test_events_that_wait_go_along_in_order(bench: Bench, other: Engine) -> None:
    """What the old thread had not yet told, the new one tells first; events of other ports stay."""
    port, stays = bench.leg(bench.far()), bench.leg(bench.far(ssrc=8))
    for playback in range(1, 100):
        bench.engine.play(port, playback, bytes(320), 1)
        bench.engine.play(stays, playback, bytes(320), 1)
    bench.engine.stop(port)
    bench.engine.stop(stays)
    other.take(bench.engine, port)
    other.play(port, 100, bytes(320), 1)
    other.stop(port)
    for engine, owner, count in ((other, port, 100), (bench.engine, stays, 99)):
        ended = [event for event in engine.drain() if isinstance(event, PlaybackEnded)]
        assert [(event.port, event.playback) for event in ended] == [(owner, 1 + number) for number in range(count)]


def test_srtp_and_listeners_go_along(bench: Bench, other: Engine) -> None:
    """Keys with their counters, the latched peer and a tap work on as if nothing had happened."""
    far = bench.stack.enter_context(SecureFarEnd(suites=(CryptoSuite.AES_CM_128_HMAC_SHA1_80,), key=bytes(range(30))))
    port = bench.leg(far)
    bench.engine.tap(port, 1)
    far.send(bytes(160))
    bench.expect_kind(SourceLatched, port)
    other.take(bench.engine, port)
    before = far.receive()
    for _ in range(5):
        far.send(bytes(160))
    packets = [before, *(far.receive() for _ in range(10))]
    assert all((after.sequence - earlier.sequence) % 2**16 == 1 for earlier, after in pairwise(packets))
    inbound, outbound, received = other.hear(port)
    assert len(inbound) == len(outbound) == 320 * len(received)
    bench.engine = other
    bench.reoffer(port, far)  # the same keys once more
    report = other.close(port)
    assert (report.received, report.unauthenticated, report.replayed) == (6, 0, 0)


def test_a_port_that_is_gone_is_not_taken(bench: Bench, other: Engine) -> None:
    """Neither one that never was, nor one of the same thread."""
    port = bench.leg(bench.far())
    with pytest.raises(KeyError):
        other.take(bench.engine, port + 1)
    with pytest.raises(ValueError, match="another plane"):
        bench.engine.take(bench.engine, port)


def test_ports_spread_and_those_joined_are_together(engines: Engines) -> None:
    """Each is opened where there is the least to do; joining moves one to the other, and parting leaves it there."""
    ports = [engines.open(*HERE, 20_000)[0] for _ in range(6)]
    assert [engines.threads.index(engines.of(port)) for port in ports] == [0, 1, 2, 0, 1, 2]
    engines.connect(ports[0], ports[1])
    assert engines.of(ports[0]) is engines.of(ports[1])
    engines.connect(ports[0], ports[2])
    assert engines.of(ports[0]) is engines.of(ports[2])
    engines.of(ports[0]).disconnect(ports[0])
    for port in ports:
        engines.close(port)
    again = [engines.open(*HERE, 20_000)[0] for _ in range(3)]
    assert len({engines.of(port) for port in again}) == THREADS
    assert not set(again) & set(ports)


def test_all_of_a_mix_are_together(engines: Engines) -> None:
    """Whoever joins a mix comes to its thread, also from another mix."""
    ports = [engines.open(*HERE, 20_000)[0] for _ in range(5)]
    one, other = engines.open_mix(), engines.open_mix()
    assert engines.of(one) is not engines.of(other)
    for mix in (one, other):
        for port in ports:
            engines.join(mix, port, is_heard=True, hears=True, only_by=0)
        assert {engines.of(port) for port in ports} == {engines.of(mix)}
        engines.close_mix(mix)


def test_lateness_is_counted_tick_by_tick(bench: Bench) -> None:
    """Every tick is in a bucket, and a share of them was no later than its quantile."""
    far = bench.far()
    bench.leg(far)
    for _ in range(10):
        far.receive()
    late = bench.engine.lateness()
    assert late.ticks >= 9
    assert 0 < late.quantile(0.5) <= late.quantile(0.999) <= late.worst
    assert 0 < late.total <= late.worst * late.ticks
    later = bench.engine.lateness()
    assert later.since(late).ticks == later.ticks - late.ticks
