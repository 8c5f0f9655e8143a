"""Waiting for what other processes do: a condition that is looked at again and again, within a limit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")

LIMIT = 10.0
INTERVAL = 0.02


async def eventually(
    condition: Callable[[], Found | Awaitable[Found]], what: str, limit: float = LIMIT
) -> Found:
    """The first true value of `condition`; fails with `what` was waited for after `limit` seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit
    while True:
        found = condition()
        value = await found if isinstance(found, Awaitable) else found
        if value:
            return value
        assert loop.time() < end, f"waited {limit:.0f} s in vain for {what}; last seen: {value!r}"
        tick = asyncio.Event()
        loop.call_later(INTERVAL, tick.set)
        await tick.wait()
