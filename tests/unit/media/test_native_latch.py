"""Who may have a media port: races before the first packet, strangers in between, NATs that change their mind."""

from collections.abc import Iterator

import pytest
from media_bench import Bench, running_bench

from offhook.media.events import KeyReleased, SourceLatched
from offhook.testing.far_end import FarEnd

QUIET = b"\xff" * 160
ATTACKER, ELSEWHERE = "127.0.0.66", "127.0.0.77"


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine of this test's own."""
    with running_bench() as running:
        yield running


def says(far: FarEnd, count: int) -> None:
    """So many packets in a row."""
    for _ in range(count):
        far.send(QUIET)


def latched(bench: Bench, port: int, far: FarEnd) -> None:
    """The port has gone over to this peer."""
    host = far.socket.getsockname()[0]
    assert bench.expect_kind(SourceLatched, port) == SourceLatched(port=port, remote=f"{host}:{far.number}")


def aimed(bench: Bench, announced: FarEnd, host: str, ssrc: int) -> FarEnd:
    """Another source that sends to the same port."""
    other = bench.far(ssrc=ssrc, host=host)
    other.remote = announced.remote
    return other


def key_of(bench: Bench, port: int, far: FarEnd) -> str:
    """The first key that the port hears once this peer has pressed 1."""
    far.press("1")
    pressed = bench.expect_kind(KeyReleased, port)
    assert isinstance(pressed, KeyReleased)
    return pressed.digit


def test_the_announced_host_takes_its_port_back_from_another_port_too(bench: Bench) -> None:
    """An attacker was quicker; the real peer speaks from the announced host, from a port that its NAT has changed."""
    announced = bench.far()
    port = bench.leg(announced)
    attacker, real = aimed(bench, announced, ATTACKER, 666), aimed(bench, announced, "127.0.0.1", 7)
    says(attacker, 3)
    latched(bench, port, attacker)
    says(real, 3)
    latched(bench, port, real)
    says(attacker, 10)
    attacker.press("9")
    assert key_of(bench, port, real) == "1"
    assert bench.engine.close(port).remote == f"127.0.0.1:{real.number}"


def test_a_stranger_in_between_does_not_keep_the_announced_host_from_its_port(bench: Bench) -> None:
    """Each of its packets is followed by one of the attacker's, so that no run of all packets would be long enough."""
    announced = bench.far()
    port = bench.leg(announced)
    attacker, real = aimed(bench, announced, ATTACKER, 666), aimed(bench, announced, "127.0.0.1", 7)
    for _ in range(3):
        real.send(QUIET)
        attacker.sequence += 5  # it is not after the port itself
        attacker.send(QUIET)
    latched(bench, port, real)


def test_who_was_believed_elsewhere_is_not_pushed_out(bench: Bench) -> None:
    """A peer behind NAT has the port; an attacker with a long run of its own gets nothing, keys included."""
    announced = bench.far()
    port = bench.leg(announced)
    real, attacker = aimed(bench, announced, ELSEWHERE, 7), aimed(bench, announced, ATTACKER, 7)
    says(real, 3)
    latched(bench, port, real)
    says(attacker, 50)
    attacker.press("9")
    assert key_of(bench, port, real) == "1"
    assert bench.engine.close(port).remote == f"{ELSEWHERE}:{real.number}"


@pytest.mark.parametrize(("ssrc", "is_followed"), [(7, True), (8, False)], ids=["same SSRC", "another SSRC"])
def test_a_nat_that_changes_its_port(bench: Bench, ssrc: int, *, is_followed: bool) -> None:
    """The same host with the same SSRC is the same peer; a neighbour behind the same NAT is not."""
    announced = bench.far()
    port = bench.leg(announced)
    real, moved = aimed(bench, announced, ELSEWHERE, 7), aimed(bench, announced, ELSEWHERE, ssrc)
    says(real, 3)
    latched(bench, port, real)
    says(moved, 3)
    if is_followed:
        latched(bench, port, moved)
    expected = moved if is_followed else real
    assert key_of(bench, port, expected) == "1"
    assert bench.engine.close(port).remote == f"{ELSEWHERE}:{expected.number}"


def test_after_the_announced_address_has_spoken_nobody_else_does(bench: Bench) -> None:
    """Not even another port of its host, with its SSRC and its sequence numbers."""
    announced = bench.far()
    port = bench.leg(announced)
    says(announced, 1)
    latched(bench, port, announced)
    twin = aimed(bench, announced, "127.0.0.1", 7)
    twin.sequence = announced.sequence
    says(twin, 10)
    twin.press("9")
    assert key_of(bench, port, announced) == "1"
    assert bench.engine.close(port).remote == f"127.0.0.1:{announced.number}"
