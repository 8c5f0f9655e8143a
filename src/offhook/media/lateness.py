"""How the 20 ms tick of a media thread has kept time: what native/lateness.c counts, as numbers for people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """How long after their due times ticks were done with their work, in seconds; `missed` came with a later one.

    `buckets` are upper bounds, the last infinite, and how many ticks were no later, but later than the bound before.
    """

    missed: int
    worst: float
    total: float
    dropped_events: int
    buckets: tuple[tuple[float, int], ...]

    @property
    def ticks(self) -> int:
        """How many ticks there have been."""
        return sum(count for _, count in self.buckets)

    def quantile(self, share: float) -> float:
        """A lateness that this share of the ticks kept within: the bound of a bucket, or the worst where that is less.

        0.0 when there has been no tick.
        """
        wanted = share * self.ticks
        kept = 0
        for bound, count in self.buckets:
            kept += count
            if kept >= wanted:
                return min(bound, self.worst)
        return self.worst

    def since(self, earlier: "Lateness") -> "Lateness":
        """What has come after an earlier look; `worst` stays that of all time."""
        return Lateness(
            missed=self.missed - earlier.missed,
            worst=self.worst,
            total=self.total - earlier.total,
            dropped_events=self.dropped_events - earlier.dropped_events,
            buckets=tuple(
                (bound, count - before)
                for (bound, count), (_, before) in zip(self.buckets, earlier.buckets, strict=True)
            ),
        )
