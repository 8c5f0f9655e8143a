"""What a baresip does within a call: it holds and resumes, transfers, and calls by every transport."""

from pathlib import Path

import pytest
from baresip_phone import TONE_HZ, Baresip, baresip
from eventually import eventually, eventually_true
from offhook_process import NUMBER, Offhook
from sipp_runner import sipp
from sipp_script import callee
from test_interop_audio import LOUD_DBFS, heard_tone, recorded
from web_application import WebApplication

pytestmark = pytest.mark.asyncio


async def told_of(platform: Offhook, sid: str, event: str) -> None:
    """Wait for an entry on a call's timeline."""

    async def look() -> bool:
        return any(entry["detail"].get("event") == event for entry in await platform.timeline(sid))

    await eventually(look, f"{event} on the timeline of {sid}")


async def test_hold_and_resume(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """Both hear one another, before and after; both turns are on the timeline of the leg that made them."""
    async with baresip(tmp_path / "one") as one, baresip(tmp_path / "other") as other:
        application.pages["/answered"] = f"<Response><Dial action='/dialed'><Sip>{other.uri}</Sip></Dial></Response>"
        application.pages["/dialed"] = "<Response><Hangup/></Response>"
        call = await platform.call(one.uri, Url=f"{application.url}/answered")
        await hears(one)
        await one.command("hold")
        await told_of(platform, call["sid"], "held")
        await one.command("resume")
        await told_of(platform, call["sid"], "resumed")
        await hears(other)  # the other one: this baresip writes no recording of what it hears after a hold
        await other.command("hangup")
        await application.request("/dialed")
        assert (await platform.ended(call["sid"]))["status"] == "completed"
        for phone in (one, other):
            await phone.stop()
        tones = [await heard_tone(one), await heard_tone(other)]
        closed = [entry for entry in await platform.timeline(call["sid"]) if entry["detail"].get("event") == "closed"]
    for frequency_hz, level in tones:
        assert frequency_hz == pytest.approx(TONE_HZ, abs=3)
        assert level > LOUD_DBFS
    # ... so what it was sent after the hold shows in the numbers: as much as it sent itself.
    assert closed[0]["detail"]["packets_sent"] > 0.8 * closed[0]["detail"]["packets_received"]


async def hears(phone: Baresip) -> None:
    """Wait for another second of sound."""
    before = recorded(phone)
    await eventually_true(lambda: recorded(phone) > before + 16_000, "a second of sound")


async def test_a_blind_transfer(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """The agent's phone sends REFER: referUrl is asked where to, and its document joins the caller to the desk."""
    desk = callee("desk").pick_up().pause(300).request("BYE").expect_answer(200)
    async with (
        baresip(tmp_path / "caller") as caller,
        baresip(tmp_path / "agent") as agent,
        sipp(desk, tmp_path / "desk") as phone,
    ):
        dial = f"<Dial action='/dialed' referUrl='/transferred'><Sip>{agent.uri}</Sip></Dial>"
        application.pages["/answered"] = f"<Response>{dial}</Response>"
        application.pages["/transferred"] = f"<Response><Dial><Sip>{phone.uri}</Sip></Dial></Response>"
        call = await platform.call(caller.uri, Url=f"{application.url}/answered")
        await hears(agent)
        await agent.command("transfer", phone.uri)
        asked = await application.request("/transferred")
        await phone.finish()
        assert (await platform.ended(call["sid"]))["status"] == "completed"
    assert asked.form["ReferTransferTarget"].strip("<>") == phone.uri


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_it_calls(platform: Offhook, application: WebApplication, tmp_path: Path, transport: str) -> None:
    """A number, by each transport; it hears what the document says."""
    application.pages["/number"] = "<Response><Say>Welcome to us, please hold the line.</Say><Hangup/></Response>"
    target = platform.tls_target if transport == "tls" else platform.target
    encryption = "srtp-mand" if transport == "tls" else ""
    outbound = f"sip:{target};transport={transport}"
    async with baresip(tmp_path / "phone", encryption=encryption, outbound=outbound) as phone:
        await phone.command("dial", f"sip:{NUMBER}@{target};transport={transport}")
        asked = await application.request("/number")
        assert (await platform.ended(asked.form["CallSid"]))["status"] == "completed"
        assert recorded(phone) > 16_000
