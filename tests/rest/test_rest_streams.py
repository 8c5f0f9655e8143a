"""Streams of a call over REST, by hand and by Twilio's own SDK (contract 2 §1.14)."""

import asyncio
import re

import pytest
from rest_server import ACCOUNT, TOKEN, Server
from test_rest_transcriptions import in_progress
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from offhook.calls.stream import StreamOrder
from offhook.model.call import HttpMethod, WebhookTarget

pytest_plugins = ["rest_fixtures"]
pytestmark = pytest.mark.asyncio


async def test_the_sdk_begins_and_stops_a_stream(server: Server) -> None:
    """Every parameter arrives, and the answers fill the SDK's stream."""
    call = await in_progress(server)

    def work() -> None:
        http_client = TwilioHttpClient(timeout=5)
        client = Client(ACCOUNT, TOKEN, http_client=http_client)
        client.api.base_url = server.url
        begun = client.calls(call.sid).streams.create(
            url="wss://bot.example/stream",
            name="bot",
            track="both_tracks",
            status_callback="https://a.example/told",
            status_callback_method="GET",
            parameter1_name="who",
            parameter1_value="me",
        )
        assert re.fullmatch(r"MZ[0-9a-f]{32}", begun.sid)
        assert (begun.name, begun.status, begun.call_sid) == ("bot", "in-progress", call.sid)
        stopped = client.calls(call.sid).streams(begun.sid).update(status="stopped")
        assert (stopped.sid, stopped.status) == (begun.sid, "stopped")
        assert client.calls(call.sid).streams("bot").update(status="stopped").sid == begun.sid
        http_client.session.close()

    await asyncio.to_thread(work)
    assert server.exchange.commands == [
        (
            "stream",
            StreamOrder(
                url="wss://bot.example/stream",
                name="bot",
                track="both_tracks",
                parameters={"who": "me"},
                callback=WebhookTarget(url="https://a.example/told", method=HttpMethod.GET),
            ),
        )
    ]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"Url": "wss://a/" + "b" * 4000},
        {"Url": "wss://a", "Track": "left"},
        {"Url": "wss://a", "Name": "n" * 1025},
        {"Url": "wss://a", "Parameter1.Name": "n", "Parameter1.Value": "v" * 499},
    ],
)
async def test_what_cannot_be_streamed(server: Server, form: dict[str, str]) -> None:
    """A 400 that says what was expected."""
    call = await in_progress(server)
    status, body = await server.request("POST", f"Calls/{call.sid}/Streams.json", data=form)
    assert status == 400
    assert body["message"]
    assert server.exchange.commands == []


async def test_a_stream_that_is_not_there(server: Server) -> None:
    """404; and a call that is not up has none (400)."""
    call = await in_progress(server)
    assert (await server.request("POST", f"Calls/{call.sid}/Streams/MZ1.json", data={"Status": "stopped"}))[0] == 404
    _, made = await server.create()
    assert (await server.request("POST", f"Calls/{made['sid']}/Streams.json", data={"Url": "wss://a"}))[0] == 400
