"""Media Streams with a real telephone and a real WebSocket server: what the phone says comes back to it, measured."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from baresip_phone import TONE_HZ, baresip
from eventually import eventually_true
from offhook_process import TOKEN, Offhook, offhook
from test_interop_audio import LOUD_DBFS, heard_tone, recorded
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from web_application import WebApplication

from offhook.audio.g711 import decode_ulaw
from offhook.audio.measure import loudest_tone
from offhook.audio.tones import tone
from offhook.media.engine import encode
from offhook.sdp.codecs import PCMU

pytestmark = pytest.mark.asyncio


@dataclass(slots=True)
class Bot:
    """The server of a stream: keeps every message with its moment, and echoes what it hears if it is to."""

    is_echo: bool = False
    url: str = ""
    told: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    signed: list[bool] = field(default_factory=list)

    def of(self, event: str) -> list[dict[str, Any]]:
        """The messages of one kind."""
        return [message for _, message in self.told if message["event"] == event]

    def heard(self) -> bytes:
        """The inbound sound, as samples."""
        return decode_ulaw(b"".join(base64.b64decode(one["media"]["payload"]) for one in self.of("media")))

    async def say(self, samples: bytes, *, mark: str = "", size: int = 0) -> None:
        """Send sound, in pieces of so many octets, and a mark after it."""
        sid = self.of("start")[0]["streamSid"]
        octets = encode(PCMU, samples)
        for start in range(0, len(octets), size or len(octets)):
            payload = base64.b64encode(octets[start : start + (size or len(octets))]).decode()
            await self.sockets[0].send_json({"event": "media", "streamSid": sid, "media": {"payload": payload}})
        if mark:
            await self.sockets[0].send_json({"event": "mark", "streamSid": sid, "mark": {"name": mark}})

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection."""
        signature = request.headers.get("X-Twilio-Signature", "")
        self.signed.append(RequestValidator(TOKEN).validate(f"{self.url}", {}, signature))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        loop = asyncio.get_running_loop()
        async for received in socket:
            message = json.loads(received.data)
            self.told.append((loop.time(), message))
            if self.is_echo and message["event"] == "media":
                echoed = {"event": "media", "streamSid": message["streamSid"], "media": message["media"]}
                await socket.send_json(echoed)
        return socket


@asynccontextmanager
async def bot(*, is_echo: bool = False) -> AsyncIterator[Bot]:
    """A running server."""
    running = Bot(is_echo)
    app = web.Application()
    app.router.add_get("/stream", running.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    running.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/stream"
    try:
        yield running
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture
async def platform(application: WebApplication, tmp_path: Path) -> AsyncIterator[Offhook]:
    """Offhook that streams without TLS, too."""
    environment = {"OFFHOOK_STREAMS__ALLOW_WS": "true"}
    async with offhook(tmp_path / "offhook", application.url, environment=environment) as running:
        yield running


async def test_an_echo(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """The phone's tone goes to the bot and back, and is what the phone records; the action is asked at the end."""
    async with bot(is_echo=True) as echo, baresip(tmp_path / "phone") as phone:
        application.pages["/answered"] = (
            f"<Response><Connect action='/done'><Stream url='{echo.url}'/></Connect></Response>"
        )
        application.pages["/done"] = "<Response><Hangup/></Response>"
        call = await platform.call(phone.uri, Url=f"{application.url}/answered")
        await eventually_true(lambda: recorded(phone) > 64_000, "two seconds and more of sound")
        await phone.press("7")
        await eventually_true(lambda: bool(echo.of("dtmf")), "the key at the bot")
        await echo.sockets[0].close()
        await application.request("/done")
        assert (await platform.ended(call["sid"]))["status"] == "completed"
        await phone.stop()
        frequency_hz, level = await heard_tone(phone)
    assert echo.signed == [True]
    assert [message["event"] for _, message in echo.told[:2]] == ["connected", "start"]
    assert echo.of("start")[0]["start"]["callSid"] == call["sid"]
    assert echo.of("dtmf")[0]["dtmf"] == {"track": "inbound_track", "digit": "7"}
    assert {len(base64.b64decode(one["media"]["payload"])) for one in echo.of("media")} == {160}
    assert loudest_tone(echo.heard()[8000:])[0] == pytest.approx(TONE_HZ, abs=5)
    assert frequency_hz == pytest.approx(TONE_HZ, abs=5)
    assert level > LOUD_DBFS


async def test_marks_come_back_when_the_sound_has_been_played(
    platform: Offhook, application: WebApplication, tmp_path: Path
) -> None:
    """Within 40 ms of its end; sound in odd pieces is heard as one, and clear gives what waits back at once."""
    async with bot() as server, baresip(tmp_path / "phone") as phone:
        application.pages["/answered"] = f"<Response><Connect><Stream url='{server.url}'/></Connect></Response>"
        call = await platform.call(phone.uri, Url=f"{application.url}/answered")
        await eventually_true(lambda: bool(server.of("media")), "the stream")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await server.say(tone((440.0,), 1.5, level_dbfs=-10), mark="played", size=333)
        await eventually_true(lambda: bool(server.of("mark")), "the mark")
        at = next(at for at, message in server.told if message["event"] == "mark")
        await server.say(tone((440.0,), 9.0, level_dbfs=-10), mark="cleared")
        await server.sockets[0].send_json({"event": "clear", "streamSid": server.of("start")[0]["streamSid"]})
        cleared = loop.time()
        await eventually_true(lambda: len(server.of("mark")) == 2, "the second mark")
        took = server.told[-1][0] - cleared
        await platform.update(call["sid"], Status="completed")
        await platform.ended(call["sid"])
        await phone.stop()
        frequency_hz, level = loudest_tone((await phone.heard())[0][8000:24_000])
    assert at - began == pytest.approx(1.5, abs=0.1)  # the two clocks, and this process, have their part in it
    assert took < 1
    assert frequency_hz == pytest.approx(440, abs=3)
    assert level > LOUD_DBFS
    assert server.of("stop")


async def test_a_stream_beside_a_conversation(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """<Start> with both tracks: what each of two bridged phones says is on its own track."""
    async with bot() as server, baresip(tmp_path / "one") as one, baresip(tmp_path / "other") as other:
        stream = f"<Start><Stream url='{server.url}' track='both_tracks'/></Start>"
        application.pages["/answered"] = f"<Response>{stream}<Dial><Sip>{other.uri}</Sip></Dial></Response>"
        call = await platform.call(one.uri, Url=f"{application.url}/answered")
        await eventually_true(lambda: recorded(other) > 48_000, "the conversation")
        await other.command("hangup")
        await platform.ended(call["sid"])
    for track in ("inbound", "outbound"):
        octets = b"".join(
            base64.b64decode(told["media"]["payload"]) for told in server.of("media") if told["media"]["track"] == track
        )
        frequency_hz, level = loudest_tone(decode_ulaw(octets)[-32_000:-8_000])
        assert frequency_hz == pytest.approx(TONE_HZ, abs=5)
        assert level > LOUD_DBFS
