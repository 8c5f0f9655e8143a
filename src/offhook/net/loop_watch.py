"""How late the loop comes to its work: a timer at short intervals that looks at how late it was itself."""

import asyncio
from collections.abc import Callable

from offhook.sip.overload import Load, Overload

INTERVAL = 0.1  # seconds


class LoopWatch:
    """Measures the running loop for an Overload; `count` says how many sessions and transactions are open."""

    def __init__(self, overload: Overload, count: Callable[[], tuple[int, int]]) -> None:
        self._overload = overload
        self._count = count
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def start(self) -> None:
        """Begin to measure."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + INTERVAL
        self._timer = loop.call_at(self._due, self._look)

    def close(self) -> None:
        """Measure no more; may be called twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        sessions, transactions = self._count()
        load = Load(lateness=max(0.0, now - self._due), sessions=sessions, transactions=transactions)
        self._overload.measure(load, now)
        self.start()
