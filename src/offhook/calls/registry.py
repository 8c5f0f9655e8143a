"""The live calls by SID: makes them, starts their tasks, forgets them when they are over."""

from collections.abc import Callable, Coroutine
from typing import Any

from offhook.calls.call import Call, Dials
from offhook.calls.program import CallProgram
from offhook.calls.supervision import Supervision
from offhook.calls.world import World
from offhook.model.call import CallRecord
from offhook.model.sids import CallSid

Life = Callable[[Supervision], Coroutine[Any, Any, None]]


class Registry:
    """Every call that is not over yet."""

    def __init__(self, world: World, program: CallProgram) -> None:
        self.world = world
        self.program = program
        self._live: dict[CallSid, Supervision] = {}

    def __len__(self) -> int:
        return len(self._live)

    def find(self, sid: CallSid) -> Supervision | None:
        """The live call of this SID."""
        return self._live.get(sid)

    def all(self) -> tuple[Supervision, ...]:
        """Every live call."""
        return tuple(self._live.values())

    def make(self, record: CallRecord, dials: Dials, *, time_limit: float | None = None) -> Supervision:
        """A call that is registered but has no task yet; start() gives it one."""
        supervision = Supervision(Call(self.world, record, dials, time_limit=time_limit), self.program)
        self._live[record.sid] = supervision
        return supervision

    def start(self, supervision: Supervision, life: Life) -> None:
        """Let the call live; it leaves the registry when nothing of it is left."""
        sid = supervision.call.record.sid
        supervision.start(life(supervision), lambda: self._forget(sid))

    def _forget(self, sid: CallSid) -> None:
        self._live.pop(sid, None)
