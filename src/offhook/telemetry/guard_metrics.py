"""What the guard before the SIP edges keeps out, as Prometheus metrics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardTold:
    """What a guard says of itself when it is asked; `lateness` in seconds."""

    refused: Mapping[str, int]
    strikes: Mapping[str, int]
    bans: int
    bans_made: int
    pressures: Mapping[str, bool]
    lateness: float
    checks: Mapping[str, int]


def told_by_guard(told: GuardTold) -> Iterator[Metric]:
    """One family for each."""
    refused = CounterMetricFamily("offhook_guard_refused", "SIP messages that were not taken", labels=["reason"])
    for reason, count in told.refused.items():
        refused.add_metric([reason], count)
    yield refused
    strikes = CounterMetricFamily("offhook_guard_strikes", "What was held against sources", labels=["reason"])
    for reason, count in told.strikes.items():
        strikes.add_metric([reason], count)
    yield strikes
    checks = CounterMetricFamily("offhook_digest_checks", "What the credentials of callers proved", labels=["outcome"])
    for outcome, count in told.checks.items():
        checks.add_metric([outcome], count)
    yield checks
    yield CounterMetricFamily("offhook_guard_bans", "Bans of sources", value=told.bans_made)
    yield GaugeMetricFamily("offhook_guard_banned", "Sources that are banned now", value=told.bans)
    overloaded = GaugeMetricFamily("offhook_overloaded", "Whether new calls are refused, and why", labels=["pressure"])
    for pressure, is_on in told.pressures.items():
        overloaded.add_metric([pressure], float(is_on))
    yield overloaded
    yield GaugeMetricFamily(
        "offhook_loop_lateness_seconds", "How late the program is, a running mean", value=told.lateness
    )
