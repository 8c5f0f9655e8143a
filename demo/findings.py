"""What must have happened, compared with what did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo.application import GREETING_HZ
from demo.setting import Setting
from demo.story import AGENT_EDGE, AGENT_HZ, EDGE, EXPECTED_HEADERS, RECEPTION_HZ, TICKET, Outcome, statuses

TOLERANCE_HZ = 5.0
PROGRESS = {
    "/status": ["initiated", "ringing", "in-progress", "completed"],
    "/agent-status": ["initiated", "ringing", "in-progress", "completed"],
}
DOCUMENTS = ("/voice", "/after-dial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was promised: whether it happened, and what there was instead or in particular."""

    promise: str
    is_kept: bool
    found: str


def findings(outcome: Outcome, setting: Setting) -> list[Finding]:
    """All of them."""
    status = Finding(promise="the call is completed", is_kept=outcome.status == "completed", found=outcome.status)
    return [status, *_signalling(outcome, setting), *_requests(outcome), *_audio(outcome)]


def invite_of(events: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The INVITE that a telephone got; empty when none came."""
    return next((event for event in events if event["event"] == "invite"), {})


def tones_of(events: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The tones that a telephone heard, in order."""
    return [event for event in events if event["event"] == "heard" and event["kind"] == "tone"]


def _signalling(outcome: Outcome, setting: Setting) -> list[Finding]:
    found = []
    expected = {"reception": (EDGE, EXPECTED_HEADERS), "agent": (AGENT_EDGE, dict([TICKET]))}
    for who, events in (("reception", outcome.reception), ("agent", outcome.agent)):
        invite = invite_of(events)
        edge, wanted = expected[who]
        source = ":".join(map(str, setting.edges[edge]))
        found.append(
            Finding(
                promise=f"the INVITE to the {who} leaves from edge {edge}",
                is_kept=invite.get("source") == source,
                found=str(invite.get("source", "no INVITE")),
            )
        )
        headers = dict(invite.get("headers", ()))
        for name, value in wanted.items():
            found.append(
                Finding(
                    promise=f"{name} arrives as {value}",
                    is_kept=headers.get(name) == value,
                    found=headers.get(name, "missing"),
                )
            )
    return found


def _requests(outcome: Outcome) -> list[Finding]:
    told = {path: statuses(outcome.requests, path) for path in PROGRESS}
    asked = [request["path"] for request in outcome.requests if request["path"] in DOCUMENTS]
    unsigned = [request["path"] for request in outcome.requests if not request["is_signed"]]
    return [
        *(
            Finding(promise=f"{path} is told each step", is_kept=told[path] == steps, found=", ".join(told[path]))
            for path, steps in PROGRESS.items()
        ),
        Finding(promise="both documents are asked for", is_kept=asked == list(DOCUMENTS), found=", ".join(asked)),
        Finding(
            promise="the SDK finds every signature right",
            is_kept=bool(outcome.requests) and not unsigned,
            found=f"{len(outcome.requests) - len(unsigned)} of {len(outcome.requests)}",
        ),
    ]


def _audio(outcome: Outcome) -> list[Finding]:
    heard = {"reception": tones_of(outcome.reception), "agent": tones_of(outcome.agent)}
    wanted = (
        ("reception", GREETING_HZ, "the greeting that <Play> fetched"),
        ("reception", AGENT_HZ, "the agent"),
        ("agent", RECEPTION_HZ, "the reception"),
    )
    return [_tone(who, frequency_hz, whom, heard[who]) for who, frequency_hz, whom in wanted]


def _tone(who: str, frequency_hz: int, whom: str, heard: list[Mapping[str, Any]]) -> Finding:
    near = [event for event in heard if abs(event["frequency_hz"] - frequency_hz) <= TOLERANCE_HZ]
    all_heard = ", ".join(f"{event['frequency_hz']:.0f} Hz" for event in heard) or "nothing"
    found = f"{near[0]['frequency_hz']:.1f} Hz at {near[0]['level_dbfs']:.1f} dBFS" if near else all_heard
    return Finding(promise=f"the {who} hears {whom} ({frequency_hz} Hz)", is_kept=bool(near), found=found)
