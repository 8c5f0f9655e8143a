"""TLS and SRTP with a baresip: calls in each direction, bridges to RTP, and refusals; audio is measured."""

from pathlib import Path

import pytest
from aiohttp import web
from baresip_phone import TONE_HZ, Baresip, baresip
from eventually import eventually_true
from offhook_process import DOMAIN, NUMBER, SECURE_DOMAIN, Offhook
from test_interop_audio import LOUD_DBFS, PLAYED_HZ, heard_tone, recorded, tone
from web_application import WebApplication

pytestmark = pytest.mark.asyncio

SUITE = "AES_CM_128_HMAC_SHA1_80"
MANDATORY = "srtp-mand"
TWO_SECONDS = 40_000  # octets of a recording


async def suites(platform: Offhook, sid: str) -> list[str]:
    """What the media entries of a call say about SRTP when its port is closed; no key is on its timeline."""
    entries = await platform.timeline(sid)
    assert "inline:" not in str(entries).replace("inline:***", "")
    return [entry["detail"]["srtp"] for entry in entries if entry["detail"].get("event") == "closed"]


def play_tone(application: WebApplication, page: str) -> None:
    """Let this page play 700 Hz for a second and a half."""

    async def sound(_request: web.Request) -> web.Response:
        return web.Response(body=tone(PLAYED_HZ, 1.5), content_type="audio/wav")

    application.pages["/tone.wav"] = sound
    application.pages[page] = "<Response><Play>/tone.wav</Play><Hangup/></Response>"


async def test_a_secure_call_is_heard(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """secure=true: a phone that insists on SRTP answers by TLS and records what is played."""
    play_tone(application, "/answered")
    async with baresip(tmp_path / "phone", encryption=MANDATORY) as phone:
        call = await platform.call(f"{phone.tls_uri};secure=true", Url=f"{application.url}/answered")
        assert (await platform.ended(call["sid"]))["status"] == "completed"
        await phone.stop()
        frequency_hz, level = await heard_tone(phone)
    assert frequency_hz == pytest.approx(PLAYED_HZ, abs=3)
    assert level > LOUD_DBFS
    assert await suites(platform, call["sid"]) == [SUITE]


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_phone_calls_a_number_with_srtp(
    platform: Offhook, application: WebApplication, tmp_path: Path, transport: str
) -> None:
    """A number takes SRTP, whatever the signalling comes by, and the caller hears what is played."""
    play_tone(application, "/number")
    target = platform.tls_target if transport == "tls" else platform.target
    outbound = f"sip:{target};transport={transport}"
    async with baresip(tmp_path / "phone", encryption=MANDATORY, outbound=outbound) as phone:
        await phone.command("dial", f"sip:{NUMBER}@{target}")
        asked = await application.request("/number")
        assert (await platform.ended(asked.form["CallSid"]))["status"] == "completed"
        await phone.stop()
        frequency_hz, level = await heard_tone(phone)
    assert frequency_hz == pytest.approx(PLAYED_HZ, abs=3)
    assert level > LOUD_DBFS
    assert await suites(platform, asked.form["CallSid"]) == [SUITE]


@pytest.mark.parametrize("is_callee_secure", [False, True], ids=["srtp to rtp", "srtp to srtp"])
async def test_a_secure_phone_and_another_hear_each_other(
    platform: Offhook,
    application: WebApplication,
    tmp_path: Path,
    is_callee_secure: bool,  # noqa: FBT001
) -> None:
    """From a secure SIP Domain to a phone with RTP or SRTP: each records the other's tone, and keys arrive."""
    outbound = f"sip:{platform.tls_target};transport=tls"
    callee = baresip(tmp_path / "callee", encryption=MANDATORY if is_callee_secure else "")
    async with baresip(tmp_path / "caller", encryption=MANDATORY, outbound=outbound) as caller, callee as other:
        uri = f"{other.tls_uri};secure=true" if is_callee_secure else other.uri
        application.pages["/domain"] = f"<Response><Dial action='/dialed'><Sip>{uri}</Sip></Dial></Response>"
        application.pages["/dialed"] = "<Response><Hangup/></Response>"
        await caller.command("dial", f"sip:sales@{SECURE_DOMAIN}.sip.localhost")
        await eventually_true(lambda: other.said("audio: start"), "the callee to answer")
        await caller.press("5")
        await eventually_true(lambda: other.said("received event: '5'"), "the key to arrive")
        await eventually_true(lambda: min(recorded(caller), recorded(other)) > TWO_SECONDS, "two seconds of recording")
        await other.command("hangup")
        asked = await application.request("/dialed")
        assert (await platform.ended(asked.form["CallSid"]))["status"] == "completed"
        for phone in (caller, other):
            await phone.stop()
            frequency_hz, level = await heard_tone(phone)
            assert frequency_hz == pytest.approx(TONE_HZ, abs=3)
            assert level > LOUD_DBFS
    assert await suites(platform, asked.form["CallSid"]) == [SUITE]
    assert await suites(platform, asked.form["DialCallSid"]) == [SUITE if is_callee_secure else ""]


async def _refused(phone: Baresip, uri: str, code: str) -> None:
    await phone.command("dial", uri)
    await eventually_true(lambda: f"session closed: {code}" in phone.output(), f"the refusal with {code}")


async def test_a_domain_refuses_what_it_does_not_want(
    platform: Offhook, application: WebApplication, tmp_path: Path
) -> None:
    """A secure domain wants TLS and SRTP, another one RTP; whoever comes otherwise learns it by 403 or 488."""
    by_tls, by_udp = f"sip:{platform.tls_target};transport=tls", f"sip:{platform.target}"
    safe, plain = (f"sip:sales@{domain}.sip.localhost" for domain in (SECURE_DOMAIN, DOMAIN))
    async with baresip(tmp_path / "udp", encryption=MANDATORY, outbound=by_udp) as phone:
        await _refused(phone, safe, "403")
    async with baresip(tmp_path / "tls", encryption=MANDATORY, outbound=by_tls) as phone:
        await _refused(phone, plain, "488")
    async with baresip(tmp_path / "plain", outbound=by_udp) as phone:
        await _refused(phone, safe, "403")
    assert not application.asked


async def test_a_phone_without_srtp_ends_a_secure_call(
    platform: Offhook, application: WebApplication, tmp_path: Path
) -> None:
    """A phone that knows no SRTP refuses the offer: the call fails, and the document is never asked for."""
    async with baresip(tmp_path / "phone", encryption="zrtp") as phone:
        call = await platform.call(f"{phone.tls_uri};secure=true", Url=f"{application.url}/answered")
        assert (await platform.ended(call["sid"]))["status"] == "failed"
    assert not application.to("/answered")
