"""Prometheus metrics: counts read from the timeline, gauges asked for when they are collected, and the process's own.

Labels take only values from fixed sets, so that nobody outside can make new time series.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.registry import Collector

from offhook.model.call import CallStatus, Direction
from offhook.model.timeline import Kind, TimelineEntry
from offhook.sip.methods import METHODS
from offhook.telemetry import sip_text

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

PURPOSES = frozenset({"voice", "fallback", "action", "screening", "redirect", "play", "callback"})
STATUSES = frozenset(status.value for status in CallStatus)
FINAL = frozenset(status.value for status in CallStatus if status.is_final)
DIRECTIONS = frozenset(direction.value for direction in Direction)
BORN_INBOUND = (CallStatus.RINGING.value, Direction.INBOUND.value)
LEVELS = frozenset({"error", "warning"})
OTHER = "other"
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)


class Lateness(Protocol):
    """How the media plane's tick has kept time (media.engine.Lateness)."""

    @property
    def ticks(self) -> int:
        """Ticks so far."""

    @property
    def missed(self) -> int:
        """Ticks that came together with a later one."""

    @property
    def worst(self) -> float:
        """The latest tick, in seconds."""


class Metrics:
    """A registry of our own; `receive` is a listener of the timeline, `text` what /metrics answers."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._started = self._counter("offhook_calls_started", "Calls that began", "direction")
        self._finished = self._counter("offhook_calls_finished", "Calls that ended", "status", "direction")
        self._webhooks = self._counter("offhook_webhooks", "Requests to applications", "purpose", "outcome")
        self._sip = self._counter("offhook_sip_messages", "SIP messages on the wire", "message", "direction")
        self._notices = self._counter("offhook_notices", "Errors and warnings of calls", "level")
        self._duration = Histogram(
            "offhook_webhook_seconds",
            "Until an application answered",
            ["purpose"],
            buckets=SECONDS,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def watch_calls(self, live: Callable[[], int]) -> None:
        """Publish how many calls are up, as `live` says when asked."""

        def collect() -> Iterator[Metric]:
            yield GaugeMetricFamily("offhook_calls_live", "Calls that are up", value=live())

        self._registry.register(_Asked(collect))

    def watch_media(self, lateness: Callable[[], Lateness], open_ports: Callable[[], int]) -> None:
        """Publish how the media plane keeps time and how many ports it has open."""

        def collect() -> Iterator[Metric]:
            kept = lateness()
            yield CounterMetricFamily("offhook_media_ticks", "Ticks of 20 ms", value=kept.ticks)
            yield CounterMetricFamily(
                "offhook_media_ticks_missed", "Ticks that came with a later one", value=kept.missed
            )
            yield GaugeMetricFamily("offhook_media_lateness_worst_seconds", "The latest tick", value=kept.worst)
            yield GaugeMetricFamily("offhook_media_ports_open", "Media ports in use", value=open_ports())

        self._registry.register(_Asked(collect))

    def receive(self, entry: TimelineEntry) -> None:
        """Count one entry of the timeline."""
        match entry.kind:
            case Kind.SIP:
                self._receive_sip(entry)
            case Kind.WEBHOOK:
                self._receive_webhook(entry)
            case Kind.STATUS:
                self._receive_status(entry)
            case Kind.NOTICE:
                self._notices.labels(_known(entry.detail.get("level"), LEVELS)).inc()
            case _:
                pass

    def text(self) -> bytes:
        """Everything in Prometheus' text format, whose media type is CONTENT_TYPE."""
        return generate_latest(self._registry)

    # --- within ---------------------------------------------------------------------------------------------------

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(name, documentation, labels, registry=self._registry)

    def _receive_sip(self, entry: TimelineEntry) -> None:
        detail = entry.detail
        line = sip_text.start_line(str(detail.get("text", ""))) or str(detail.get("start_line", ""))
        code = sip_text.status_code(line)
        message = _known(line.partition(" ")[0], METHODS) if code is None else f"{code // 100}xx"
        self._sip.labels(message, _known(detail.get("direction"), ("sent", "received"))).inc()

    def _receive_webhook(self, entry: TimelineEntry) -> None:
        detail = entry.detail
        purpose = _known(str(detail.get("purpose", "")).partition(" ")[0], PURPOSES)
        code, milliseconds = detail.get("code"), detail.get("milliseconds")
        outcome = f"{code // 100}xx" if isinstance(code, int) and 100 <= code <= 599 else "failed"  # noqa: PLR2004
        self._webhooks.labels(purpose, outcome).inc()
        if isinstance(milliseconds, int | float):
            self._duration.labels(purpose).observe(milliseconds / 1000)

    def _receive_status(self, entry: TimelineEntry) -> None:
        status = _known(entry.detail.get("status"), STATUSES)
        direction = _known(entry.detail.get("direction"), DIRECTIONS)
        if status == CallStatus.INITIATED.value or (status, direction) == BORN_INBOUND:
            self._started.labels(direction).inc()
        if status in FINAL:
            self._finished.labels(status, direction).inc()


class _Asked(Collector):
    """Metrics that are made when they are collected."""

    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        """What is so at present."""
        return self._collect()


def _known(value: object, values: Iterable[str]) -> str:
    return value if isinstance(value, str) and value in values else OTHER
