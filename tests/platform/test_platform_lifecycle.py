"""The platform's last moments: a signal ends its calls in order, and whoever asks is told that it is closing."""

import asyncio
import gc
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from whole_platform import Callee, calling, sdk, settings

from offhook.server.compose import Platform
from offhook.server.config import Config
from offhook.server.lifecycle import run
from offhook.server.settings import Limits

pytestmark = [pytest.mark.asyncio, pytest.mark.slow, pytest.mark.timeout(30)]

HOLD = '<Response><Pause length="600"/></Response>'


@pytest.fixture(autouse=True)
def _usual_collector() -> Iterator[None]:
    """A server calms the cycle collector; other tests get it as it was."""
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


@asynccontextmanager
async def served(folder: Path, **changes: Any) -> AsyncIterator[tuple[Platform, asyncio.Task[None]]]:
    """The platform as `offhook serve` runs it, and the task that ends when it does."""
    announced: asyncio.Future[Platform] = asyncio.get_running_loop().create_future()
    config = Config(settings=settings(**changes), source=None, data=folder)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(config, announced.set_result))
        yield await announced, task


async def place_and_wait(platform: Platform, address: str) -> str:
    """The SID of a call that has been answered."""
    async with sdk(platform) as twilio:
        placed = await twilio.run(
            lambda client: client.calls.create(to=f"sip:jack@{address}", from_="alice", twiml=HOLD)
        )
        async with asyncio.timeout(10):
            while await twilio.run(lambda client: client.calls(placed.sid).fetch().status) != "in-progress":
                pass
    return str(placed.sid)


def status_of(folder: Path, sid: str) -> str:
    """What the database says of a call once the platform has closed it."""
    with closing(sqlite3.connect(folder / "offhook.db")) as database:
        (status,) = database.execute("SELECT status FROM call_record WHERE sid = ?", (sid,)).fetchone()
    return str(status)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_hangs_up_and_writes_down(tmp_path: Path, number: signal.Signals) -> None:
    """The callee gets a BYE, the record is completed, and the platform has ended."""
    async with calling(200) as (callee, address), served(tmp_path) as (platform, task):
        sid = await place_and_wait(platform, address)
        os.kill(os.getpid(), number)
        async with asyncio.timeout(10):
            await task
    assert callee.methods[-1] == "BYE"
    assert status_of(tmp_path, sid) == "completed"


async def test_while_it_closes_it_takes_no_calls(tmp_path: Path) -> None:
    """/readyz turns to 503 while a callee lets its BYE wait; the limit of time ends that."""
    async with calling(200) as (callee, address), served(tmp_path, limits=Limits(drain=1.0)) as (platform, task):
        await place_and_wait(platform, address)
        deaf(callee)
        async with aiohttp.ClientSession(f"http://{platform.address}") as client:
            async with client.get("/readyz") as answer:
                assert answer.status == 200
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(5):
                while True:
                    async with client.get("/readyz") as answer:
                        told = answer.status, await answer.json()
                    if told[0] != 200:
                        break
        assert told == (503, {"status": "closing"})
        async with asyncio.timeout(10):
            await task


def deaf(callee: Callee) -> None:
    """From here on the callee answers nothing."""
    callee.datagram_received = lambda *_: None  # type: ignore[method-assign]
