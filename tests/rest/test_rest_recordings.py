"""Recordings over REST, by hand and by Twilio's own SDK (contract 2 §3)."""

import asyncio
import io
import re
import wave
from typing import Any

import aiohttp
import msgspec
import pytest
from openapi import complaints
from rest_server import ACCOUNT, TOKEN, Server
from test_rest_transcriptions import in_progress
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from offhook.audio.files import decode
from offhook.calls.recording import RecordingOrder
from offhook.model.call import CallStatus, HttpMethod, WebhookTarget
from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.net.recording_files import RecordingFolder

pytest_plugins = ["rest_fixtures"]
pytestmark = pytest.mark.asyncio


async def recorded(server: Server, samples: bytes = b"\x01\x00" * 8000, channels: int = 1) -> RecordingRecord:
    """A recording that is complete, with its file."""
    call = await in_progress(server)
    recording = await server.exchange.begin_recording(
        call.account_sid, call.sid, RecordingOrder(source="DialVerb", channels=channels)
    )
    folder = RecordingFolder(server.folder / "recordings")
    file = folder.create(recording.sid, channels)
    file.append(samples)
    await file.finish()
    await folder.close()
    done = msgspec.structs.replace(recording.record, status=RecordingStatus.COMPLETED, duration=1)
    server.store.save_recording(done)
    return done


async def test_the_sdk_records_a_call(server: Server) -> None:
    """Begun, paused, resumed and stopped, by SID and as the current one; listed, fetched and deleted."""
    call = await in_progress(server)

    def work() -> None:
        http_client = TwilioHttpClient(timeout=5)
        client = Client(ACCOUNT, TOKEN, http_client=http_client)
        client.api.base_url = server.url
        begun = client.calls(call.sid).recordings.create(
            recording_channels="dual",
            recording_track="both",
            trim="trim-silence",
            recording_status_callback="https://a.example/told",
            recording_status_callback_method="GET",
            recording_status_callback_event=["in-progress", "completed"],
        )
        assert re.fullmatch(r"RE[0-9a-f]{32}", begun.sid)
        assert (begun.status, begun.channels, begun.source) == ("in-progress", 2, "StartCallRecordingAPI")
        of_call = client.calls(call.sid).recordings
        assert of_call("Twilio.CURRENT").update(status="paused", pause_behavior="skip").status == "paused"
        assert of_call(begun.sid).update(status="in-progress").status == "in-progress"
        assert of_call(begun.sid).update(status="stopped").status == "stopped"
        assert [one.sid for one in of_call.list()] == [begun.sid]
        assert [one.sid for one in client.recordings.list()] == [begun.sid]
        assert client.recordings(begun.sid).fetch().call_sid == call.sid
        http_client.session.close()

    await asyncio.to_thread(work)
    assert server.exchange.commands[-1] == (
        "record",
        RecordingOrder(
            source="StartCallRecordingAPI",
            channels=2,
            is_trimmed=True,
            callback=WebhookTarget(url="https://a.example/told", method=HttpMethod.GET),
            events=frozenset({"in-progress", "completed"}),
        ),
    )


async def test_its_sound(server: Server) -> None:
    """WAV without an extension or with .wav, whole or by range; MP3 with .mp3; metadata as .json."""
    record = await recorded(server)
    path = f"Recordings/{record.sid}"
    for name in (path, f"{path}.wav"):
        async with server.get(name) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, "audio/x-wav")
            with wave.open(io.BytesIO(await answer.read())) as file:
                assert (file.getnchannels(), file.getnframes()) == (1, 8000)
    async with server.get(f"{path}.wav", headers={"Range": "bytes=44-47"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"\x01\x00\x01\x00")
    async with server.get(f"{path}.mp3") as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "audio/mpeg")
        samples, rate_hz = decode(await answer.read(), "audio/mpeg")
        assert len(samples) / 2 / rate_hz == pytest.approx(1.0, abs=0.2)
    async with server.get(f"{path}.mp3", headers={"Range": "bytes=0-9"}) as answer:
        assert (answer.status, len(await answer.read())) == (206, 10)
    code, told = await server.request("GET", f"{path}.json")
    assert (code, told["duration"], told["status"]) == (200, "1", "completed")


async def test_requested_channels(server: Server) -> None:
    """A dual recording is mixed down for 1; there is no 2 of a mono one (400)."""
    dual = await recorded(server, b"\x01\x00\x02\x00" * 4000, channels=2)
    async with server.get(f"Recordings/{dual.sid}.wav?RequestedChannels=1") as answer:
        with wave.open(io.BytesIO(await answer.read())) as file:
            assert (file.getnchannels(), file.readframes(1)) == (1, b"\x03\x00")
    mono = await recorded(server)
    assert (await server.request("GET", f"Recordings/{mono.sid}.wav?RequestedChannels=2"))[0] == 400


async def test_one_is_deleted(server: Server) -> None:
    """Sound and metadata; one that still runs is not (409), one that is not there is 404."""
    record = await recorded(server)
    path = f"Recordings/{record.sid}"
    assert (await server.request("DELETE", f"{path}.json"))[0] == 204
    assert (await server.request("GET", f"{path}.json"))[0] == 404
    assert (await server.request("DELETE", f"{path}.json"))[0] == 404
    call = await in_progress(server)
    running = await server.exchange.begin_recording(call.account_sid, call.sid, RecordingOrder(source="x"))
    assert (await server.request("DELETE", f"Recordings/{running.sid}.json"))[0] == 409
    assert (await server.request("GET", f"Recordings/{running.sid}.wav"))[0] == 404


@pytest.mark.parametrize(
    "form",
    [
        {"RecordingChannels": "three"},
        {"RecordingTrack": "left"},
        {"Trim": "yes"},
        {"RecordingStatusCallbackEvent": "begun"},
        {"RecordingStatusCallback": "told"},
    ],
)
async def test_what_cannot_be_recorded(server: Server, form: dict[str, str]) -> None:
    """400, and nothing begins."""
    call = await in_progress(server)
    assert (await server.request("POST", f"Calls/{call.sid}/Recordings.json", data=form))[0] == 400
    assert server.exchange.commands == []


async def test_what_cannot_be_changed(server: Server) -> None:
    """Another status, one that has ended, one that is not there."""
    call = await in_progress(server)
    path = f"Calls/{call.sid}/Recordings"
    assert (await server.request("POST", f"{path}/Twilio.CURRENT.json", data={"Status": "stopped"}))[0] == 404
    recording = await server.exchange.begin_recording(call.account_sid, call.sid, RecordingOrder(source="x"))
    one = f"{path}/{recording.sid}.json"
    assert (await server.request("POST", one, data={"Status": "gone"}))[0] == 400
    assert (await server.request("POST", one, data={"Status": "paused", "PauseBehavior": "loud"}))[0] == 400
    recording.stop()
    assert (await server.request("POST", one, data={"Status": "paused"}))[0] == 400


async def test_a_call_is_placed_to_be_recorded(server: Server) -> None:
    """Record=true, with all that says how; silence at its ends is trimmed unless the application wants it."""
    await server.create(Record="true")
    await server.create(
        Record="true",
        RecordingChannels="dual",
        RecordingTrack="inbound",
        RecordingStatusCallback="https://a.example/told",
        RecordingStatusCallbackMethod="GET",
        RecordingStatusCallbackEvent="in-progress completed absent",
        Trim="do-not-trim",
    )
    await server.create(Record="false", RecordingStatusCallback="https://a.example/told")
    plain, dual, nothing = (order.recording for order in server.exchange.orders)
    assert plain == RecordingOrder(source="OutboundAPI", is_trimmed=True)
    assert dual == RecordingOrder(
        source="OutboundAPI",
        channels=2,
        track="inbound",
        callback=WebhookTarget(url="https://a.example/told", method=HttpMethod.GET),
        events=frozenset({"in-progress", "completed", "absent"}),
    )
    assert nothing is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RecordingChannels", "three"),
        ("RecordingTrack", "left"),
        ("RecordingStatusCallbackEvent", "begun"),
        ("RecordingStatusCallback", "not a url"),
        ("Trim", "a little"),
    ],
)
async def test_a_call_whose_recording_makes_no_sense_is_not_placed(server: Server, name: str, value: str) -> None:
    """400 says which parameter, and nothing is placed."""
    status, answer = await server.create(Record="true", **{name: value})
    assert status == 400
    assert name in answer["message"]
    assert server.exchange.orders == []


@pytest.mark.parametrize(
    ("headers", "status", "octets"),
    [
        ({"Range": "bytes=44-47"}, 206, 4),
        ({"Range": "bytes=-4"}, 206, 4),
        ({"Range": "bytes=16040-99999"}, 206, 4),
        ({"Range": "bytes=0-1,4-5"}, 200, 16044),
        ({"Range": "items=0-1"}, 200, 16044),
        ({"Range": "bytes=0-1", "If-Range": '"another"'}, 200, 16044),
        ({"Range": "bytes=16044-"}, 416, 0),
        ({"Range": "bytes=5-2"}, 416, 0),
        ({"Range": "bytes=x"}, 416, 0),
    ],
)
async def test_ranges(server: Server, headers: dict[str, str], status: int, octets: int) -> None:
    """One range is served, several and those of other units are ignored, others cannot be (RFC 9110 §14)."""
    record = await recorded(server)
    async with server.get(f"Recordings/{record.sid}.wav", headers=headers) as answer:
        assert (answer.status, len(await answer.read())) == (status, octets)
        if status == 416:
            assert answer.headers["Content-Range"] == "bytes */16044"
    async with server.get(f"Recordings/{record.sid}.wav") as answer:  # the connection is still good
        assert (answer.status, len(await answer.read())) == (200, 16044)


@pytest.mark.parametrize(("name", "kind"), [("", "audio/x-wav"), (".wav", "audio/x-wav"), (".mp3", "audio/mpeg")])
async def test_head(server: Server, name: str, kind: str) -> None:
    """What GET answers, without the sound; of one that is not there 404."""
    record = await recorded(server)
    auth = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    url = f"{server.url}/2010-04-01/Accounts/{ACCOUNT}/Recordings"
    async with server.get(f"Recordings/{record.sid}{name}") as answer:
        size = len(await answer.read())
    async with server.session.head(f"{url}/{record.sid}{name}", headers=auth) as answer:
        told = (answer.status, answer.headers["Content-Type"], answer.headers["Content-Length"])
        assert told == (200, kind, str(size))
        assert answer.headers["Accept-Ranges"] == "bytes"
    async with server.session.head(f"{url}/RE{'0' * 32}{name}", headers=auth) as answer:
        assert answer.status == 404
    async with server.session.head(f"{url}/{record.sid}{name}") as answer:
        assert answer.status == 401


async def test_nothing_is_changed_once_the_call_is_over(server: Server) -> None:
    """400 with 21220, by SID and as the current one; what never was is 404."""
    record = await recorded(server)
    (call,) = await server.store.unfinished_calls()
    server.exchange.recordings.clear()  # a call that is over has none that runs
    path = f"Calls/{call.sid}/Recordings"
    for sid, expected in ((record.sid, 404), ("Twilio.CURRENT", 404)):
        assert (await server.request("POST", f"{path}/{sid}.json", data={"Status": "stopped"}))[0] == expected
    server.exchange.become(call, CallStatus.COMPLETED)
    for sid in (record.sid, "Twilio.CURRENT"):
        status, body = await server.request("POST", f"{path}/{sid}.json", data={"Status": "stopped"})
        assert (status, body["code"]) == (400, 21220)
    sid = f"RE{9:032x}"
    assert (await server.request("POST", f"{path}/{sid}.json", data={"Status": "stopped"}))[0] == 404


async def test_every_answer_about_a_recording_fits_the_published_shape(server: Server) -> None:
    """Begun, changed, fetched, listed, deleted; where its sound is stands there whole.

    Below a call there are media_url and subresource_uris, too, as contract 2 §3.4 has them.
    """

    def misfits(verb: str, path: str, status: int, body: Any) -> list[str]:
        told = complaints(verb, f"{base}/{path}", status, body)
        more = ("media_url is not documented", "subresource_uris is not documented")
        return [one for one in told if "/Calls/" not in one or not one.endswith(more)]

    record = await recorded(server)
    base = f"/2010-04-01/Accounts/{ACCOUNT}"
    path = f"Calls/{record.call_sid}/Recordings"
    status, begun = await server.request("POST", f"{path}.json")
    assert (status, misfits("post", f"{path}.json", status, begun)) == (201, [])
    status, body = await server.request("POST", f"{path}/{begun['sid']}.json", data={"Status": "paused"})
    assert (status, misfits("post", f"{path}/{begun['sid']}.json", status, body)) == (200, [])
    for name in (f"{path}.json", "Recordings.json", f"{path}/{record.sid}.json", f"Recordings/{record.sid}.json"):
        status, body = await server.request("GET", name)
        assert (status, misfits("get", name, status, body)) == (200, [])
    nothing = ("price", "error_code", "encryption_details", "conference_sid")
    assert {name: body[name] for name in nothing} == dict.fromkeys(nothing)
    assert body["media_url"] == f"http://127.0.0.1:8080{base}/Recordings/{record.sid}"
    status, body = await server.request("DELETE", f"Recordings/{record.sid}.json")
    assert (status, body) == (204, "")


@pytest.mark.parametrize(
    ("status", "shown"),
    [("in-progress", "processing"), ("paused", "processing"), ("completed", "completed"), ("absent", "absent")],
)
async def test_what_is_read_of_one_that_is_not_whole(server: Server, status: str, shown: str) -> None:
    """Processing, fetched and listed, below the account and below the call; its sound is not there yet (§3.3, §3.4)."""
    record = await recorded(server)
    server.store.save_recording(msgspec.structs.replace(record, status=RecordingStatus(status)))
    for parent in ("", f"Calls/{record.call_sid}/"):
        _, body = await server.request("GET", f"{parent}Recordings/{record.sid}.json")
        _, page = await server.request("GET", f"{parent}Recordings.json")
        assert [body["status"], page["recordings"][0]["status"]] == [shown, shown]
    for form in ("", ".wav", ".mp3"):
        expected = 200 if status == "completed" else 404
        assert await code_of(server, f"Recordings/{record.sid}{form}") == expected


async def code_of(server: Server, path: str) -> int:
    """The status code of a GET."""
    async with server.get(path) as answer:
        return int(answer.status)
