"""Lists of recordings over REST, by Twilio's own SDK and by hand (contract 2 §7)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from rest_server import ACCOUNT, TOKEN, Server
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from offhook.model.call import CallRecord, CallStatus, Direction
from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.model.sids import CallSid

pytest_plugins = ["rest_fixtures"]
pytestmark = pytest.mark.asyncio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALLS = [CallSid(f"CA{number:032x}") for number in range(2)]


def sid_of(number: int) -> str:
    """The SID of a recording of `record`."""
    return f"RE{number:032x}"


async def record(server: Server, count: int, every: timedelta) -> None:
    """So many complete recordings since noon, those of two calls by turns."""
    for sid in CALLS:
        server.store.add_call(
            CallRecord(
                sid=sid,
                account_sid=ACCOUNT,
                direction=Direction.INBOUND,
                to="a",
                from_="b",
                status=CallStatus.COMPLETED,
                date_created=NOON,
                date_updated=NOON,
            )
        )
    for number in range(count):
        server.store.save_recording(
            RecordingRecord(
                sid=sid_of(number),
                account_sid=ACCOUNT,
                call_sid=CALLS[number % 2],
                status=RecordingStatus.COMPLETED,
                source="RecordVerb",
                channels=1,
                track="both",
                date_created=NOON + number * every,
                date_updated=NOON,
            )
        )


async def test_the_sdk_reads_more_recordings_than_one_page_holds(server: Server) -> None:
    """All 1,205 of an account and the 603 of a call, each once, newest first, in pages of a thousand and of fifty."""
    await record(server, 1205, timedelta(seconds=1))
    sids = [sid_of(number) for number in reversed(range(1205))]

    def work() -> None:
        http_client = TwilioHttpClient(timeout=5)
        client = Client(ACCOUNT, TOKEN, http_client=http_client)
        client.api.base_url = server.url
        assert [one.sid for one in client.recordings.stream(page_size=1000)] == sids
        of_call = client.calls(CALLS[0]).recordings
        assert [one.sid for one in of_call.stream(page_size=50)] == sids[::2]
        assert [one.sid for one in client.recordings.list(call_sid=CALLS[1], limit=3)] == sids[1:6:2]
        assert client.recordings.list(conference_sid="CF" + "0" * 32) == []
        http_client.session.close()

    await asyncio.to_thread(work)


async def test_the_sdk_asks_for_days(server: Server) -> None:
    """On a day, before and after a time, of an account and of a call; on every page."""
    await record(server, 6, timedelta(hours=12))  # 0 on the first of March, 1 and 2 on the second, 3 and 4 …
    second, third = NOON + timedelta(hours=12), NOON + timedelta(hours=36)

    def work() -> None:
        http_client = TwilioHttpClient(timeout=5)
        client = Client(ACCOUNT, TOKEN, http_client=http_client)
        client.api.base_url = server.url
        for recordings, shown in ((client.recordings, range(6)), (client.calls(CALLS[0]).recordings, range(0, 6, 2))):
            asked = {
                (1, 2): {"date_created": second},
                (0,): {"date_created_before": second},
                (3, 4, 5): {"date_created_after": third},
                (1, 2, 3): {"date_created_after": second, "date_created_before": third + timedelta(seconds=1)},
            }
            for numbers, filters in asked.items():
                found = [one.sid for one in recordings.list(page_size=1, **filters)]
                assert found == [sid_of(number) for number in reversed(numbers) if number in shown]
        http_client.session.close()

    await asyncio.to_thread(work)


@pytest.mark.parametrize("text", ["2026-03-02", "Mon, 02 Mar 2026 00:00:00 +0000", "2026-03-02T00:00:00Z"])
async def test_forms_of_dates(server: Server, text: str) -> None:
    """Those of the list of calls: ISO 8601 and RFC 2822."""
    await record(server, 6, timedelta(hours=12))
    asked = {"": [2, 1], "<": [0], ">": [5, 4, 3, 2, 1]}
    for operator, numbers in asked.items():
        code, page = await server.request("GET", "Recordings.json", params={f"DateCreated{operator}": text})
        assert code == 200
        assert [one["sid"] for one in page["recordings"]] == [sid_of(number) for number in numbers]


async def test_deleted_recordings_are_known_for_forty_days(server: Server) -> None:
    """Their metadata, to who asks with IncludeSoftDeleted; their sound is gone."""
    await record(server, 2, timedelta(seconds=1))
    assert (await server.request("DELETE", f"Recordings/{sid_of(1)}.json"))[0] == 204

    async def listed(value: str) -> list[tuple[str, str]]:
        _, page = await server.request("GET", "Recordings.json", params={"IncludeSoftDeleted": value})
        return [(one["sid"], one["status"]) for one in page["recordings"]]

    kept, deleted = (sid_of(0), "completed"), (sid_of(1), "deleted")
    assert await listed("true") == [deleted, kept]
    assert await listed("false") == [kept]
    path = f"Recordings/{sid_of(1)}"
    assert (await server.request("GET", f"{path}.json"))[0] == 404
    code, shown = await server.request("GET", f"{path}.json?IncludeSoftDeleted=true")
    assert (code, shown["status"]) == (200, "deleted")
    assert (await server.request("GET", f"{path}.wav?IncludeSoftDeleted=true"))[0] == 404
    assert (await server.request("DELETE", f"{path}.json"))[0] == 404
    server.exchange.clock.present += timedelta(days=40)
    assert await listed("true") == [kept]


async def test_a_recording_is_of_its_own_call(server: Server) -> None:
    """Below another call it is not found, nor deleted."""
    await record(server, 1, timedelta(seconds=1))
    assert (await server.request("GET", f"Calls/{CALLS[0]}/Recordings/{sid_of(0)}.json"))[0] == 200
    for method in ("GET", "DELETE"):
        assert (await server.request(method, f"Calls/{CALLS[1]}/Recordings/{sid_of(0)}.json"))[0] == 404


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("DateCreated", "yesterday", 20422),
        ("DateCreated<", "2026-13-01", 20422),
        ("DateCreated>", "x" * 1000, 20422),
        ("CallSid", "CA1", 20423),
        ("ConferenceSid", "CA" + "1" * 32, 20423),
        ("IncludeSoftDeleted", "maybe", 20422),
        ("PageSize", "1001", 20007),
        ("Page", "second", 20422),
    ],
)
async def test_what_cannot_be_listed(server: Server, name: str, value: str, code: int) -> None:
    """400, with the code that names what is wrong."""
    status, answer = await server.request("GET", "Recordings.json", params={name: value})
    assert (status, answer["code"]) == (400, code)


async def test_a_foreign_token_is_refused(server: Server) -> None:
    """Its page is not guessed: 400, of both lists."""
    await record(server, 1, timedelta(seconds=1))
    for path in ("Recordings.json", f"Calls/{CALLS[0]}/Recordings.json"):
        assert (await server.request("GET", path, params={"Page": "1", "PageToken": "50"}))[0] == 400


async def test_what_is_shown_below_the_call(server: Server) -> None:
    """There, its address is below the call, and its track is told (contract 2 §3.4)."""
    await record(server, 1, timedelta(seconds=1))
    for below, track in (("", None), (f"Calls/{CALLS[0]}/", "both")):
        _, page = await server.request("GET", f"{below}Recordings.json")
        _, fetched = await server.request("GET", f"{below}Recordings/{sid_of(0)}.json")
        assert page["recordings"] == [fetched]
        assert fetched["uri"].endswith(f"/{ACCOUNT}/{below}Recordings/{sid_of(0)}.json")
        assert fetched.get("track") == track
