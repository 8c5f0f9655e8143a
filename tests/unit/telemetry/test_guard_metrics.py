"""What the guard keeps out, as /metrics shows it."""

from offhook.telemetry.guard_metrics import GuardTold
from offhook.telemetry.metrics import Metrics


def test_the_guard_is_asked_when_metrics_are_collected() -> None:
    """Counts by reason, bans now, and what presses."""
    metrics = Metrics()
    metrics.watch_guard(
        lambda: GuardTold(
            refused={"banned": 7, "messages": 0},
            strikes={"malformed": 3},
            bans=2,
            bans_made=5,
            pressures={"lateness": True, "sessions": False},
            lateness=0.25,
            checks={"wrong": 4},
        )
    )
    lines = metrics.text().decode().splitlines()
    for line in (
        'offhook_guard_refused_total{reason="banned"} 7.0',
        'offhook_guard_refused_total{reason="messages"} 0.0',
        'offhook_guard_strikes_total{reason="malformed"} 3.0',
        'offhook_digest_checks_total{outcome="wrong"} 4.0',
        "offhook_guard_bans_total 5.0",
        "offhook_guard_banned 2.0",
        'offhook_overloaded{pressure="lateness"} 1.0',
        'offhook_overloaded{pressure="sessions"} 0.0',
        "offhook_loop_lateness_seconds 0.25",
    ):
        assert line in lines
