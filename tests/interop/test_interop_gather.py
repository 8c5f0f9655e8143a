"""<Gather> with real telephones: SIPp and baresip press keys, and the application is told which."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from baresip_phone import baresip
from eventually import eventually_true
from offhook_process import offhook
from sipp_calls import Calls
from sipp_runner import sipp
from sipp_script import Script, callee, caller
from test_interop_audio import recorded
from web_application import web_application

from offhook.audio.tones import keys
from offhook.media.engine import encode
from offhook.sdp.codecs import PCMU
from offhook.testing.far_end import FarEnd

pytestmark = pytest.mark.asyncio(loop_scope="module")
MENU = "<Response><Gather action='/gathered' numDigits='{count}'><Say>Press your digits now.</Say></Gather></Response>"
LONG = "This is a rather long sentence that nobody who knows their way around would like to hear to its end. "


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Calls]:
    """One offhook for all of these."""
    folder: Path = tmp_path_factory.mktemp("gather")
    async with web_application() as application, offhook(folder / "offhook", application.url) as platform:
        application.pages["/gathered"] = "<Response><Hangup/></Response>"
        yield Calls(platform, application, folder)


def pressing(digits: str, kind: str) -> Script:
    """A caller who presses keys by INFO, and is hung up on."""
    script = caller("presses").answered().pause(300)
    for digit in digits:
        body = f"Signal={digit}\nDuration=160" if kind == "application/dtmf-relay" else digit
        script = script.request("INFO", headers={"Content-Type": kind}, body=body).expect_answer(200)
    return script.expect("BYE").answer(200, tag="").pause(100)


@pytest.mark.parametrize("kind", ["application/dtmf-relay", "application/dtmf"])
async def test_keys_by_info(calls: Calls, kind: str) -> None:
    """Both kinds of body."""
    before = len(calls.application.to("/gathered"))
    told = await calls.receive(pressing("159", kind), f"info-{kind[-5:]}", MENU.format(count=3))
    assert told.statuses[-1] == "completed"
    assert [one.form["Digits"] for one in calls.application.to("/gathered")[before:]] == ["159"]


async def test_keys_by_rtp(calls: Calls, tmp_path: Path) -> None:
    """RFC 4733, from a telephone that hears the prompt: the first key stops it."""
    application = calls.application
    before = len(application.to("/gathered"))
    gather = f"<Gather action='/gathered' numDigits='4'><Say>{LONG * 3}</Say></Gather>"
    application.pages["/answered"] = f"<Response>{gather}</Response>"
    async with baresip(tmp_path / "phone") as phone:
        call = await calls.platform.call(phone.uri, Url=f"{application.url}/answered")
        await eventually_true(lambda: recorded(phone) > 16_000, "a second of the prompt")
        await phone.press("2580")
        asked = await application.request("/gathered", before + 1)
        record = await calls.platform.ended(call["sid"])
    assert asked.form["Digits"] == "2580"
    assert int(record["duration"]) < 8


async def test_keys_by_tones(calls: Calls, tmp_path: Path) -> None:
    """A telephone without telephone-event sends what its keypad sounds like, and the prompt is stopped by it."""
    application = calls.application
    before = len(application.to("/gathered"))
    gather = f"<Gather action='/gathered' numDigits='4'><Say>{LONG}</Say></Gather>"
    application.pages["/tones"] = f"<Response>{gather}</Response>"
    with FarEnd(telephone_event=None) as far:
        body = far.sdp().decode().replace("\r\n", "\n")
        script = callee("tones").pick_up(body=body).be_hung_up()
        async with sipp(script, tmp_path / "phone") as phone:
            call = await calls.platform.call(phone.uri, Url=f"{application.url}/tones")
            await application.request("/tones")
            far.aim(phone.first("INVITE").body)
            octets = encode(PCMU, keys("2580"))
            for start in range(0, len(octets), 160):
                far.send(octets[start : start + 160])
                await asyncio.sleep(0.02)
            asked = await application.request("/gathered", before + 1)
            record = await calls.platform.ended(call["sid"])
    assert asked.form["Digits"] == "2580"
    assert int(record["duration"]) < 6
