"""What happens in the demonstration: who is started, which call is placed, and what came of it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from twilio.rest import Client  # type: ignore[import-untyped]

from demo.processes import BIN, Cast, answers, json_lines
from demo.setting import LOOPBACK, Setting

EDGE, AGENT_EDGE = "frankfurt", "tokyo"
RECEPTION_HZ, AGENT_HZ = 660, 550
RING = "0.3"  # seconds that a telephone rings
TALK = 1.6  # seconds until the agent hangs up
HEADERS = "x-myotherheader=bar&X-Customer=Zo%C3%AB%20B.%2C%20gold&User-to-User=4f66662d686f6f6b%3Bencoding%3Dhex"
EXPECTED_HEADERS = {
    "x-myotherheader": "bar",
    "X-Customer": "Zoë B., gold",
    "User-to-User": "4f66662d686f6f6b;encoding=hex",
}
TICKET = ("X-Ticket", "4815")
EVENTS = ["initiated", "ringing", "answered", "completed"]
FINAL = {"completed", "busy", "failed", "no-answer", "canceled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is left of the call: its record, what the application was asked, what each telephone noticed."""

    sid: str
    status: str
    to: str
    requests: list[Mapping[str, Any]]
    reception: list[Mapping[str, Any]]
    agent: list[Mapping[str, Any]]


def start_all(cast: Cast, setting: Setting) -> str:
    """Everybody who takes part, at once; the URI to call when they are ready."""
    _start_phone(cast, "reception", setting.reception, RECEPTION_HZ)
    _start_phone(cast, "agent", setting.agent, AGENT_HZ, "--hangup-after", str(TALK))
    cast.start("offhook", BIN / "offhook", "serve", "--config", setting.config, OFFHOOK_DATA=str(setting.data))
    cast.start(
        "application",
        *(sys.executable, "-m", "demo.application", str(setting.application)),
        AUTH_TOKEN=setting.auth_token,
        AGENT=f"sip:agent@{LOOPBACK}:{setting.agent};edge={AGENT_EDGE}?{TICKET[0]}={TICKET[1]}",
        LOG=str(_requests(setting)),
    )
    for name in ("reception", "agent"):
        cast.until(partial(_has_begun, setting, name), f"the telephone of the {name}")
    cast.until(lambda: answers(f"{setting.application_url}/ready"), "the application")
    cast.until(lambda: answers(f"{setting.api_url}/readyz"), "offhook")
    return f"sip:reception@{LOOPBACK}:{setting.reception};edge={EDGE}?{HEADERS}"


def place_call(cast: Cast, setting: Setting, to: str) -> Outcome:
    """Place the call with Twilio's SDK and wait for its end."""
    client = Client(setting.account_sid, setting.auth_token)
    client.api.base_url = setting.api_url
    call = client.calls.create(
        to=to,
        from_="alice",
        url=f"{setting.application_url}/voice",
        status_callback=f"{setting.application_url}/status",
        status_callback_event=EVENTS,
    )
    cast.until(lambda: client.calls(call.sid).fetch().status in FINAL, "the end of the call")
    for path in ("/status", "/agent-status"):
        cast.until(partial(_is_told_of_end, setting, path), f"the last callback to {path}")
    return Outcome(
        sid=call.sid,
        status=client.calls(call.sid).fetch().status,
        to=to,
        requests=json_lines(_requests(setting)),
        reception=json_lines(setting.folder / "reception.jsonl"),
        agent=json_lines(setting.folder / "agent.jsonl"),
    )


def statuses(requests: list[Mapping[str, Any]], path: str) -> list[str]:
    """The CallStatus of each request to a path, in order."""
    return [request["form"]["CallStatus"] for request in requests if request["path"] == path]


def _start_phone(cast: Cast, name: str, port: int, frequency_hz: int, *options: str) -> None:
    """A telephone in a process of its own."""
    where, play = f"{LOOPBACK}:{port}", f"tone:{frequency_hz}"
    log = cast.folder / f"{name}.jsonl"
    command = (BIN / "offhook", "phone", "--listen", where, "--answer", RING, "--play", play, "--log", log)
    cast.start(name, *command, *options)


def _has_begun(setting: Setting, name: str) -> bool:
    return bool(json_lines(setting.folder / f"{name}.jsonl"))


def _is_told_of_end(setting: Setting, path: str) -> bool:
    return "completed" in statuses(json_lines(_requests(setting)), path)


def _requests(setting: Setting) -> Path:
    return setting.folder / "requests.jsonl"
