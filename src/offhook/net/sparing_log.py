"""A log line for each peer that gives trouble, and no flood of them: strangers decide how often there is trouble."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Told:
    """When a peer's trouble was logged last, and how often it came again since."""

    at: float
    again: int = 0


class SparingLog:
    """Logs one event per source and `pause` seconds, and `burst` of them per `pause` in all."""

    def __init__(self, time: Callable[[], float], *, pause: float = 60.0, burst: int = 60, sources: int = 1024) -> None:
        self._time = time
        self._pause = pause
        self._burst = burst
        self._sources = sources
        self._told: OrderedDict[str, Told] = OrderedDict()
        self._began = -pause
        self._lines = 0

    def tell(self, event: str, source: str, **detail: object) -> None:
        """Log, unless this source was told of lately."""
        now = self._time()
        if now - self._began >= self._pause:
            self._began, self._lines = now, 0
        told = self._told.get(source)
        if (told is not None and now - told.at < self._pause) or self._lines >= self._burst:
            if told is not None:
                told.again += 1
            return
        self._lines += 1
        if told is not None and told.again:
            detail["again"] = told.again
        self._told[source] = Told(now)
        self._told.move_to_end(source)
        if len(self._told) > self._sources:
            self._told.popitem(last=False)
        log.warning(event, source=source, **detail)
