"""How the media threads keep time, as Prometheus metrics."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import isinf
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric


class Lateness(Protocol):
    """How the tick of one thread has kept time (media.lateness.Lateness)."""

    @property
    def ticks(self) -> int:
        """Ticks so far."""

    @property
    def missed(self) -> int:
        """Ticks that came together with a later one."""

    @property
    def worst(self) -> float:
        """The latest tick, in seconds."""

    @property
    def total(self) -> float:
        """The lateness of all ticks together, in seconds."""

    @property
    def buckets(self) -> Sequence[tuple[float, int]]:
        """Upper bounds, the last infinite, and the ticks of each bucket alone."""


def told_by_media(threads: Sequence[Lateness], open_ports: int) -> Iterator[Metric]:
    """One family for each; `thread` counts from 0."""
    ticks = CounterMetricFamily("offhook_media_ticks", "Ticks of 20 ms", labels=["thread"])
    missed = CounterMetricFamily("offhook_media_ticks_missed", "Ticks that came with a later one", labels=["thread"])
    worst = GaugeMetricFamily("offhook_media_lateness_worst_seconds", "The latest tick", labels=["thread"])
    late = HistogramMetricFamily(
        "offhook_media_lateness_seconds", "How late ticks were done with their work", labels=["thread"]
    )
    for number, kept in enumerate(threads):
        thread = [str(number)]
        ticks.add_metric(thread, kept.ticks)
        missed.add_metric(thread, kept.missed)
        worst.add_metric(thread, kept.worst)
        counts = accumulate(count for _, count in kept.buckets)
        bounds = ("+Inf" if isinf(bound) else repr(bound) for bound, _ in kept.buckets)
        late.add_metric(thread, list(zip(bounds, counts, strict=True)), kept.total)
    yield from (ticks, missed, worst, late)
    yield GaugeMetricFamily("offhook_media_ports_open", "Media ports in use", value=open_ports)
