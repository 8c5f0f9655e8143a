"""Clients made for Twilio's Media Streams, as they come: pipecat's transport and serializer, Twilio's SDK for Node."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from baresip_phone import TONE_HZ, Baresip, baresip
from bot_process import node_bot, pipecat_bot
from eventually import eventually_true
from offhook_process import NUMBER, Offhook, offhook
from test_interop_audio import LOUD_DBFS, heard_tone, recorded
from web_application import WebApplication

from offhook.audio.measure import loudest_tone

pytestmark = pytest.mark.asyncio
GREETING_HZ, ANSWER_HZ = 600, 900  # of peers/pipecat/bot.py
SECOND = 16_000  # octets of what baresip writes


@pytest_asyncio.fixture
async def platform(application: WebApplication, tmp_path: Path) -> AsyncIterator[Offhook]:
    """Offhook that streams without TLS, too."""
    environment = {"OFFHOOK_STREAMS__ALLOW_WS": "true"}
    async with offhook(tmp_path / "offhook", application.url, environment=environment) as running:
        yield running


async def hears(phone: Baresip, seconds: float) -> None:
    """Wait for so much more sound."""
    before = recorded(phone)
    await eventually_true(lambda: recorded(phone) > before + SECOND * seconds, f"{seconds} s of sound")


async def tones_heard(phone: Baresip) -> list[int]:
    """The tones one after the other, to the nearest ten Hz, each once."""
    samples, rate_hz = await phone.heard()
    found: list[int] = []
    step = rate_hz // 2  # octets: a quarter of a second
    for at in range(0, len(samples) - step, step):
        frequency_hz, level = loudest_tone(samples[at : at + step], rate_hz)
        rounded = round(frequency_hz, -1)
        if level > LOUD_DBFS and (not found or found[-1] != rounded):
            found.append(int(rounded))
    return found


async def test_a_bot_of_pipecat_that_echoes(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """The phone's tone goes through pipecat's pipeline and back; custom parameters arrive."""
    async with pipecat_bot(platform, tmp_path / "bot") as bot, baresip(tmp_path / "phone") as phone:
        stream = f"<Stream url='{bot.stream}/echo'><Parameter name='customer' value='K-1'/></Stream>"
        application.pages["/answered"] = f"<Response><Connect action='/done'>{stream}</Connect></Response>"
        application.pages["/done"] = "<Response><Hangup/></Response>"
        call = await platform.call(phone.uri, Url=f"{application.url}/answered")
        await hears(phone, 4)
        await phone.command("hangup")
        assert (await platform.ended(call["sid"]))["status"] == "completed"
        await eventually_true(lambda: f"over {call['sid']}" in bot.output(), "the end of the pipeline")
        await phone.stop()
        frequency_hz, level = await heard_tone(phone)
        assert f"call {call['sid']} {{'customer': 'K-1'}}" in bot.output()
        assert "ERROR" not in bot.output()
        assert await platform.notifications(call["sid"]) == []
    assert frequency_hz == pytest.approx(TONE_HZ, abs=5)
    assert level > LOUD_DBFS


async def test_a_conversation_with_a_bot_of_pipecat(
    platform: Offhook, application: WebApplication, tmp_path: Path
) -> None:
    """It greets, answers a key, and hangs up by the REST API when the next one is pressed."""
    async with pipecat_bot(platform, tmp_path / "bot") as bot, baresip(tmp_path / "phone") as phone:
        application.pages["/answered"] = (
            f"<Response><Connect><Stream url='{bot.stream}/scripted'/></Connect></Response>"
        )
        call = await platform.call(phone.uri, Url=f"{application.url}/answered")
        await hears(phone, 3)
        await phone.press("1")
        await hears(phone, 3)
        await phone.press("9")
        assert (await platform.ended(call["sid"]))["status"] == "completed"
        await phone.stop()
        tones = await tones_heard(phone)
        assert f"terminated Twilio call {call['sid']}" in bot.output()
        assert await platform.notifications(call["sid"]) == []
    assert tones == [GREETING_HZ, ANSWER_HZ]


async def test_a_bot_of_node(platform: Offhook, tmp_path: Path) -> None:
    """Placed, answered, streamed and ended by Twilio's SDK for Node, which finds every signature right."""
    async with node_bot(platform, tmp_path / "bot") as bot, baresip(tmp_path / "phone") as phone:
        form = {"to": phone.uri, "from": NUMBER}
        async with platform.client.post(f"{bot.web}/place", data=form) as answer:
            sid = await answer.text()
        start = await bot.tells("start")
        await hears(phone, 3)
        await phone.press("5#")
        assert (await platform.ended(sid))["status"] == "completed"
        closed = await bot.tells("closed")
        await bot.tells("updated")
        await phone.stop()
        frequency_hz, level = await heard_tone(phone)
        assert [one["dtmf"] for one in bot.told("dtmf")] == [
            {"track": "inbound_track", "digit": "5"},
            {"track": "inbound_track", "digit": "#"},
        ]
        await eventually_true(lambda: len(bot.told("status")) == 4, "four status callbacks")
        assert {one["status"] for one in bot.told("status")} == {"initiated", "ringing", "in-progress", "completed"}
        signed = bot.told("webhook") + bot.told("connection") + bot.told("status")
        assert all(one["isSigned"] for one in signed), bot.output()
    assert start["start"]["callSid"] == sid
    assert start["start"]["customParameters"] == {"customer": "Grüße & <more>"}
    assert start["start"]["mediaFormat"] == {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    assert closed["code"] in {1000, 1005}
    assert frequency_hz == pytest.approx(TONE_HZ, abs=5)
    assert level > LOUD_DBFS
