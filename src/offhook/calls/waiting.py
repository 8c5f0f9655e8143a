"""Waits for whichever of several events comes first."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_of(*waits: Coroutine[Any, Any, object]) -> frozenset[int]:
    """Run the waits together until one is done, cancel the rest; the positions of those that are done."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(wait) for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        done = frozenset(position for position, task in enumerate(tasks) if task.done())
        for task in tasks:
            task.cancel()
    return done
