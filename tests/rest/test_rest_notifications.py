"""Notifications over REST: of an account and of a call, by the SDK, by hand and against Twilio's published shapes."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from openapi import complaints
from rest_server import ACCOUNT, OTHER_ACCOUNT, TOKEN, Server
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from offhook.calls.ports import Notification
from offhook.model.sids import AccountSid, CallSid

pytest_plugins = ["rest_fixtures"]
pytestmark = pytest.mark.asyncio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sid_of(number: int) -> str:
    """The SID of one of `notify`."""
    return f"NO{number:032x}"


async def notify(server: Server, count: int) -> str:
    """So many, an hour apart, of a call and of others by turns, even ones errors; the call."""
    call = (await server.create())[1]["sid"]
    for number in range(count):
        server.store.add_notification(
            Notification(
                sid=sid_of(number),
                account_sid=AccountSid(ACCOUNT),
                call_sid=CallSid(call if number % 2 else f"CA{number:032x}"),
                error_code=11200,
                log=number % 2,
                message_text="it answered 404",
                message_date=NOON + number * timedelta(hours=1),
                request_url="https://a.example/voice",
                request_method="POST",
            )
        )
    return str(call)


async def test_the_published_shapes(server: Server) -> None:
    """Of lists and of one, below the account and below the call; the address is the one asked for."""
    call = await notify(server, 4)
    for place in ("Notifications", f"Calls/{call}/Notifications"):
        for path in (place, f"{place}/{sid_of(1)}"):
            code, body = await server.request("GET", f"{path}.json")
            assert complaints("get", f"/2010-04-01/Accounts/{ACCOUNT}/{path}.json", code, body) == []
        assert body["uri"] == f"/2010-04-01/Accounts/{ACCOUNT}/{place}/{sid_of(1)}.json"


async def test_by_the_sdk(server: Server) -> None:
    """All of an account over several pages, errors or warnings alone, those of a day, those of a call, one."""
    call = await notify(server, 60)
    sids = [sid_of(number) for number in reversed(range(60))]

    def work() -> None:
        http_client = TwilioHttpClient(timeout=5)
        client = Client(ACCOUNT, TOKEN, http_client=http_client)
        client.api.base_url = server.url
        assert [one.sid for one in client.notifications.stream(page_size=25)] == sids
        assert [one.sid for one in client.notifications.list(log=0, page_size=7)] == sids[1::2]
        assert [one.sid for one in client.calls(call).notifications.list(page_size=7)] == sids[::2]
        of_a_day = client.notifications.list(message_date=NOON.date(), page_size=5)
        assert [one.sid for one in of_a_day] == [sid_of(number) for number in reversed(range(12))]
        assert client.notifications(sids[3]).fetch().error_code == "11200"
        http_client.session.close()

    await asyncio.to_thread(work)


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        (f"Notifications/{sid_of(9)}.json", 404, 20404),
        (f"Calls/{{call}}/Notifications/{sid_of(0)}.json", 404, 20404),
        ("Notifications.json?Log=2", 400, 20422),
        ("Notifications.json?MessageDate=soon", 400, 20422),
        ("Notifications.json?PageToken=what", 400, 21481),
    ],
)
async def test_what_is_not_there_or_no_question(server: Server, path: str, status: int, error: int) -> None:
    """Unknown, another call's, and what cannot be read."""
    call = await notify(server, 2)
    code, body = await server.request("GET", path.format(call=call))
    assert (code, body["code"]) == (status, error)


async def test_another_account_sees_nothing(server: Server) -> None:
    """Neither in the list nor by SID."""
    await notify(server, 2)
    url = f"{server.url}/2010-04-01/Accounts/{OTHER_ACCOUNT}/Notifications"
    code, body = await server.request("GET", f"{url}.json", auth=(OTHER_ACCOUNT, "other"))
    assert (code, body["notifications"]) == (200, [])
    assert (await server.request("GET", f"{url}/{sid_of(1)}.json", auth=(OTHER_ACCOUNT, "other")))[0] == 404
