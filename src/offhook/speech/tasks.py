"""What providers do in the background, such as talking over a WebSocket: ended together, and never raising."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, Self

import structlog

log = structlog.get_logger(__name__)


class ProviderTasks:
    """A task group for the time of an `async with`; a task that fails is logged and harms nothing else."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._group = await self._stack.enter_async_context(asyncio.TaskGroup())
        return self

    async def __aexit__(self, *_error: object) -> None:
        for task in self._running:
            task.cancel()
        await self._stack.aclose()

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin with it."""
        task = self._group.create_task(_guarded(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # Cancelled before its first step, it would complain that nobody awaited it.
        task.add_done_callback(lambda _: work.close())
        return task


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        # Raised further it would cancel every other task of the group.
        log.exception("a provider of speech failed in the background")
