"""Telephones with G.722 and Opus, when media.codecs allows them: what they hear is measured."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import web
from baresip_phone import TONE_HZ, baresip
from eventually import eventually_true
from offhook_process import Offhook, offhook
from test_interop_audio import LOUD_DBFS, heard_tone, recorded, tone
from web_application import WebApplication

pytestmark = pytest.mark.asyncio

ALLOWED: Mapping[str, str] = {"OFFHOOK_MEDIA__CODECS": '["opus", "G722", "PCMU", "PCMA"]'}
ENOUGH = {"opus": 300_000, "g722": 50_000, "g711": 25_000}  # octets of one and a half seconds as baresip writes them
WIDE_HZ = 5000  # what no narrow codec carries


async def codecs_of(platform: Offhook, sid: str) -> set[str]:
    """Of the call's legs, once they are closed."""
    entries = [entry["detail"] for entry in await platform.timeline(sid)]
    return {entry["codec"] for entry in entries if entry.get("event") == "closed"}


@pytest.mark.parametrize(
    ("one_codec", "other_codec", "tone_hz"),
    [
        ("opus", "opus", WIDE_HZ),
        ("g722", "g722", WIDE_HZ),
        ("opus", "g722", WIDE_HZ),
        ("opus", "g711", TONE_HZ),
        ("g711", "g722", TONE_HZ),
    ],
)
async def test_two_telephones(
    application: WebApplication, tmp_path: Path, one_codec: str, other_codec: str, tone_hz: int
) -> None:
    """Each hears the other's tone, relayed or transcoded."""
    async with (
        offhook(tmp_path / "offhook", application.url, environment=ALLOWED) as platform,
        baresip(tmp_path / "one", codec=one_codec, tone=tone_hz) as one,
        baresip(tmp_path / "other", codec=other_codec, tone=tone_hz) as other,
    ):
        application.pages["/answered"] = f"<Response><Dial action='/dialed'><Sip>{other.uri}</Sip></Dial></Response>"
        application.pages["/dialed"] = "<Response><Hangup/></Response>"
        call = await platform.call(one.uri, Url=f"{application.url}/answered")
        await eventually_true(lambda: recorded(one) > ENOUGH[one_codec], "what one hears")
        await eventually_true(lambda: recorded(other) > ENOUGH[other_codec], "what the other hears")
        await other.command("hangup")
        await application.request("/dialed")
        assert (await platform.ended(call["sid"]))["status"] == "completed"
        for phone in (one, other):
            await phone.stop()
        tones = [await heard_tone(one), await heard_tone(other)]
        names = {name.lower() for name in await codecs_of(platform, call["sid"])}
    for frequency_hz, level in tones:
        assert frequency_hz == pytest.approx(tone_hz, abs=5)
        assert level > LOUD_DBFS
    assert names <= {"opus", "g722", "pcmu"}


@pytest.mark.parametrize("codec", ["opus", "g722"])
async def test_a_caller_with_a_wide_codec(application: WebApplication, tmp_path: Path, codec: str) -> None:
    """It hears what is played, and is recorded."""

    async def sound(_request: web.Request) -> web.Response:
        return web.Response(body=tone(700, 1.5), content_type="audio/wav")

    application.pages["/tone.wav"] = sound
    application.pages["/number"] = "<Response><Play>/tone.wav</Play><Hangup/></Response>"
    async with (
        offhook(tmp_path / "offhook", application.url, environment=ALLOWED) as platform,
        baresip(tmp_path / "phone", codec=codec, outbound=f"sip:{platform.target};transport=udp") as phone,
    ):
        await phone.command("dial", f"sip:+15550100@{platform.target};transport=udp")
        asked = await application.request("/number")
        assert (await platform.ended(asked.form["CallSid"]))["status"] == "completed"
        assert recorded(phone) > 16_000
        await phone.stop()
        frequency_hz, level = await heard_tone(phone)
        assert await codecs_of(platform, asked.form["CallSid"]) <= {"opus", "G722"}
    assert frequency_hz == pytest.approx(700, abs=5)
    assert level > LOUD_DBFS


async def test_without_permission_there_is_none(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """A telephone that has nothing but Opus is refused with 488."""
    async with baresip(tmp_path / "phone", codec="opus", outbound=f"sip:{platform.target};transport=udp") as phone:
        application.pages["/number"] = "<Response><Hangup/></Response>"
        await phone.command("dial", f"sip:+15550100@{platform.target};transport=udp")
        await eventually_true(lambda: phone.said("488"), "488 in the phone's log")
