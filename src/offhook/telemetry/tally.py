"""Counts that cost next to nothing to keep, and become Prometheus metrics only when someone collects them.

Labelled counters of prometheus-client took 10 to 22 us for an entry of the timeline on the machine they were tried on,
which a call with twenty entries feels; dictionaries took 1.5 to 4.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector


class Tally(Collector):
    """A counter; its keys are the values of its labels, and whoever counts keeps them to a fixed set."""

    def __init__(self, name: str, documentation: str, *labels: str) -> None:
        self._name, self._documentation, self._labels = name, documentation, labels
        self.counts: defaultdict[tuple[str, ...], int] = defaultdict(int)

    def collect(self) -> Iterable[Metric]:
        """The counts so far."""
        family = CounterMetricFamily(self._name, self._documentation, labels=self._labels)
        for values, count in tuple(self.counts.items()):
            family.add_metric(values, count)
        return [family]


class Spread(Collector):
    """A histogram with one label; `bounds` are the upper ends of its buckets, in rising order."""

    def __init__(self, name: str, documentation: str, label: str, bounds: tuple[float, ...]) -> None:
        self._name, self._documentation, self._label, self._bounds = name, documentation, label, bounds
        self._counts: dict[str, list[int]] = {}
        self._sums: defaultdict[str, float] = defaultdict(float)

    def add(self, label: str, value: float) -> None:
        """One more value."""
        counts = self._counts.get(label)
        if counts is None:
            counts = self._counts[label] = [0] * (len(self._bounds) + 1)
        counts[bisect_left(self._bounds, value)] += 1
        self._sums[label] += value

    def collect(self) -> Iterable[Metric]:
        """The buckets so far, each with all that is below its bound."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=[self._label])
        for label, counts in tuple(self._counts.items()):
            names = [*map(str, self._bounds), "+Inf"]
            below = [sum(counts[: position + 1]) for position in range(len(counts))]
            family.add_metric([label], buckets=list(zip(names, below, strict=True)), sum_value=self._sums[label])
        return [family]


class Asked(Collector):
    """Metrics that are made when they are collected."""

    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        """What is so at present."""
        return self._collect()
