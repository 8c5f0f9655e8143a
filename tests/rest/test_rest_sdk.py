"""Twilio's own Python SDK, unmodified but for where it connects, against a running server (contract 1 §1.10)."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
from rest_server import ACCOUNT, NOON, OTHER_ACCOUNT, TOKEN, Server
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from offhook.calls.ports import NotificationFilter
from offhook.model.call import CallEvent, CallStatus, HttpMethod
from offhook.model.conference import ConferenceRecord, ConferenceStatus, ParticipantRecord, ParticipantStatus
from offhook.model.sids import CallSid

pytest_plugins = ["rest_fixtures"]

Result = TypeVar("Result")


@pytest.fixture
def client(server: Server) -> Iterator[Any]:
    """The SDK's client, pointed at the server."""
    http_client = TwilioHttpClient(timeout=5)
    made = Client(ACCOUNT, TOKEN, http_client=http_client)
    made.api.base_url = server.url
    yield made
    http_client.session.close()


async def run(work: Callable[[], Result]) -> Result:
    """Let the SDK, which blocks, work beside the loop."""
    return await asyncio.to_thread(work)


def place(client: Any, **parameters: Any) -> Any:
    """Create a call through the SDK."""
    return client.calls.create(
        **{"to": "sip:kate@example.com", "from_": "alice", "url": "http://a.example/", **parameters}
    )


@pytest.mark.asyncio
async def test_create(server: Server, client: Any) -> None:
    """Every parameter the SDK sends arrives typed at the exchange, and the answer fills the SDK's call."""
    call = await run(
        lambda: place(
            client,
            to="sip:kate@example.com:5070;edge=frankfurt?X-Order=4815&User-to-User=12%3Bencoding%3Dhex",
            method="GET",
            fallback_url="https://a.example/fallback",
            status_callback="https://a.example/status",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            status_callback_method="GET",
            timeout=20,
            time_limit=600,
            send_digits="1wW#",
            sip_auth_username="bob",
            sip_auth_password="p:ss",
            caller_id="+14155550100",
            record=False,
        )
    )
    order = server.exchange.orders[0]
    assert order.to == "sip:kate@example.com:5070;edge=frankfurt?X-Order=4815&User-to-User=12%3Bencoding%3Dhex"
    assert (order.from_, order.caller_id, order.send_digits) == ("alice", "+14155550100", "1wW#")
    assert order.start.document is not None
    assert (order.start.document.url, order.start.document.method) == ("http://a.example/", HttpMethod.GET)
    assert order.start.fallback is not None
    assert (order.start.fallback.url, order.start.fallback.method) == ("https://a.example/fallback", HttpMethod.POST)
    assert order.status_callback is not None
    assert order.status_callback.events == frozenset(CallEvent)
    assert (order.timeout, order.time_limit) == (20, 600)
    assert order.credentials is not None
    assert (order.credentials.username, order.credentials.password) == ("bob", "p:ss")
    assert (call.status, call.direction, call.to, call._from) == ("queued", "outbound-api", order.to, "alice")
    assert (call.account_sid, call.api_version, call.queue_time) == (ACCOUNT, "2010-04-01", "0")
    assert call.date_created == NOON.replace(second=1)
    assert (call.start_time, call.end_time, call.duration, call.price) == (None, None, None, None)
    assert call.uri == f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{call.sid}.json"
    assert (await server.store.notifications(ACCOUNT, NotificationFilter(call_sid=call.sid), 9, None)).records == []


@pytest.mark.asyncio
async def test_fetch_shows_the_newest_state(server: Server, client: Any) -> None:
    """A finished call has its times as UTC and its duration as text."""
    sid = (await run(lambda: place(client))).sid
    record = await server.store.call(ACCOUNT, sid)
    assert record is not None
    server.exchange.become(record, CallStatus.COMPLETED, start_time=NOON, end_time=NOON + timedelta(0, 9), duration=9)
    call = await run(lambda: client.calls(sid).fetch())
    assert (call.status, call.duration) == ("completed", "9")
    assert (call.start_time, call.end_time) == (NOON, NOON + timedelta(seconds=9))


@pytest.mark.asyncio
async def test_update(server: Server, client: Any) -> None:
    """Redirect, hang-up and cancel reach the exchange; a finished call cannot be redirected (21220)."""
    sid = (await run(lambda: place(client))).sid
    with pytest.raises(TwilioRestException) as caught:
        await run(lambda: client.calls(sid).update(url="http://b.example/"))
    assert (caught.value.status, caught.value.code) == (400, 21220)
    assert "Call is not in-progress. Cannot redirect." in caught.value.msg
    record = await server.store.call(ACCOUNT, sid)
    assert record is not None
    server.exchange.become(record, CallStatus.IN_PROGRESS)
    await run(lambda: client.calls(sid).update(twiml="<Response><Hangup/></Response>"))
    await run(lambda: client.calls(sid).update(status_callback="http://a.example/s", time_limit=5))
    assert [name for name, _ in server.exchange.commands] == ["redirect", "settings"]
    assert server.exchange.commands[0][1].twiml == "<Response><Hangup/></Response>"
    assert (await run(lambda: client.calls(sid).update(status="canceled"))).status == "in-progress"
    assert (await run(lambda: client.calls(sid).update(status="completed"))).status == "completed"


@pytest.mark.asyncio
async def test_delete(server: Server, client: Any) -> None:
    """A live call cannot be deleted (20009); a finished one is gone afterwards (20404)."""
    sid = (await run(lambda: place(client))).sid
    with pytest.raises(TwilioRestException) as caught:
        await run(lambda: client.calls(sid).delete())
    assert (caught.value.status, caught.value.code) == (409, 20009)
    await server.exchange.cancel(ACCOUNT, CallSid(sid))
    assert await run(lambda: client.calls(sid).delete()) is True
    with pytest.raises(TwilioRestException) as caught:
        await run(lambda: client.calls(sid).fetch())
    assert (caught.value.status, caught.value.code) == (404, 20404)


@pytest.mark.asyncio
async def test_list_walks_all_pages(client: Any) -> None:
    """The SDK's stream follows next_page_uri to the end and shows every call once, newest first."""
    sids = [(await run(lambda: place(client))).sid for _ in range(7)]
    listed = await run(lambda: client.calls.list(page_size=3))
    assert [call.sid for call in listed] == sids[::-1]
    assert [call.sid for call in await run(lambda: client.calls.list(limit=2))] == sids[:-3:-1]
    page = await run(lambda: client.calls.page(page_size=4))
    assert len(list(page)) == 4
    following = await run(page.next_page)
    assert [call.sid for call in following] == sids[2::-1]
    assert await run(following.next_page) is None


@pytest.mark.asyncio
async def test_list_filters(server: Server, client: Any) -> None:
    """Party, status, parent and dates narrow the list as the SDK sends them, through paging too."""
    for number in range(3):
        sid = (await run(partial(place, client, from_=f"user{number % 2}"))).sid
        record = await server.store.call(ACCOUNT, sid)
        assert record is not None
        day = datetime(2026, 3, number + 1, 12, tzinfo=UTC)
        server.exchange.become(record, CallStatus.COMPLETED if number else CallStatus.BUSY, start_time=day)

    async def count(**filters: Any) -> int:
        return len(await run(lambda: client.calls.list(page_size=1, **filters)))

    assert await count(from_="user0") == 2
    assert await count(to="sip:kate@example.com") == 3
    assert await count(status="busy") == 1
    assert await count(parent_call_sid="CA" + "9" * 32) == 0
    assert await count(start_time=datetime(2026, 3, 2, tzinfo=UTC)) == 1
    assert await count(start_time_after=datetime(2026, 3, 2, 12, tzinfo=UTC)) == 2
    assert await count(start_time_before=datetime(2026, 3, 2, 12, tzinfo=UTC)) == 1
    assert await count(start_time_after=datetime(2026, 3, 2, tzinfo=UTC), from_="user0") == 1
    assert await count(end_time_after=date(2026, 1, 1)) == 0


@pytest.mark.asyncio
async def test_notifications_and_events(client: Any) -> None:
    """What was ignored about a call is on its notifications; its webhooks are its events."""
    sid = (await run(lambda: place(client, twiml="<Response/>", machine_detection="Enable"))).sid
    found = await run(client.calls(sid).notifications.list)
    assert sorted(item.error_code for item in found) == ["20001", "32019"]
    one = await run(lambda: client.calls(sid).notifications(found[0].sid).fetch())
    assert (one.log, one.call_sid, one.more_info) == ("1", sid, f"https://www.twilio.com/docs/errors/{one.error_code}")
    assert len(await run(lambda: client.calls(sid).notifications.list(log=0))) == 0
    assert await run(client.calls(sid).events.list) == []


@pytest.mark.asyncio
async def test_queues(client: Any) -> None:
    """Made, listed, resized, looked into and removed; a name is taken once."""
    made = await run(lambda: client.queues.create(friendly_name="support", max_size=20))
    assert (made.friendly_name, made.max_size, made.current_size) == ("support", 20, 0)
    with pytest.raises(TwilioRestException) as caught:
        await run(lambda: client.queues.create(friendly_name="support"))
    assert (caught.value.status, caught.value.code) == (400, 22003)
    assert (await run(lambda: client.queues(made.sid).update(max_size=30))).max_size == 30
    assert [one.sid for one in await run(client.queues.list)] == [made.sid]
    assert await run(client.queues(made.sid).members.list) == []
    with pytest.raises(TwilioRestException) as caught:
        await run(lambda: client.queues(made.sid).members("Front").update(url="https://a.example/"))
    assert (caught.value.status, caught.value.code) == (404, 20404)
    assert await run(client.queues(made.sid).delete)


@pytest.mark.asyncio
async def test_conferences(server: Server, client: Any) -> None:
    """What is written down fills the SDK's conference and participant; what nothing carries out is refused."""
    sid, call_sid = f"CF{1:032x}", CallSid(f"CA{1:032x}")
    server.store.conferences.save(
        ConferenceRecord(
            sid=sid,
            account_sid=ACCOUNT,
            friendly_name="room",
            status=ConferenceStatus.IN_PROGRESS,
            date_created=NOON,
            date_updated=NOON,
        )
    )
    server.store.conferences.save_participant(
        ParticipantRecord(
            conference_sid=sid,
            call_sid=call_sid,
            account_sid=ACCOUNT,
            status=ParticipantStatus.CONNECTED,
            date_created=NOON,
            date_updated=NOON,
            label="kate",
        )
    )
    (listed,) = await run(lambda: client.conferences.list(status="in-progress", date_created=date(2026, 3, 1)))
    assert (listed.sid, listed.status) == (sid, "in-progress")
    assert await run(lambda: client.conferences.list(date_created_before=date(2026, 3, 1))) == []
    (participant,) = await run(lambda: client.conferences(sid).participants.list(muted=False))
    assert (participant.call_sid, participant.label, participant.date_created) == (call_sid, "kate", NOON)
    assert (await run(client.conferences(sid).participants("kate").fetch)).hold is False
    assert await run(client.conferences(sid).recordings.list) == []
    for refused in (
        lambda: client.conferences(sid).update(status="completed"),
        lambda: client.conferences(sid).participants.create(from_="+15550100", to="+15550101"),
        lambda: client.conferences(sid).participants(call_sid).update(muted=True),
        client.conferences(sid).participants(call_sid).delete,
    ):
        with pytest.raises(TwilioRestException) as caught:
            await run(refused)
        assert (caught.value.status, caught.value.code) == (403, 20010)


@pytest.mark.asyncio
async def test_wrong_credentials(server: Server) -> None:
    """A wrong token is 401, 20003."""
    http_client = TwilioHttpClient(timeout=5)
    client = Client(ACCOUNT, "wrong", http_client=http_client)
    client.api.base_url = server.url
    with pytest.raises(TwilioRestException) as caught:
        await run(lambda: place(client))
    http_client.session.close()
    assert (caught.value.status, caught.value.code) == (401, 20003)
    assert "Authenticate" in caught.value.msg


@pytest.mark.asyncio
async def test_another_account_is_not_found(server: Server) -> None:
    """One account's credentials open nothing of another's."""
    http_client = TwilioHttpClient(timeout=5)
    client = Client(OTHER_ACCOUNT, "other", ACCOUNT, http_client=http_client)
    client.api.base_url = server.url
    with pytest.raises(TwilioRestException) as caught:
        await run(lambda: place(client))
    http_client.session.close()
    assert (caught.value.status, caught.value.code) == (404, 20404)
