"""Conferences, participants, members of queues, and what is refused: each answer held against Twilio's shapes."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from openapi import complaints
from rest_server import ACCOUNT, NOON, OTHER_ACCOUNT, Server

from offhook.model.call import CallStatus
from offhook.model.conference import (
    ConferenceRecord,
    ConferenceStatus,
    ParticipantRecord,
    ParticipantStatus,
    ReasonEnded,
)
from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.model.sids import CallSid

pytest_plugins = ["rest_fixtures"]
pytestmark = pytest.mark.asyncio

BASE = f"/2010-04-01/Accounts/{ACCOUNT}"
ROOM, OVER = f"CF{1:032x}", f"CF{2:032x}"
KATE, BOSS = CallSid(f"CA{1:032x}"), CallSid(f"CA{2:032x}")
RECORDING = f"RE{1:032x}"


def fill(server: Server) -> None:
    """A conference with two in it and a recording, and one that is over."""
    room = ConferenceRecord(
        sid=ROOM,
        account_sid=ACCOUNT,
        friendly_name="room",
        status=ConferenceStatus.IN_PROGRESS,
        date_created=NOON,
        date_updated=NOON,
    )
    server.store.conferences.save(room)
    server.store.conferences.save(
        replace(
            room,
            sid=OVER,
            status=ConferenceStatus.COMPLETED,
            date_created=NOON - timedelta(days=3),
            reason_ended=ReasonEnded.LAST_LEFT,
            ending_call_sid=KATE,
        )
    )
    kate = ParticipantRecord(
        conference_sid=ROOM,
        call_sid=KATE,
        account_sid=ACCOUNT,
        status=ParticipantStatus.CONNECTED,
        date_created=NOON,
        date_updated=NOON,
        is_muted=True,
    )
    server.store.conferences.save_participant(kate)
    boss = replace(kate, call_sid=BOSS, label="the boss", is_muted=False, is_held=True, coached_call_sid=KATE)
    server.store.conferences.save_participant(boss)
    server.store.save_recording(
        RecordingRecord(
            sid=RECORDING,
            account_sid=ACCOUNT,
            call_sid=KATE,
            conference_sid=ROOM,
            status=RecordingStatus.COMPLETED,
            source="Conference",
            channels=1,
            track="both",
            date_created=NOON,
            date_updated=NOON,
            duration=5,
        )
    )


async def ask(server: Server, verb: str, path: str, *, status: int = 200, **form: str) -> Any:
    """One request; its body, which is as Twilio documents it."""
    code, body = await server.request(verb, path, data=form or None)
    assert code == status, body
    if code < 400:
        assert complaints(verb.lower(), f"{BASE}/{path.partition('?')[0].replace('%20', '_')}", code, body) == []
    return body


async def refusal(server: Server, verb: str, path: str, **form: str) -> tuple[int, int]:
    """Status and code of a request that is not carried out."""
    status, body = await server.request(verb, path, data=form or None)
    assert set(body) == {"code", "message", "more_info", "status"}
    return status, body["code"]


async def test_a_conference_is_shown(server: Server) -> None:
    """With why it ended, and by whom; not to others."""
    fill(server)
    shown = await ask(server, "GET", f"Conferences/{OVER}.json")
    assert (shown["status"], shown["friendly_name"]) == ("completed", "room")
    assert (shown["reason_conference_ended"], shown["call_sid_ending_conference"]) == ("last-participant-left", KATE)
    theirs = f"{server.url}/2010-04-01/Accounts/{OTHER_ACCOUNT}/Conferences/{OVER}.json"
    assert (await server.request("GET", theirs, auth=(OTHER_ACCOUNT, "other")))[0] == 404
    assert await refusal(server, "GET", f"Conferences/CF{9:032x}.json") == (404, 20404)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [ROOM, OVER]),
        ("Status=completed", [OVER]),
        ("Status=in-progress&FriendlyName=room", [ROOM]),
        ("FriendlyName=other", []),
        ("DateCreated=2026-03-01", [ROOM]),
        ("DateCreated%3C=2026-03-01", [OVER]),
        ("DateCreated%3E=2026-03-01", [ROOM]),
        ("DateUpdated%3E=2026-03-02", []),
    ],
)
async def test_conferences_are_listed(server: Server, query: str, expected: list[str]) -> None:
    """Newest first, by status, name and dates, over pages that keep the filters."""
    fill(server)
    seen, uri = [], f"{BASE}/Conferences.json?PageSize=1&{query}"
    while uri:
        _, page = await server.request("GET", server.url + uri)
        assert complaints("get", f"{BASE}/Conferences.json", 200, page) == []
        seen += [one["sid"] for one in page["conferences"]]
        uri = page["next_page_uri"]
    assert seen == expected


async def test_conferences_in_other_forms(server: Server) -> None:
    """XML without an extension, a line each as CSV."""
    fill(server)
    _, xml = await server.request("GET", f"Conferences/{ROOM}")
    assert f"<Conference><AccountSid>{ACCOUNT}</AccountSid>" in xml
    assert f"<Participants>{BASE}/Conferences/{ROOM}/Participants.json</Participants>" in xml
    _, lines = await server.request("GET", "Conferences.csv")
    assert [line.split(",")[0] for line in lines.splitlines()] == ["AccountSid", ACCOUNT, ACCOUNT]
    _, xml = await server.request("GET", f"Conferences/{ROOM}/Participants")
    assert "<Label>the boss</Label>" in xml


async def test_participants(server: Server) -> None:
    """Of one conference, by how they are; one by its call or by its label."""
    fill(server)
    listed = await ask(server, "GET", f"Conferences/{ROOM}/Participants.json")
    assert [one["call_sid"] for one in listed["participants"]] == [BOSS, KATE]
    for query, expected in (("Muted=true", KATE), ("Hold=true", BOSS), ("Coaching=false", KATE)):
        listed = await ask(server, "GET", f"Conferences/{ROOM}/Participants.json?{query}")
        assert [one["call_sid"] for one in listed["participants"]] == [expected]
    one = await ask(server, "GET", f"Conferences/{ROOM}/Participants/{BOSS}.json")
    assert (one["label"], one["coaching"], one["call_sid_to_coach"], one["queue_time"]) == ("the boss", True, KATE, "0")
    assert await ask(server, "GET", f"Conferences/{ROOM}/Participants/the%20boss.json") == one
    assert await refusal(server, "GET", f"Conferences/{ROOM}/Participants/nobody.json") == (404, 20404)
    assert await refusal(server, "GET", f"Conferences/{ROOM}/Participants.json?Muted=perhaps") == (400, 20422)
    assert await refusal(server, "GET", f"Conferences/CF{9:032x}/Participants.json") == (404, 20404)


async def test_recordings_of_a_conference(server: Server) -> None:
    """Listed, shown, not changed any more, deleted; those of another conference are not its own."""
    fill(server)
    listed = await ask(server, "GET", f"Conferences/{ROOM}/Recordings.json?DateCreated=2026-03-01")
    assert [one["sid"] for one in listed["recordings"]] == [RECORDING]
    path = f"Conferences/{ROOM}/Recordings/{RECORDING}.json"
    assert (await ask(server, "GET", path)) == listed["recordings"][0]
    assert listed["recordings"][0]["uri"] == f"{BASE}/{path}"
    assert await refusal(server, "GET", f"Conferences/{OVER}/Recordings/{RECORDING}.json") == (404, 20404)
    assert await refusal(server, "POST", path, Status="stopped") == (400, 21220)
    assert await refusal(server, "POST", path, Status="louder") == (400, 20422)
    await ask(server, "DELETE", path, status=204)
    assert await refusal(server, "GET", path) == (404, 20404)
    assert await refusal(server, "GET", f"Conferences/CF{9:032x}/Recordings.json") == (404, 20404)


REFUSED = [
    ("POST", f"Conferences/{ROOM}.json", {"Status": "completed"}, (403, 20010)),
    ("POST", f"Conferences/{ROOM}.json", {"AnnounceUrl": "https://a.example/"}, (403, 20010)),
    ("POST", f"Conferences/{ROOM}.json", {"AnnounceUrl": "no url"}, (400, 21205)),
    ("POST", f"Conferences/{ROOM}.json", {"Status": "in-progress"}, (400, 20422)),
    ("POST", f"Conferences/{OVER}.json", {"AnnounceUrl": "https://a.example/"}, (400, 21220)),
    ("POST", f"Conferences/CF{9:032x}.json", {"Status": "completed"}, (404, 20404)),
    ("GET", "Conferences.json?Status=loud", {}, (400, 20422)),
    ("POST", "Conferences/any%20room/Participants.json", {"From": "+15550100", "To": "+15550101"}, (403, 20010)),
    ("POST", "Conferences/any%20room/Participants.json", {"From": "+15550100"}, (400, 21201)),
    ("POST", "Conferences/any%20room/Participants.json", {"To": "+15550100"}, (400, 21213)),
    ("POST", f"Conferences/{ROOM}/Participants/{KATE}.json", {"Muted": "false"}, (403, 20010)),
    ("POST", f"Conferences/{ROOM}/Participants/{KATE}.json", {"HoldUrl": "no url"}, (400, 21205)),
    ("POST", f"Conferences/{ROOM}/Participants/nobody.json", {"Muted": "false"}, (404, 20404)),
    ("DELETE", f"Conferences/{ROOM}/Participants/{KATE}.json", {}, (403, 20010)),
    ("DELETE", f"Conferences/{ROOM}/Participants/nobody.json", {}, (404, 20404)),
]


@pytest.mark.parametrize(("verb", "path", "form", "expected"), REFUSED)
async def test_nothing_is_changed_in_a_conference(
    server: Server, verb: str, path: str, form: dict[str, str], expected: tuple[int, int]
) -> None:
    """What would need conferences that run is refused, after what is wrong with it."""
    fill(server)
    assert await refusal(server, verb, path, **form) == expected


async def test_what_is_over_stays_over(server: Server) -> None:
    """Ending a conference that has ended changes nothing; nor does a form that asks for nothing."""
    fill(server)
    before = await ask(server, "GET", f"Conferences/{OVER}.json")
    assert await ask(server, "POST", f"Conferences/{OVER}.json", Status="completed") == before
    assert (await ask(server, "POST", f"Conferences/{ROOM}.json"))["status"] == "in-progress"


async def test_members_of_a_queue(server: Server) -> None:
    """A queue that nothing feeds is empty; others have no queue of that name, or one of their own."""
    queue = await ask(server, "POST", "Queues.json", status=201, FriendlyName="support", MaxSize="5")
    members = f"Queues/{queue['sid']}/Members"
    assert (await ask(server, "GET", f"{members}.json"))["queue_members"] == []
    for one in ("Front", KATE):
        assert await refusal(server, "GET", f"{members}/{one}.json") == (404, 20404)
        assert await refusal(server, "POST", f"{members}/{one}.json", Url="https://a.example/") == (404, 20404)
    assert await refusal(server, "POST", f"{members}/Front.json") == (400, 21205)
    assert await refusal(server, "GET", f"Queues/QU{9:032x}/Members.json") == (404, 20404)
    assert await refusal(server, "POST", "Queues.json", FriendlyName="support") == (400, 22003)
    theirs = f"{server.url}/2010-04-01/Accounts/{OTHER_ACCOUNT}/Queues.json"
    form = {"FriendlyName": "support"}
    assert (await server.request("POST", theirs, auth=(OTHER_ACCOUNT, "other"), data=form))[0] == 201
    assert await refusal(server, "POST", f"Queues/{queue['sid']}.json", FriendlyName=" ") == (400, 20002)


OF_CALLS = [
    ("Siprec", {}, (403, 20010)),
    ("Siprec", {"Track": "all"}, (400, 20422)),
    ("Siprec", {"StatusCallback": "no url"}, (400, 21205)),
    ("Siprec/some.name", {"Status": "stopped"}, (404, 20404)),
    ("Siprec/some.name", {"Status": "started"}, (400, 20422)),
    ("UserDefinedMessages", {"Content": '{"a": 1}'}, (403, 20010)),
    ("UserDefinedMessages", {"Content": "{a"}, (400, 20422)),
    ("UserDefinedMessages", {"Content": "[" * 20_000}, (400, 20422)),
    ("UserDefinedMessages", {}, (400, 20422)),
    ("UserDefinedMessageSubscriptions", {"Callback": "https://a.example/"}, (403, 20010)),
    ("UserDefinedMessageSubscriptions", {}, (400, 21205)),
]


@pytest.mark.parametrize(("path", "form", "expected"), OF_CALLS)
async def test_what_a_call_has_not(server: Server, path: str, form: dict[str, str], expected: tuple[int, int]) -> None:
    """No SIPREC server and no Voice SDK: what is asked of them is checked, then refused; nothing seems to begin."""
    _, call = await server.create()
    record = await server.store.call(ACCOUNT, call["sid"])
    assert record is not None
    server.exchange.become(record, CallStatus.IN_PROGRESS)
    assert await refusal(server, "POST", f"Calls/{call['sid']}/{path}.json", **form) == expected
    assert await refusal(server, "POST", f"Calls/CA{9:032x}/{path}.json", **form) == (404, 20404)


async def test_a_subscription_to_cancel(server: Server) -> None:
    """There is none."""
    _, call = await server.create()
    path = f"Calls/{call['sid']}/UserDefinedMessageSubscriptions/ZY{1:032x}.json"
    assert await refusal(server, "DELETE", path) == (404, 20404)


async def test_settings(server: Server) -> None:
    """Subaccounts go by what is configured for all; nothing else can be had."""
    url = f"{server.url}/v1/Settings"
    shown = {"dialing_permissions_inheritance": True, "url": url}
    assert await server.request("GET", url) == (200, shown)
    assert complaints("get", "/v1/Settings", 200, shown) == []
    assert await server.request("POST", url, data={"DialingPermissionsInheritance": "true"}) == (202, shown)
    assert await refusal(server, "POST", url, DialingPermissionsInheritance="false") == (403, 20010)
    assert await refusal(server, "POST", url, DialingPermissionsInheritance="perhaps") == (400, 20422)
