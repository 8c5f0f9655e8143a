"""Transcriptions of a call over REST, by hand and by Twilio's own SDK (contract 2 §5)."""

import asyncio
import re

import pytest
from rest_server import ACCOUNT, TOKEN, Server
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from offhook.calls.transcription import TranscriptionOrder
from offhook.model.call import CallRecord, CallStatus, HttpMethod, WebhookTarget
from offhook.model.sids import CallSid

pytest_plugins = ["rest_fixtures"]
pytestmark = pytest.mark.asyncio


async def in_progress(server: Server) -> CallRecord:
    """A call that is up."""
    _, made = await server.create()
    record = await server.store.call(ACCOUNT, CallSid(made["sid"]))
    assert record is not None
    return server.exchange.become(record, CallStatus.IN_PROGRESS)


async def test_the_sdk_begins_and_stops_a_transcription(server: Server) -> None:
    """Every parameter arrives, and the answers fill the SDK's transcription."""
    call = await in_progress(server)

    def work() -> None:
        http_client = TwilioHttpClient(timeout=5)
        client = Client(ACCOUNT, TOKEN, http_client=http_client)
        client.api.base_url = server.url
        begun = client.calls(call.sid).transcriptions.create(
            name="my.name",
            track="inbound_track",
            status_callback_url="https://a.example/told",
            status_callback_method="GET",
            inbound_track_label="caller",
            outbound_track_label="agent",
            partial_results=True,
            language_code="en-GB",
            transcription_engine="deepgram",
            profanity_filter=False,
            speech_model="nova-3",
            hints="one, two,,three ",
            enable_automatic_punctuation=False,
            enable_provider_data=True,
        )
        assert re.fullmatch(r"GT[0-9a-f]{32}", begun.sid)
        assert (begun.name, begun.status, begun.call_sid) == ("my.name", "in-progress", call.sid)
        assert begun.uri.endswith(f"/Calls/{call.sid}/Transcriptions/{begun.sid}.json")
        stopped = client.calls(call.sid).transcriptions(begun.sid).update(status="stopped")
        assert (stopped.sid, stopped.status) == (begun.sid, "stopped")
        assert client.calls(call.sid).transcriptions("my.name").update(status="stopped").sid == begun.sid
        http_client.session.close()

    await asyncio.to_thread(work)
    assert server.exchange.commands == [
        (
            "transcribe",
            TranscriptionOrder(
                name="my.name",
                callback=WebhookTarget(url="https://a.example/told", method=HttpMethod.GET),
                language="en-GB",
                track="inbound_track",
                inbound_label="caller",
                outbound_label="agent",
                engine="deepgram",
                speech_model="nova-3",
                has_provider_data=True,
                hides_profanity=False,
                is_partial=True,
                is_punctuated=False,
                hints=("one", "two", "three"),
            ),
        )
    ]


async def test_the_defaults_are_those_of_the_contract(server: Server) -> None:
    """Nothing has to be given."""
    call = await in_progress(server)
    code, begun = await server.request("POST", f"Calls/{call.sid}/Transcriptions.json")
    assert (code, begun["name"]) == (201, None)
    assert server.exchange.commands == [("transcribe", TranscriptionOrder())]


@pytest.mark.parametrize(
    "form",
    [
        {"Track": "both"},
        {"PartialResults": "yes"},
        {"StatusCallbackUrl": "told"},
        {"StatusCallbackUrl": "http://a.example/", "StatusCallbackMethod": "PUT"},
        {"Hints": ",".join(["x"] * 501)},
        {"Hints": "x" * 101},
        {"Name": "x" * 1025},
    ],
)
async def test_what_cannot_be_is_refused(server: Server, form: dict[str, str]) -> None:
    """400, and nothing begins."""
    call = await in_progress(server)
    code, _ = await server.request("POST", f"Calls/{call.sid}/Transcriptions.json", data=form)
    assert code == 400
    assert server.exchange.commands == []


async def test_only_what_is_there_can_be_stopped(server: Server) -> None:
    """404 for an unknown one or an unknown call, 400 for another status or a call that is not up."""
    call = await in_progress(server)
    path = f"Calls/{call.sid}/Transcriptions"
    _, begun = await server.request("POST", f"{path}.json")
    stop = {"Status": "stopped"}
    assert (await server.request("POST", f"{path}/GT{'0' * 32}.json", data=stop))[0] == 404
    assert (await server.request("POST", f"Calls/CA{'0' * 32}/Transcriptions/x.json", data=stop))[0] == 404
    assert (await server.request("POST", f"{path}/{begun['sid']}.json", data={"Status": "paused"}))[0] == 400
    _, other = await server.create()
    code, told = await server.request("POST", f"Calls/{other['sid']}/Transcriptions.json")
    assert (code, told["code"]) == (400, 21220)
