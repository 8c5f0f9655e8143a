"""Prometheus metrics: counts read from the timeline, gauges asked for when they are collected, and the process's own.

Labels take only values from fixed sets, so that nobody outside can make new time series.
"""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector

from offhook.model.call import CallStatus, Direction
from offhook.model.timeline import Kind, TimelineEntry
from offhook.sip.methods import METHODS
from offhook.telemetry.guard_metrics import GuardTold, told_by_guard
from offhook.telemetry.media_metrics import Lateness, told_by_media
from offhook.telemetry.quality_metrics import QualityMetrics
from offhook.telemetry.tally import Asked, Spread, Tally

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

PURPOSES = frozenset({"voice", "fallback", "action", "screening", "redirect", "play", "callback"})
STATUSES = frozenset(status.value for status in CallStatus)
FINAL = frozenset(status.value for status in CallStatus if status.is_final)
DIRECTIONS = frozenset(direction.value for direction in Direction)
BORN_INBOUND = (CallStatus.RINGING.value, Direction.INBOUND.value)
LEVELS = frozenset({"error", "warning"})
MESSAGES = frozenset(METHODS) | {f"{digit}xx" for digit in "123456"}
WAYS = frozenset({"sent", "received"})
STATUS_LINE = "SIP/2.0 "
LONGEST_METHOD = 16  # characters, more than any of the known ones has
OTHER = "other"
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)


class Metrics:
    """A registry of our own; `receive` is a listener of the timeline, `text` what /metrics answers."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._started = Tally("offhook_calls_started", "Calls that began", "direction")
        self._finished = Tally("offhook_calls_finished", "Calls that ended", "status", "direction")
        self._webhooks = Tally("offhook_webhooks", "Requests to applications", "purpose", "outcome")
        self._sip = Tally("offhook_sip_messages", "SIP messages on the wire", "message", "direction")
        self._notices = Tally("offhook_notices", "Errors and warnings of calls", "level")
        self._waits = Spread("offhook_webhook_seconds", "Until an application answered", "purpose", SECONDS)
        kept = (self._started, self._finished, self._webhooks, self._sip, self._notices, self._waits)
        self._quality = QualityMetrics()
        for collector in (*kept, *self._quality.collectors):
            self._registry.register(collector)
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def watch_calls(self, live: Callable[[], int]) -> None:
        """Publish how many calls are up, as `live` says when asked."""

        def collect() -> Iterator[Metric]:
            yield GaugeMetricFamily("offhook_calls_live", "Calls that are up", value=live())

        self._registry.register(Asked(collect))

    def watch_media(self, lateness: Callable[[], Sequence[Lateness]], open_ports: Callable[[], int]) -> None:
        """Publish how the media threads keep time and how many ports are open."""
        self._registry.register(Asked(lambda: told_by_media(lateness(), open_ports())))

    def watch_guard(self, told: Callable[[], GuardTold]) -> None:
        """Publish what the guard keeps out and whether new calls are refused, as `told` says when asked."""
        self._registry.register(Asked(lambda: told_by_guard(told())))

    def receive(self, entry: TimelineEntry) -> None:
        """Count one entry of the timeline."""
        match entry.kind:
            case Kind.SIP:
                self._receive_sip(entry)
            case Kind.WEBHOOK:
                self._receive_webhook(entry)
            case Kind.STATUS:
                self._receive_status(entry)
            case Kind.MEDIA if entry.detail.get("event") == "closed":
                self._quality.receive(entry.detail)
            case Kind.NOTICE:
                self._notices.counts[_known(entry.detail.get("level"), LEVELS),] += 1
            case _:
                pass

    def text(self) -> bytes:
        """Everything in Prometheus' text format, whose media type is CONTENT_TYPE."""
        return generate_latest(self._registry)

    # --- within ---------------------------------------------------------------------------------------------------

    def _receive_sip(self, entry: TimelineEntry) -> None:
        detail = entry.detail
        text = str(detail.get("text") or detail.get("start_line", ""))
        message = f"{text[8:9]}xx" if text.startswith(STATUS_LINE) else text[:LONGEST_METHOD].partition(" ")[0]
        self._sip.counts[_known(message, MESSAGES), _known(detail.get("direction"), WAYS)] += 1

    def _receive_webhook(self, entry: TimelineEntry) -> None:
        detail = entry.detail
        purpose = _known(str(detail.get("purpose", "")).partition(" ")[0], PURPOSES)
        code, milliseconds = detail.get("code"), detail.get("milliseconds")
        outcome = f"{code // 100}xx" if isinstance(code, int) and 100 <= code <= 599 else "failed"  # noqa: PLR2004
        self._webhooks.counts[purpose, outcome] += 1
        if isinstance(milliseconds, int | float):
            self._waits.add(purpose, milliseconds / 1000)

    def _receive_status(self, entry: TimelineEntry) -> None:
        status = _known(entry.detail.get("status"), STATUSES)
        direction = _known(entry.detail.get("direction"), DIRECTIONS)
        if status == CallStatus.INITIATED.value or (status, direction) == BORN_INBOUND:
            self._started.counts[direction,] += 1
        if status in FINAL:
            self._finished.counts[status, direction] += 1


def _known(value: object, values: frozenset[str]) -> str:
    return value if isinstance(value, str) and value in values else OTHER
