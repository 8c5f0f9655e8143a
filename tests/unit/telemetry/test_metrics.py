"""Counts are read from the timeline; nobody outside can make new series."""

from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from offhook.media.lateness import Lateness
from offhook.model.timeline import Kind, TimelineEntry
from offhook.telemetry.metrics import Metrics

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


def samples(metrics: Metrics) -> dict[str, float]:
    """Every sample of ours by its name and labels, those that are not zero."""
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if sample.name.startswith("offhook_") and not sample.name.endswith(("_created", "_bucket")) and sample.value
    }


def fed(*entries: tuple[Kind, dict[str, Any]]) -> dict[str, float]:
    """The samples after these entries."""
    metrics = Metrics()
    for kind, detail in entries:
        metrics.receive(TimelineEntry(at=AT, kind=kind, summary="", detail=detail))
    return samples(metrics)


@pytest.mark.parametrize(
    ("text", "direction", "sample"),
    [
        ("INVITE sip:a@b SIP/2.0\r\n\r\n", "sent", "offhook_sip_messages_total['INVITE', 'sent']"),
        ("SIP/2.0 486 Busy Here\r\n\r\n", "received", "offhook_sip_messages_total['4xx', 'received']"),
        ("EVIL17 sip:a@b SIP/2.0\r\n\r\n", "received", "offhook_sip_messages_total['other', 'received']"),
        ("\x00\xff", "sideways", "offhook_sip_messages_total['other', 'other']"),
    ],
)
def test_sip_messages_count_by_method_or_class(text: str, direction: str, sample: str) -> None:
    """Requests count by method, responses by class; unknown methods share one series."""
    assert fed((Kind.SIP, {"text": text, "direction": direction})) == {sample: 1.0}


@pytest.mark.parametrize(
    ("detail", "labels"),
    [
        ({"purpose": "voice", "code": 200}, "['2xx', 'voice']"),
        ({"purpose": "callback ringing", "code": 500}, "['5xx', 'callback']"),
        ({"purpose": "action", "code": None}, "['action', 'failed']"),
        ({"purpose": "new every time", "code": 9999}, "['failed', 'other']"),
    ],
)
def test_webhooks_count_by_purpose_and_outcome(detail: dict[str, Any], labels: str) -> None:
    """The outcome is the class of the code, or that there was none."""
    assert fed((Kind.WEBHOOK, detail)) == {f"offhook_webhooks_total{labels}": 1.0}


def test_webhooks_are_timed() -> None:
    """Milliseconds of the timeline are seconds here."""
    found = fed((Kind.WEBHOOK, {"purpose": "voice", "code": 200, "milliseconds": 250}))
    assert found["offhook_webhook_seconds_sum['voice']"] == 0.25


def test_calls_count_when_they_begin_and_when_they_end() -> None:
    """An outbound call begins with initiated, an inbound one with ringing; each ends once."""

    def status(status: str, direction: str) -> tuple[Kind, dict[str, Any]]:
        return Kind.STATUS, {"status": status, "direction": direction}

    assert fed(
        *(status(name, "outbound-api") for name in ("initiated", "ringing", "in-progress", "completed")),
        *(status(name, "inbound") for name in ("ringing", "no-answer")),
        status("dancing", "upwards"),
    ) == {
        "offhook_calls_started_total['outbound-api']": 1.0,
        "offhook_calls_started_total['inbound']": 1.0,
        "offhook_calls_finished_total['completed', 'outbound-api']": 1.0,
        "offhook_calls_finished_total['inbound', 'no-answer']": 1.0,
    }


def test_notices_count_by_level() -> None:
    """Errors and warnings apart; what happens otherwise is not counted."""
    found = fed((Kind.NOTICE, {"level": "error"}), (Kind.NOTICE, {"level": "?"}), (Kind.DIGIT, {"digit": "5"}))
    assert found == {"offhook_notices_total['error']": 1.0, "offhook_notices_total['other']": 1.0}


def test_legs_tell_how_they_sounded() -> None:
    """Each direction that is known, in buckets; a leg that heard nothing tells nothing."""
    inbound = {"packets_lost": 3, "loss": 0.03, "jitter_ms": 4.0, "mos": 4.1}
    outbound = {"packets_lost": 0, "loss": 0.0, "jitter_ms": 1.0, "mos": 4.4}
    both = {"inbound": inbound, "outbound": outbound, "round_trip_ms": 40.0}
    one = {"inbound": inbound, "outbound": None, "round_trip_ms": None}
    found = fed(
        (Kind.MEDIA, {"event": "closed", "packets_received": 9, "quality": both}),
        (Kind.MEDIA, {"event": "closed", "packets_received": 9, "quality": one}),
        (Kind.MEDIA, {"event": "closed", "packets_received": 0, "quality": both}),
        (Kind.MEDIA, {"event": "held"}),
    )
    assert found["offhook_leg_mos_count['inbound']"] == 2
    assert found["offhook_leg_mos_sum['inbound']"] == pytest.approx(8.2)
    assert found["offhook_leg_loss_ratio_sum['inbound']"] == pytest.approx(0.06)
    assert found["offhook_leg_jitter_seconds_count['outbound']"] == 1
    assert found["offhook_leg_round_trip_seconds_sum['both']"] == pytest.approx(0.04)


def test_gauges_are_asked_for_when_collected() -> None:
    """Live calls are what they are when someone looks."""
    metrics = Metrics()
    live = [1]
    metrics.watch_calls(lambda: live[0])
    live[0] = 3
    assert samples(metrics) == {"offhook_calls_live[]": 3.0}


def test_the_media_threads_keep_time_one_by_one() -> None:
    """A histogram of each thread's lateness, its buckets summed up as Prometheus wants them."""
    metrics = Metrics()
    buckets = ((0.001, 90), (0.01, 8), (inf, 2))
    one = Lateness(missed=2, worst=0.04, total=0.1, dropped_events=0, buckets=buckets)
    other = Lateness(missed=0, worst=0.0005, total=0.01, dropped_events=0, buckets=((0.001, 100), (0.01, 0), (inf, 0)))
    metrics.watch_media(lambda: (one, other), lambda: 6)
    found = samples(metrics)
    assert {name: value for name, value in found.items() if "'1'" not in name} == {
        "offhook_media_ticks_total['0']": 100.0,
        "offhook_media_ticks_missed_total['0']": 2.0,
        "offhook_media_lateness_worst_seconds['0']": 0.04,
        "offhook_media_lateness_seconds_count['0']": 100.0,
        "offhook_media_lateness_seconds_sum['0']": 0.1,
        "offhook_media_ports_open[]": 6.0,
    }
    told = metrics.text().decode()
    for bound, count in (("0.001", 90), ("0.01", 98), ("+Inf", 100)):
        assert f'offhook_media_lateness_seconds_bucket{{le="{bound}",thread="0"}} {count}.0\n' in told


def test_the_process_is_measured() -> None:
    """The collectors of the process are in our registry."""
    assert b"python_gc_collections_total" in Metrics().text()
