"""Chores are bounded, end together and cannot hurt one another."""

import asyncio

import pytest
import structlog
from structlog.testing import capture_logs

from offhook.net.chores import Chores

pytestmark = pytest.mark.asyncio


async def test_a_failing_chore_leaves_the_others_alone() -> None:
    """The failure is logged, and a chore that runs beside it still ends well."""
    structlog.reset_defaults()
    chores = Chores()
    await chores.start()
    gate, done = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        gate.set()
        raise LookupError("no such name")

    async def wait() -> None:
        await gate.wait()
        done.set()

    with capture_logs() as logs:
        assert chores.add(wait())
        assert chores.add(fail())
        await done.wait()
        await chores.close()
    assert [entry["event"] for entry in logs] == ["chore_failed"]


async def test_close_ends_what_still_runs() -> None:
    """A chore that would wait for ever is cancelled and waited for."""
    chores = Chores()
    await chores.start()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def wait_for_ever() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    assert chores.add(wait_for_ever())
    await begun.wait()
    await chores.close()
    assert ended.is_set()


async def test_a_chore_too_many_is_refused() -> None:
    """Above the limit, and outside start and close, a job is refused and never runs."""
    chores = Chores(limit=1)

    async def wait() -> None:
        await asyncio.Event().wait()

    assert not chores.add(wait())
    await chores.start()
    assert chores.add(wait())
    assert not chores.add(wait())
    await chores.close()
    assert not chores.add(wait())
