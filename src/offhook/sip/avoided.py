"""Hops that failed a moment ago: they are tried last until some time has passed (RFC 3263 §4.3)."""

from collections.abc import Iterable

from offhook.sip.hop import Hop, Transport

Address = tuple[Transport, str, int]


class AvoidedHops:
    """Addresses to avoid, each until its time; bounded, the one that was entered longest ago goes first."""

    __slots__ = ("_most", "_until")

    def __init__(self, most: int = 1024) -> None:
        self._most = most
        self._until: dict[Address, float] = {}

    def __len__(self) -> int:
        return len(self._until)

    def avoid(self, hop: Hop, until: float) -> None:
        """Try this one last until then."""
        key = (hop.transport, hop.host, hop.port)
        self._until.pop(key, None)
        if len(self._until) >= self._most:
            del self._until[next(iter(self._until))]
        self._until[key] = until

    def forgive(self, hop: Hop) -> None:
        """It answered."""
        if self._until:
            self._until.pop((hop.transport, hop.host, hop.port), None)

    def last(self, hops: Iterable[Hop], now: float) -> list[Hop]:
        """The same hops in their order, those to avoid behind the others: when all are, all are tried."""
        every = list(hops)
        if not self._until or len(every) == 1:
            return every
        return sorted(every, key=lambda hop: self._is_avoided(hop, now))  # stable: each half keeps its order

    def _is_avoided(self, hop: Hop, now: float) -> bool:
        key = (hop.transport, hop.host, hop.port)
        until = self._until.get(key)
        if until is not None and until <= now:
            del self._until[key]
            return False
        return until is not None
