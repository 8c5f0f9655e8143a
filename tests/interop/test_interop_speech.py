"""Speech over real calls: what is spoken is understood at the far end, whoever speaks it."""

from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from baresip_phone import baresip
from offhook_process import NUMBER, Offhook, offhook
from test_interop_audio import PLAYED_HZ, heard_tone, tone
from web_application import WebApplication

pytestmark = pytest.mark.asyncio

SAID = """<Response>
  <Gather timeout="2"/>
  <Say>one <break time="100ms"/> <say-as interpret-as="digits">23</say-as></Say>
  <Pause length="2"/>
</Response>"""


async def transcribe(platform: Offhook, sid: str, **parameters: str) -> int:
    """Begin a transcription over REST; the code of the answer."""
    path = f"{platform.http}/2010-04-01/Accounts/{(await platform.fetch(sid))['account_sid']}/Calls/{sid}"
    async with platform.client.post(f"{path}/Transcriptions.json", data=parameters) as answer:
        return answer.status


async def test_what_one_call_says_is_understood_on_the_other(platform: Offhook, application: WebApplication) -> None:
    """Two legs of one platform over real RTP: espeak-ng speaks SSML on one, pocketsphinx listens on the other."""
    application.pages["/number"] = SAID
    application.pages["/answered"] = "<Response><Pause length='20'/></Response>"
    call = await platform.call(f"sip:{NUMBER}@{platform.target}", Url=f"{application.url}/answered")
    await application.request("/answered")
    code = await transcribe(
        platform,
        call["sid"],
        StatusCallbackUrl=f"{application.url}/told",
        Track="inbound_track",
        Hints="zero, one, two, three, yes, no",
    )
    assert code == 201
    started = await application.request("/told")
    assert started.form["TranscriptionEvent"] == "transcription-started"
    assert (await platform.ended(call["sid"], limit=30))["status"] == "completed"
    content = (await application.request("/told", 2)).form
    assert content["TranscriptionEvent"] == "transcription-content"
    assert msgspec.json.decode(content["TranscriptionData"])["transcript"] == "one two three"
    assert (await application.request("/told", 3)).form["TranscriptionEvent"] == "transcription-stopped"
    assert application.unsigned == []


async def test_gather_understands_a_spoken_choice(platform: Offhook, application: WebApplication) -> None:
    """One leg says a word of the hints, <Gather input="speech"> of the other sends it to its action."""
    application.pages["/number"] = "<Response><Gather timeout='2'/><Say>three</Say><Pause length='6'/></Response>"
    application.pages["/answered"] = (
        "<Response><Gather input='speech' timeout='10' speechTimeout='1' action='/heard' hints='one, Three, no'/>"
        "</Response>"
    )
    application.pages["/heard"] = "<Response><Hangup/></Response>"
    call = await platform.call(f"sip:{NUMBER}@{platform.target}", Url=f"{application.url}/answered")
    heard = await application.request("/heard")
    assert heard.form["SpeechResult"] == "Three"
    assert float(heard.form["Confidence"]) > 0.3
    assert (await platform.ended(call["sid"]))["status"] == "completed"


async def test_a_voice_of_a_provider_is_heard(application: WebApplication, tmp_path: Path) -> None:
    """<Say> is a tone when the provider of its voice says so; the next text is spoken by the local voice."""
    asked: dict[str, str] = {}

    async def speech(request: web.Request) -> web.Response:
        body = await request.json()
        assert body["input"] not in asked, "a text was spoken twice"
        asked[body["input"]] = body["voice"]
        if body["input"] == "words":
            return web.Response(status=500)
        return web.Response(body=tone(PLAYED_HZ, 1.5), content_type="audio/wav")

    application.pages["/v1/audio/speech"] = speech
    application.pages["/answered"] = (
        "<Response><Say voice='woman'>tone</Say><Say voice='woman'>words</Say><Say voice='woman'>tone</Say></Response>"
    )
    environment = {
        "OFFHOOK_VOICE__0__PROVIDER": "openai",
        "OFFHOOK_VOICE__0__URL": f"{application.url}/v1",
        "OFFHOOK_VOICE__0__KEY": "sk-very-secret",
        "OFFHOOK_VOICE__0__VOICES": '{ woman = "nova" }',
    }
    async with (
        offhook(tmp_path / "offhook", application.url, environment=environment) as platform,
        baresip(tmp_path / "phone") as phone,
    ):
        call = await platform.call(phone.uri, Url=f"{application.url}/answered")
        assert (await platform.ended(call["sid"]))["status"] == "completed"
        await phone.stop()
        frequency_hz, _ = await heard_tone(phone)
        notices = await platform.notifications(call["sid"])
        assert "very-secret" not in platform.output()
    assert frequency_hz == pytest.approx(PLAYED_HZ, abs=3)
    assert asked == {"tone": "nova", "words": "nova"}  # in either order: texts are prepared together
    assert [one["error_code"] for one in notices] == ["13511"]
    assert {one.rpartition("/v1/")[2] for one in application.unsigned} == {"audio/speech"}
    application.unsigned.clear()  # a provider is no part of the application: its requests are not signed
