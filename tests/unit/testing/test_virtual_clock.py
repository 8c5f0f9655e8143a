"""The virtual-time loop: time jumps, nothing real gets in, and a run that does not end well says so."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from offhook.testing.clock import (
    EPOCH,
    SeededTokens,
    VirtualClock,
    VirtualTimeError,
    advance,
    elapsed,
    run,
    settle,
    virtual_time,
)


@virtual_time
async def test_a_day_passes_at_once() -> None:
    """Waiting moves the loop's clock and the wall clock by the same amount."""
    clock = VirtualClock()
    assert await elapsed(asyncio.sleep(86400)) == pytest.approx(86400)
    assert clock.now() == EPOCH + timedelta(days=1)


@virtual_time
async def test_deadlines_fall_due_in_their_order_without_drift() -> None:
    """Ten thousand steps of 20 ms are exactly 200 seconds, and a timeout set between two of them fires there."""
    loop = asyncio.get_running_loop()
    for _ in range(10_000):
        await asyncio.sleep(0.02)
    assert loop.time() == pytest.approx(200.0, abs=1e-5)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await asyncio.Event().wait()
    assert loop.time() == pytest.approx(200.5, abs=1e-5)


@virtual_time
async def test_settling_leaves_the_clock_alone() -> None:
    """What is ready runs; what waits keeps waiting."""
    seen: list[str] = []
    loop = asyncio.get_running_loop()
    loop.call_soon(seen.append, "ready")
    later = loop.call_later(0.001, seen.append, "later")
    await settle()
    assert seen == ["ready"]
    assert loop.time() == 0
    later.cancel()


@virtual_time
async def test_advancing_moves_the_clock() -> None:
    """What falls due meanwhile happens."""
    seen: list[float] = []
    loop = asyncio.get_running_loop()
    loop.call_later(2, lambda: seen.append(loop.time()))
    await advance(5)
    assert seen == [2]
    assert loop.time() == 5


@pytest.mark.asyncio
async def test_advancing_is_refused_in_real_time() -> None:
    """No test waits for the wall clock by mistake."""
    with pytest.raises(VirtualTimeError, match="virtual_time"):
        await advance(5)


def test_a_hang_is_an_error_that_names_the_seed() -> None:
    """Waiting for what can never come fails at once instead of hanging."""
    with pytest.raises(VirtualTimeError, match="hang for ever") as caught:
        run(_wait_for_nothing(), seed=7)
    assert caught.value.__notes__ == ["virtual time seed: 7"]


def test_a_run_past_its_limit_is_an_error() -> None:
    """A loop of sleeps that never ends is cut off."""
    with pytest.raises(VirtualTimeError, match="limit of 60 "):
        run(_tick_for_ever(), limit=60)


def test_a_task_left_running_is_an_error() -> None:
    """What a test started it must end."""

    async def leave_a_task() -> None:
        asyncio.get_running_loop().create_task(_tick_for_ever(), name="forgotten")

    with pytest.raises(VirtualTimeError, match="forgotten"):
        run(leave_a_task())


def test_a_failing_callback_is_an_error() -> None:
    """A failure that asyncio would only log ends the run."""

    async def fail_unseen() -> None:
        asyncio.get_running_loop().call_soon([].pop)
        await settle()

    with pytest.raises(VirtualTimeError, match="unseen failure") as caught:
        run(fail_unseen())
    assert isinstance(caught.value.__cause__, IndexError)


@virtual_time
async def test_threads_are_refused() -> None:
    """A thread would live in real time."""
    with pytest.raises(VirtualTimeError, match="thread"):
        await asyncio.to_thread(print)


@virtual_time
async def test_sockets_are_refused() -> None:
    """A socket would wait in real time."""
    with pytest.raises(VirtualTimeError, match="real"):
        asyncio.get_running_loop().add_reader(0, print)


def test_tokens_repeat_for_a_seed_and_differ_otherwise() -> None:
    """SIDs are predictable in tests."""
    assert SeededTokens(1).sid("CA") == SeededTokens(1).sid("CA")
    assert SeededTokens(1).sid("CA") != SeededTokens(2).sid("CA")
    tokens = SeededTokens()
    first, second = tokens.sid("CA"), tokens.sid("CA")
    assert first != second
    assert len(first) == 34


async def _wait_for_nothing() -> None:
    await asyncio.Event().wait()


async def _tick_for_ever() -> None:
    for _ in itertools.count():
        await asyncio.sleep(1)
