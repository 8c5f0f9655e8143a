"""Short jobs of an adapter (a look-up, a connection attempt): bounded in number, ended together, never raising."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Chores:
    """A task group that lives from start() to close(); a chore that fails is logged and harms nothing else."""

    def __init__(self, limit: int = 1024) -> None:
        self._limit = limit
        self._stack = AsyncExitStack()
        self._group: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open the group; the loop that runs now is the one the chores run on."""
        self._group = await self._stack.enter_async_context(asyncio.TaskGroup())

    async def close(self) -> None:
        """Cancel what still runs and wait for it."""
        for task in self._running:
            task.cancel()
        self._group = None
        await self._stack.aclose()

    def add(self, job: Coroutine[Any, Any, None]) -> bool:
        """Run a job; False when there are too many already, or when the group is not open."""
        if self._group is None or len(self._running) >= self._limit:
            job.close()
            return False
        task = self._group.create_task(_guarded(job))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # Cancelled before its first step, a job would complain that nobody awaited it.
        task.add_done_callback(lambda _: job.close())
        return True


async def _guarded(job: Coroutine[Any, Any, None]) -> None:
    try:
        await job
    except Exception:
        # Raised further it would cancel every other chore of the group.
        log.exception("chore_failed")
