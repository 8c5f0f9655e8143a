"""When new calls have to wait: how late the loop is and how much is open, each with a mark to start and one to stop.

Fed at intervals by whoever runs the loop, asked by endpoints before a new call. Sans-IO; time is an argument.
"""

from dataclasses import dataclass
from enum import Enum
from zlib import crc32

# A peer that is sent away comes back after 2 to 10 seconds, not all of them at once.
SOONEST, SPREAD = 2, 9


class Pressure(Enum):
    """What is too much."""

    LATENESS = "lateness"
    SESSIONS = "sessions"
    TRANSACTIONS = "transactions"

    __hash__ = object.__hash__  # that of Enum is Python code


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What there is: how many seconds late the loop came to its work, open sessions and open transactions."""

    lateness: float = 0.0
    sessions: int = 0
    transactions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OverloadSettings:
    """From which mark on new calls are refused, and below which share of it they are taken again.

    `memory` is the share of each new lateness in the running mean, so that one long breath of the machine refuses
    nobody; `hold` is for how many seconds refusing goes on at the least.
    """

    lateness: float = 0.3
    sessions: int = 10_000
    transactions: int = 16_000
    relief: float = 0.8
    memory: float = 0.2
    hold: float = 2.0


class Overload:
    """Whether new calls are refused."""

    def __init__(self, settings: OverloadSettings | None = None) -> None:
        self.settings = settings or OverloadSettings()
        self.lateness = 0.0  # the running mean, in seconds
        self.times = 0  # how often it began
        self.pressures: frozenset[Pressure] = frozenset()
        self._until = 0.0

    @property
    def is_on(self) -> bool:
        """Whether new calls are refused at present."""
        return bool(self.pressures)

    def measure(self, load: Load, now: float) -> None:
        """Take note of what there is."""
        marks = self.settings
        self.lateness += marks.memory * (load.lateness - self.lateness)
        ratios = {
            Pressure.LATENESS: self.lateness / marks.lateness,
            Pressure.SESSIONS: load.sessions / marks.sessions,
            Pressure.TRANSACTIONS: load.transactions / marks.transactions,
        }
        high = {name for name, ratio in ratios.items() if ratio >= 1.0}
        if high:
            self.times += not self.pressures
            self._until = now + marks.hold
        still = {name for name in self.pressures if now < self._until or ratios[name] > marks.relief}
        self.pressures = frozenset(high | still)


def retry_after(call_id: str) -> str:
    """The seconds of a Retry-After (RFC 3261 §20.33): not the same for all callers."""
    return str(SOONEST + crc32(call_id.encode("utf-8", "surrogateescape")) % SPREAD)
