"""The next verb's sound, made while the present one is heard, so that no silence falls between two sentences.

Used by the program, for one document at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable

from offhook.calls.errors import CallError, WebhookFailed
from offhook.calls.ports import Sound

Make = Callable[[], Awaitable[Sound]]


class Ahead:
    """Sounds in the making by the position of their verb, in the task group of the document."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._begun: dict[int, asyncio.Task[Sound | CallError]] = {}

    def begin(self, position: int, make: Make) -> None:
        """Start on the sound of a verb."""
        self._begun[position] = self._tasks.create_task(_kept(make))

    async def take(self, position: int, make: Make) -> Sound:
        """The sound of a verb: what was begun for it, or made now. Raises what making it raised."""
        task = self._begun.pop(position, None)
        if task is None:
            return await make()
        sound = await task
        if isinstance(sound, CallError):
            raise sound
        return sound

    def check(self) -> None:
        """Raise the first failure of the customer's application among what has been made."""
        for task in self._begun.values():
            sound = task.result() if task.done() and not task.cancelled() else None
            if isinstance(sound, WebhookFailed):
                raise sound

    def stop(self) -> None:
        """The document is left: nobody takes the rest."""
        for task in self._begun.values():
            task.cancel()
        self._begun.clear()


async def _kept(make: Make) -> Sound | CallError:
    # A failure is a value until the verb's turn comes; in a task group it would end the verb that is heard now.
    try:
        return await make()
    except CallError as error:
        return error
