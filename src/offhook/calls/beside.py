"""What goes on beside a call's documents, such as a transcription: tasks in the group of the call.

Opened and closed by calls.supervision. Such a task ends by itself soon after the leg; the call is not over before.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from offhook.calls.chronicle import Chronicle
from offhook.calls.errors import CallError, LegEnded
from offhook.calls.leg import CallLeg
from offhook.calls.world import World
from offhook.model.call import CallRecord
from offhook.model.timeline import Kind


class Beside:
    """The door to the task group of one call while its leg lives."""

    __slots__ = ("_chronicle", "_tasks")

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        self._tasks: asyncio.TaskGroup | None = None

    def open(self, tasks: asyncio.TaskGroup) -> None:
        """From now on something may run."""
        self._tasks = tasks

    def close(self) -> None:
        """The leg has ended: what runs comes to its end, nothing new begins."""
        self._tasks = None

    def run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Begin with it. Raises LegEnded."""
        if self._tasks is None:
            work.close()
            raise LegEnded("the call is over")
        task = self._tasks.create_task(self._guarded(work), name=name)
        task.add_done_callback(lambda _: work.close())  # cancelled before its first step, it would complain

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - a bug in it must not take the call with it
            told = f"internal failure: {type(error).__name__}: {error}"
            self._chronicle.notice(CallError.error_code, told, is_error=True)


class AccompaniedCall(Protocol):
    """The part of calls.call.Call that recordings, streams and transcriptions need."""

    @property
    def world(self) -> World:
        """The outside."""

    @property
    def record(self) -> CallRecord:
        """The newest state."""

    @property
    def leg(self) -> CallLeg:
        """Where the sound is."""

    @property
    def beside(self) -> Beside:
        """Where it runs."""

    def trace(self, kind: Kind, summary: str, **detail: Any) -> None:
        """One entry on the call's timeline."""

    def notice(self, error_code: int, text: str, *, is_error: bool = False, url: str = "") -> None:
        """One notification of the API."""
