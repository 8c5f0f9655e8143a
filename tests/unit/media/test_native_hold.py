"""A leg on hold, and the one that it is joined to: who still gets packets, and whose silence is told."""

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from media_bench import SILENCE, Bench, running_bench

from offhook.media.events import SourceLatched, SourceSilenced
from offhook.testing.far_end import FarEnd

QUIET = b"\xff" * 160
SPEECH = b"\x01" * 160


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine of this test's own."""
    with running_bench() as running:
        yield running


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_the_partner_of_one_who_holds_and_sends_nothing_hears_silence(bench: Bench, direction: str) -> None:
    """A NAT's door stays open, and nobody takes the line for dead; what comes after the hold goes on without a seam."""
    holder, partner = bench.far(), bench.far(ssrc=8)
    ports = bench.leg(holder), bench.leg(partner)
    bench.engine.connect(*ports)
    for _ in range(3):
        holder.send(SPEECH)
    while partner.receive().payload != SPEECH:
        pass
    bench.reoffer(ports[0], holder, direction=direction)
    heard = [partner.receive() for _ in range(20)]
    assert heard[-1].payload == QUIET
    bench.reoffer(ports[0], holder)
    holder.send(SPEECH)
    while heard[-1].payload != SPEECH:
        heard.append(partner.receive())
    assert all((after.sequence - before.sequence) % 2**16 == 1 for before, after in pairwise(heard))
    assert all(0 < (after.timestamp - before.timestamp) % 2**32 < 16_000 for before, after in pairwise(heard[2:]))


def test_music_on_hold_is_heard(bench: Bench) -> None:
    """One who holds with sendonly is relayed, and gets nothing."""
    holder, partner = bench.far(), bench.far(ssrc=8)
    ports = bench.leg(holder), bench.leg(partner)
    bench.engine.connect(*ports)
    bench.reoffer(ports[0], holder, direction="sendonly")
    holder.send(SPEECH)
    while partner.receive().payload != SPEECH:
        pass
    drain_until_quiet(holder)
    partner.send(SPEECH)
    with pytest.raises(TimeoutError):
        holder.receive()


def drain_until_quiet(far: FarEnd) -> None:
    """Read what was sent before the hold."""
    far.socket.settimeout(0.1)
    with suppress(TimeoutError):
        while True:
            far.socket.recv(2048)


def test_one_who_takes_the_call_back_has_time_to_be_heard(bench: Bench) -> None:
    """The silence of a hold with sendonly does not count after it, and silence after it is told anew."""
    far = bench.far()
    port = bench.leg(far)
    far.send(QUIET)
    bench.expect_kind(SourceLatched, port)
    bench.reoffer(port, far, direction="sendonly")
    bench.expect_kind(SourceSilenced, port)
    resumed = time.monotonic()
    bench.reoffer(port, far)
    bench.expect_kind(SourceSilenced, port)
    assert time.monotonic() - resumed >= SILENCE * 0.9
