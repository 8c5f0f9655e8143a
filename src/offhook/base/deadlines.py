"""A queue of named deadlines on a clock that the caller brings."""

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)


FEW = 64  # stale entries among so few are no matter


class Deadlines(Generic[Name]):
    """One deadline for each name; setting a name again replaces it. Times are seconds on the caller's clock."""

    __slots__ = ("_heap", "_order", "_times")

    def __init__(self) -> None:
        self._times: dict[Name, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, Name]] = []
        self._order = 0

    def __len__(self) -> int:
        return len(self._times)

    def __contains__(self, name: Name) -> bool:
        return name in self._times

    def set(self, name: Name, at: float) -> None:
        """Let `name` fall due at `at`."""
        self._order += 1
        self._times[name] = (at, self._order)
        heappush(self._heap, (at, self._order, name))
        if len(self._heap) > FEW and len(self._heap) > 2 * len(self._times):
            self._compact()

    def clear(self, name: Name) -> None:
        """Forget `name`; nothing happens when it is not set."""
        self._times.pop(name, None)

    def next(self) -> float | None:
        """When the earliest deadline falls due, or None."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[Name]:
        """Take out every deadline that has fallen due, earliest first."""
        names: list[Name] = []
        while True:
            self._drop_stale()
            if not self._heap or self._heap[0][0] > now:
                return names
            name = heappop(self._heap)[2]
            del self._times[name]
            names.append(name)

    def _compact(self) -> None:
        """Drop what is stale once it is the larger part: what is cleared does not stay until its time would come."""
        self._heap = [(at, order, name) for name, (at, order) in self._times.items()]
        heapify(self._heap)

    def _drop_stale(self) -> None:
        # A replaced or cleared deadline stays in the heap until it surfaces: set and clear stay O(log n) and O(1).
        heap, times = self._heap, self._times
        while heap and times.get(heap[0][2], (0.0, 0))[1] != heap[0][1]:
            heappop(heap)
