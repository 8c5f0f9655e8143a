"""stream_cpu: CPU of one media stream per second of it: tap, mu-law, base64, JSON and WebSocket of fifty messages."""

import base64
import http.client
import json
import time
import urllib.parse
from pathlib import Path

from bench.platform import ACCOUNT, NUMBER, TOKEN, Platform, platform
from bench.processes import cpu_seconds, free_port, running, until
from bench.sipp import Load, callee_command, is_bound

STREAMS = 100
SECONDS = 8
ALLOWED = {"OFFHOOK_STREAMS__ALLOW_WS": "true"}


def stream_run(folder: Path) -> float:
    """One run: milliseconds of CPU per stream and second, calls without RTP of the callee's taken off before."""
    port = free_port()
    with platform(port, folder, ALLOWED) as ours:
        idle = measured(ours, port, folder, '<Response><Play digits="W"/><Pause length="60"/></Response>')
    with platform(port := free_port(), folder, ALLOWED) as ours:
        url = f"ws://{ours.application}/stream"
        streaming = measured(ours, port, folder, f'<Response><Connect><Stream url="{url}"/></Connect></Response>')
    return streaming - idle


def measured(ours: Platform, port: int, folder: Path, document: str) -> float:
    """CPU per call and second while all calls run this document."""
    with running(callee_command(port, Load(calls=STREAMS)), folder / f"callee-{port}.log") as callee:
        until(lambda: is_bound(port), "the SIPp callee", callee)
        for _ in range(STREAMS):
            _post(ours, {"To": f"sip:callee@127.0.0.1:{port}", "From": NUMBER, "Twiml": document})
        if "Stream" in document:
            until(lambda: _streams(ours) == STREAMS, "the streams")
        else:
            time.sleep(2)  # until the last call is up
        before = cpu_seconds(ours.pid)
        time.sleep(SECONDS)
        return (cpu_seconds(ours.pid) - before) / STREAMS / SECONDS * 1000


def _post(ours: Platform, form: dict[str, str]) -> None:
    connection = http.client.HTTPConnection(ours.http.removeprefix("http://"))
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection.request("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", urllib.parse.urlencode(form), headers)
    connection.getresponse().read()
    connection.close()


def _streams(ours: Platform) -> int:
    connection = http.client.HTTPConnection(ours.application)
    connection.request("GET", "/streams")
    found = int(json.loads(connection.getresponse().read()))
    connection.close()
    return found
