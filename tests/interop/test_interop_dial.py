"""<Dial><Sip> from an incoming call, SIPp on both sides: bridging, statuses, and headers that come back."""

from pathlib import Path

import pytest
from offhook_process import NUMBER, Offhook
from sipp_runner import Sipp, sipp
from web_application import Asked, WebApplication

pytestmark = pytest.mark.asyncio

DIAL = """<Response><Dial answerOnBridge="true" timeout="5" action="/dialed"><Sip statusCallback="/child"
 statusCallbackEvent="initiated ringing answered completed">{to}</Sip></Dial></Response>"""


async def dial_from_call(
    platform: Offhook, application: WebApplication, folder: Path, callee: Sipp, scenario: str, **keys: str
) -> Asked:
    """Call the number, whose document dials the callee; what the action was asked once both SIPps are done."""
    application.pages["/number"] = DIAL.format(to=f"{callee.uri}?X-Ticket=42")
    application.pages.setdefault("/dialed", "<Response><Hangup/></Response>")
    all_keys = {"callee": NUMBER, "caller": "+15550199", "domain": platform.target} | keys
    async with sipp(
        scenario, folder / "caller", target=platform.target, keys=all_keys, arguments=("-d", "1000")
    ) as caller:
        await callee.finish()
        asked = await application.request("/dialed")
        await caller.finish()
    return asked


async def test_a_bridged_call(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """The callee is hung up on when the caller hangs up; child and parent are two calls that know each other."""
    async with sipp("answer_with_headers", tmp_path / "callee") as callee:
        application.pages["/number"] = DIAL.format(to=f"{callee.uri}?X-Ticket=42")
        keys = {"callee": NUMBER, "caller": "+15550199", "domain": platform.target}
        async with sipp(
            "call_and_hang_up", tmp_path / "caller", target=platform.target, keys=keys, arguments=("-d", "1000")
        ) as caller:
            await caller.finish()
        await callee.finish()
        invite = callee.first("INVITE")
    assert invite.values("X-Ticket") == ["42"]
    await application.request("/child", 4)
    assert application.statuses("/child") == ["initiated", "ringing", "in-progress", "completed"]
    parent = (await application.request("/number")).form["CallSid"]
    child = application.to("/child")[0].form
    assert invite.values("X-Twilio-CallSid") == [child["CallSid"]]
    assert child["ParentCallSid"] == parent != child["CallSid"]
    for sid in (parent, child["CallSid"]):
        assert (await platform.ended(sid))["status"] == "completed"
    assert (await platform.fetch(child["CallSid"]))["direction"] == "outbound-dial"


async def test_the_callee_hangs_up_and_its_headers_come_back(
    platform: Offhook, application: WebApplication, tmp_path: Path
) -> None:
    """X- headers of the callee's BYE reach the action as DialSipHeader_, and the document goes on."""
    async with sipp("hang_up_first", tmp_path / "callee") as callee:
        asked = await dial_from_call(platform, application, tmp_path, callee, "call_and_wait")
    assert asked.form["DialCallStatus"] == "completed"
    assert asked.form["DialSipHeader_X-Hung-Up-By"] == "callee"
    assert "X-Hung-Up-By" not in asked.form
    assert asked.form["DialCallSid"] == application.to("/child")[0].form["CallSid"]


@pytest.mark.parametrize(
    ("code", "reason", "status"),
    [("486", "Busy Here", "busy"), ("404", "Not Found", "failed"), ("603", "Decline", "no-answer")],
)
async def test_a_refused_dial(
    platform: Offhook, application: WebApplication, tmp_path: Path, code: str, reason: str, status: str
) -> None:
    """The action learns the status, the SIP code and the X- headers of the refusal; the caller is still there."""
    application.pages["/dialed"] = "<Response><Pause length='1'/><Hangup/></Response>"
    async with sipp("refuse", tmp_path / "callee", keys={"code": code, "reason": reason}) as callee:
        asked = await dial_from_call(platform, application, tmp_path, callee, "call_and_wait")
    assert (asked.form["DialCallStatus"], asked.form["DialSipResponseCode"]) == (status, code)
    assert asked.form["DialSipHeader_X-Refused-Because"] == "busy desk"


async def test_a_dial_that_nobody_answers(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """After timeout the callee gets CANCEL and the action no-answer."""
    async with sipp("ring_for_ever", tmp_path / "callee") as callee:
        asked = await dial_from_call(platform, application, tmp_path, callee, "call_and_wait")
    assert asked.form["DialCallStatus"] == "no-answer"


async def test_the_first_to_answer_wins(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """Two callees ring at once; one answers, the other is cancelled."""
    async with (
        sipp("ring_for_ever", tmp_path / "late") as late,
        sipp("answer_slowly", tmp_path / "early") as early,
    ):
        application.pages["/number"] = (
            f"<Response><Dial answerOnBridge='true'><Sip>{late.uri}</Sip><Sip>{early.uri}</Sip></Dial></Response>"
        )
        keys = {"callee": NUMBER, "caller": "+15550199", "domain": platform.target}
        async with sipp(
            "call_and_hang_up", tmp_path / "caller", target=platform.target, keys=keys, arguments=("-d", "500")
        ) as caller:
            await caller.finish()
        await early.finish()
        await late.finish()
