"""`make demo` as people run it, and that it would notice a broken promise."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from demo.findings import findings
from demo.setting import Setting
from demo.story import EXPECTED_HEADERS, Outcome

ROOT = Path(__file__).parent.parent.parent
LIMIT = 20.0  # seconds; the demonstration takes less once everything is installed

SETTING = Setting(
    folder=Path(),
    account_sid="AC",
    auth_token="t",
    http=1,
    application=2,
    reception=3,
    agent=4,
    edges={"frankfurt": ("127.0.0.4", 5060), "tokyo": ("127.0.0.6", 5060)},
)


def heard(frequency_hz: float) -> dict[str, Any]:
    """A tone that a telephone told of."""
    return {"event": "heard", "kind": "tone", "frequency_hz": frequency_hz, "level_dbfs": -12.0}


def request(path: str, status: str) -> dict[str, Any]:
    """A request that was signed."""
    return {"path": path, "is_signed": True, "form": {"CallStatus": status, "CallSid": "CA1"}}


STATUSES = ["initiated", "ringing", "in-progress", "completed"]
GOOD = Outcome(
    sid="CA1",
    status="completed",
    to="sip:reception@127.0.0.1",
    requests=[
        request("/voice", "in-progress"),
        request("/after-dial", "in-progress"),
        *(request(path, status) for path in ("/status", "/agent-status") for status in STATUSES),
    ],
    reception=[
        {"event": "invite", "source": "127.0.0.4:5060", "headers": list(EXPECTED_HEADERS.items())},
        heard(440),
        heard(550),
    ],
    agent=[{"event": "invite", "source": "127.0.0.6:5060", "headers": [["X-Ticket", "4815"]]}, heard(660)],
)


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_the_demonstration_shows_a_real_call_in_time() -> None:
    """It exits 0 in under 20 s, with the ladder, the headers, the callbacks and the sound in its output."""
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "demo"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=50
    )
    took = time.monotonic() - began
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert took < LIMIT
    for expected in ("INVITE (SDP)", "x-myotherheader: bar", "X-Customer: Zoë B., gold", "POST /agent-status", "660."):
        assert expected in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


def test_nothing_is_missed_in_a_call_as_it_should_be() -> None:
    """Every promise is found kept."""
    assert [finding for finding in findings(GOOD, SETTING) if not finding.is_kept] == []


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ({"status": "busy"}, "the call is completed"),
        ({"reception": [GOOD.reception[0], heard(550)]}, "the reception hears the greeting"),
        ({"reception": [GOOD.reception[0], heard(440)]}, "the reception hears the agent"),
        ({"agent": [GOOD.agent[0], heard(500)]}, "the agent hears the reception"),
        ({"agent": [{**GOOD.agent[0], "source": "127.0.0.1:5060"}, heard(660)]}, "the INVITE to the agent leaves"),
        ({"agent": [{**GOOD.agent[0], "headers": []}, heard(660)]}, "X-Ticket arrives"),
        ({"requests": GOOD.requests[:-1]}, "/agent-status is told"),
        ({"requests": [*GOOD.requests, {**GOOD.requests[0], "path": "/x", "is_signed": False}]}, "the SDK finds"),
        ({"requests": GOOD.requests[1:]}, "both documents are asked for"),
    ],
)
def test_a_broken_promise_is_noticed(change: dict[str, Any], promise: str) -> None:
    """Whatever is missing or wrong is the one promise that is not kept."""
    (broken,) = [finding for finding in findings(replace(GOOD, **change), SETTING) if not finding.is_kept]
    assert broken.promise.startswith(promise)
