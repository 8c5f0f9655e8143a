"""Waiting for what other processes do: a condition that is looked at again and again, within a limit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")

LIMIT = 10.0
INTERVAL = 0.02


async def eventually(condition: Callable[[], Awaitable[Found | None]], what: str, limit: float = LIMIT) -> Found:
    """The first true value of `condition`; fails with `what` was waited for after `limit` seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit
    while True:
        value = await condition()
        if value:
            return value
        assert loop.time() < end, f"waited {limit:.0f} s in vain for {what}; last seen: {value!r}"
        tick = asyncio.Event()
        loop.call_later(INTERVAL, tick.set)
        await tick.wait()


async def eventually_true(condition: Callable[[], bool], what: str, limit: float = LIMIT) -> None:
    """Wait until a condition that needs no waiting of its own holds."""

    async def look() -> bool:
        return condition()

    await eventually(look, what, limit)
