"""`offhook calls`, `show` and `call` against a platform on the loopback."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web
from cli_platform import ACCOUNT, Running, entry, record, served, sid, write_config
from typer.testing import Result

from offhook.calls.errors import CallRefused
from offhook.model.call import CallStatus, Direction
from offhook.model.timeline import Kind
from offhook.server.commands import call as call_command
from offhook.server.commands.follow import Pace

pytest_plugins = ["cli_fixtures"]

Program = Callable[..., Result]

OFFER = "INVITE sip:kate@example.com SIP/2.0\r\nX-Account-Id: 7\r\n\r\n"
PLACE = ("call", "sip:kate@example.com", "--from", "alice", "--twiml", "<Response/>")
SENT = {"direction": "sent", "peer": "192.0.2.1:5060", "start_line": "INVITE", "text": OFFER}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Following a call takes no time."""
    monkeypatch.setattr(call_command, "PACE", Pace(interval=0.0, quiet=2))


def add_family(running: Running) -> None:
    """A call that dialed another."""
    store = running.store
    store.add_call(record(1))
    child = record(2, parent_call_sid=sid(1), direction=Direction.OUTBOUND_DIAL, to="sip:bob@b.example")
    store.add_call(child)
    running.end(2, CallStatus.BUSY)
    store.append_timeline(entry(1, 0, Kind.SIP, "INVITE", **SENT))
    store.append_timeline(entry(1, 5, Kind.VERB, "<Dial> line 1: continue"))
    store.append_timeline(entry(2, 3, Kind.STATUS, "busy", status="busy"))


# --- calls -----------------------------------------------------------------------------------------------------------


def test_calls_lists_what_there_is(running: Running, offhook: Program) -> None:
    """Newest first, one line each, with every value whole when it is read by a program."""
    running.store.add_call(record(1, to="sip:" + "a" * 100 + "@example.com"))
    running.store.add_call(record(2, status=CallStatus.BUSY, duration=None))
    lines = offhook("calls", "-c", running.config).output.splitlines()
    assert lines[0].split() == ["call", "began", "(UTC)", "direction", "from", "to", "status", "seconds"]
    assert [line.split()[0] for line in lines[1:]] == [sid(2), sid(1)]
    assert "sip:" + "a" * 100 + "@example.com" in lines[2]
    assert lines[2].split()[1:3] == ["2026-03-01", "12:00:00"]


def test_calls_takes_filters_and_a_limit(running: Running, offhook: Program) -> None:
    """Filters go to the server; no more are printed than asked for."""
    for number in range(1, 6):
        running.store.add_call(record(number, status=CallStatus.BUSY if number % 2 else CallStatus.FAILED))
    found = offhook("calls", "-c", running.config, "--status", "busy", "--limit", "2", "--json")
    assert [one["sid"] for one in json.loads(found.output)] == [sid(5), sid(3)]


def test_calls_follows_the_pages(running: Running, offhook: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that is longer than a page is fetched page by page."""
    monkeypatch.setattr("offhook.server.commands.api.LARGEST_PAGE", 2)
    for number in range(1, 6):
        running.store.add_call(record(number))
    found = offhook("calls", "-c", running.config, "--json")
    assert [one["sid"] for one in json.loads(found.output)] == [sid(number) for number in (5, 4, 3, 2, 1)]


def test_calls_shows_hostile_parties_as_text(running: Running, offhook: Program) -> None:
    """What a caller calls itself cannot steer the terminal, nor is it markup."""
    running.store.add_call(record(1, from_="\x1b[2J[red]x[/red]"))
    told = offhook("calls", "-c", running.config).output
    assert r"\x1b[2J[red]x[/red]" in told
    assert "\x1b" not in told


def test_no_calls_are_said_to_be_none(running: Running, offhook: Program) -> None:
    """An empty list is said in words."""
    assert offhook("calls", "-c", running.config).output == "no calls\n"


# --- show ------------------------------------------------------------------------------------------------------------


def test_show_draws_the_call_and_those_it_made(running: Running, offhook: Program) -> None:
    """The ladder has both calls' entries in order of time, the child's marked."""
    add_family(running)
    lines = offhook("show", sid(1), "-c", running.config, "--plain").output.splitlines()
    assert lines[0] == f"{sid(1)}  outbound-api  alice to sip:kate@example.com  completed, 4 s"
    assert lines[1].startswith(f"a  {sid(2)}  outbound-dial  alice to sip:bob@b.example  busy")
    assert lines[2].split() == ["application", "offhook", "192.0.2.1:5060"]
    assert "INVITE sip:kate@" in lines[3]
    assert "X-Account-Id: 7" in lines[4]
    assert lines[5].startswith("   0.003a")
    assert "status busy" in lines[5]
    assert "<Dial> line 1: continue" in lines[6]


def test_show_says_how_a_call_ended(running: Running, offhook: Program) -> None:
    """The sentence of the timeline's last status stands below the call's line, without a terminal's escapes."""
    running.store.add_call(record(1))
    sentence = "callee hung up after 12.4 s, SIP 200 BYE"
    running.store.append_timeline(entry(1, 3, Kind.STATUS, "completed", status="completed", told=f"{sentence}\x1b[2J"))
    lines = offhook("show", sid(1), "-c", running.config, "--plain").output.splitlines()
    assert lines[1].startswith(sentence)
    assert "\x1b" not in lines[1]


def test_show_prints_json(running: Running, offhook: Program) -> None:
    """Programs get the records and the whole timelines."""
    add_family(running)
    found = json.loads(offhook("show", sid(1), "-c", running.config, "--json").output)
    assert [one["sid"] for one in found["calls"]] == [sid(1), sid(2)]
    assert found["calls"][0]["timeline"][0]["detail"]["text"] == OFFER


def test_show_of_a_call_that_is_not_there(running: Running, offhook: Program) -> None:
    """The API's own sentence is told."""
    found = offhook("show", sid(9), "-c", running.config)
    assert found.exit_code == 1
    assert "error 20404" in found.stderr
    assert "was not found" in found.stderr


# --- call ------------------------------------------------------------------------------------------------------------


def test_call_places_the_call_and_follows_it(running: Running, offhook: Program) -> None:
    """Entries are printed once each, as they come, until the call is over and nothing more is said."""
    store = running.store
    store.script.extend(
        [
            lambda: store.append_timeline(entry(1, 10, Kind.STATUS, "initiated", status="initiated")),
            lambda: store.append_timeline(entry(1, 5, Kind.SIP, "INVITE", **SENT)),
            lambda: None,
            running.end,
            lambda: store.append_timeline(entry(1, 20, Kind.WEBHOOK, "POST", purpose="callback completed", code=204)),
        ]
    )
    found = offhook(*PLACE, "--timeout", "9", "--send-digits", "12", "-c", running.config, "--plain")
    assert found.exit_code == 0, found.output
    lines = found.output.splitlines()
    assert lines[0] == f"{sid(1)}  alice to sip:kate@example.com"
    assert sum("status initiated" in line for line in lines) == 1
    assert sum("INVITE sip:kate" in line for line in lines) == 1
    assert sum("204 callback completed" in line for line in lines) == 1
    (order,) = running.exchange.orders
    assert (order.to, order.from_, order.timeout, order.send_digits) == ("sip:kate@example.com", "alice", 9, "12")
    assert order.start.twiml == "<Response/>"


def test_call_that_is_not_completed_fails(running: Running, offhook: Program) -> None:
    """A script can tell by the exit code."""
    running.store.script.append(lambda: running.end(status=CallStatus.BUSY))
    found = offhook(*PLACE, "-c", running.config)
    assert found.exit_code == 1
    assert found.stderr == f"offhook: the call ended busy: see `offhook show {sid(1)}`\n"


def test_call_waits_for_the_calls_it_makes(running: Running, offhook: Program) -> None:
    """A child's entries are followed too, until it is over as well."""
    store = running.store

    def dial() -> None:
        store.add_call(record(2, parent_call_sid=sid(1), status=CallStatus.RINGING))
        running.end()

    store.script.append(dial)
    store.script.extend([lambda: None] * 8)
    store.script.append(lambda: store.append_timeline(entry(2, 3, Kind.VERB, "of the child")))
    store.script.append(lambda: running.end(2))
    lines = offhook(*PLACE, "-c", running.config, "--plain").output.splitlines()
    assert lines[-1].startswith("   0.000a")
    assert lines[-1].endswith("of the child")


def test_call_can_leave_it_alone(running: Running, offhook: Program) -> None:
    """--detach prints the SID and nothing else; the document may come from a file."""
    Path("answer.xml").write_text("<Response><Hangup/></Response>", encoding="utf-8")
    found = offhook(*PLACE[:-1], "@answer.xml", "-c", running.config, "--detach")
    assert found.output == f"{sid(1)}\n"
    assert running.exchange.orders[0].start.twiml == "<Response><Hangup/></Response>"


def test_call_tells_why_it_was_refused(running: Running, offhook: Program) -> None:
    """A refusal carries the API's code and sentence."""
    running.exchange.refusal = CallRefused(13224, "no trunk leads there")
    found = offhook(*PLACE, "-c", running.config)
    assert found.exit_code == 1
    assert "error 21214: no trunk leads there" in found.stderr


# --- when there is no platform ---------------------------------------------------------------------------------------


def test_nothing_listens(offhook: Program, folder: Path) -> None:
    """Connection refused is told as what it means."""
    found = offhook("calls", "-c", write_config(folder, 1))
    assert found.exit_code == 1
    assert found.stderr == "offhook: no offhook is running at http://127.0.0.1:1: start one with `offhook serve`\n"


def test_another_account(running: Running, offhook: Program, folder: Path) -> None:
    """Credentials that the platform does not know point to the configuration."""
    found = offhook("calls", "-c", write_config(folder, running.port, token="wrong"))
    assert found.exit_code == 1
    assert "does not know this account" in found.stderr


def test_no_account_is_made_by_asking(offhook: Program, folder: Path) -> None:
    """A data folder in which nothing ran is told, and nothing is written into it."""
    found = offhook("calls")
    assert "no offhook has run with the data folder offhook-data" in found.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, "<html>", "could not be read"),
        (200, '{"calls": [{}]}', "could not be read"),
        (500, "oops", "is it offhook that listens"),
        (302, "", "is it offhook that listens"),
        (400, '{"message": "\\u001b[2J", "code": 7}', r"error 7: \x1b[2J"),
    ],
)
def test_something_else_listens(offhook: Program, folder: Path, status: int, body: str, told: str) -> None:
    """Answers that are not the API's are told in one sentence; credentials do not follow a redirect."""
    app = web.Application()

    async def reply(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers={"Location": "http://127.0.0.1:1/"})

    app.router.add_get(f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", reply)
    with served(app) as port:
        found = offhook("calls", "-c", write_config(folder, port))
    assert found.exit_code == 1
    assert told in found.stderr
    assert found.stderr.count("\n") == 1
