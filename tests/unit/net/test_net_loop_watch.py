"""The loop measures how late it is itself."""

import asyncio
import time

import pytest

from offhook.net.loop_watch import INTERVAL, LoopWatch
from offhook.sip.overload import Overload, OverloadSettings, Pressure

pytestmark = pytest.mark.asyncio


@pytest.mark.slow
async def test_a_loop_that_is_kept_busy_is_found_late_and_recovers() -> None:
    """Work of a quarter of a second, again and again; then none."""
    overload = Overload(OverloadSettings(lateness=0.05, memory=0.5, hold=0.1))
    watch = LoopWatch(overload, lambda: (3, 4))
    watch.start()
    loop = asyncio.get_running_loop()
    turned = asyncio.Event()
    for _ in range(6):
        time.sleep(INTERVAL + 0.15)  # noqa: ASYNC251  # keeping the loop from its work is the point
        loop.call_later(0.01, turned.set)
        await turned.wait()
        turned.clear()
    assert overload.pressures == {Pressure.LATENESS}
    async with asyncio.timeout(5):
        while overload.is_on:
            loop.call_later(INTERVAL, turned.set)
            await turned.wait()
            turned.clear()
    watch.close()
    watch.close()


async def test_sessions_and_transactions_are_asked_for() -> None:
    """What is open presses, too."""
    overload = Overload(OverloadSettings(sessions=3))
    watch = LoopWatch(overload, lambda: (3, 4))
    watch.start()
    measured = asyncio.Event()
    asyncio.get_running_loop().call_later(2 * INTERVAL, measured.set)
    await measured.wait()
    watch.close()
    assert overload.pressures == {Pressure.SESSIONS}
