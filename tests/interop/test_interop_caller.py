"""Calls from a SIPp to a number and to a SIP Domain: what the application is asked, what the caller hears."""

from pathlib import Path

import pytest
from offhook_process import DOMAIN, NUMBER, Offhook
from sipp_runner import sipp
from web_application import WebApplication

pytestmark = pytest.mark.asyncio

CALLER = "+15550199"


def to_number(platform: Offhook) -> dict[str, str]:
    """The keys of a caller who dials the number."""
    return {"callee": NUMBER, "caller": CALLER, "domain": platform.target}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_caller_reaches_a_number(
    platform: Offhook, application: WebApplication, tmp_path: Path, transport: str
) -> None:
    """The application learns who calls, with X- headers; its document is run and the caller is hung up on."""
    application.pages["/number"] = "<Response><Pause length='1'/><Hangup/></Response>"
    async with sipp(
        "call_and_wait", tmp_path / "caller", target=platform.target, transport=transport, keys=to_number(platform)
    ) as caller:
        asked = await application.request("/number")
        await caller.finish()
    form = asked.form
    assert (form["From"], form["To"], form["Direction"], form["CallStatus"]) == (CALLER, NUMBER, "inbound", "ringing")
    assert form["SipHeader_X-Department"] == "sales"
    await application.request("/number-status", 1)
    await application.until(lambda: "completed" in application.statuses("/number-status"), "the last callback")
    (record,) = await platform.calls(To=NUMBER)
    assert (record["sid"], record["direction"]) == (form["CallSid"], "inbound")
    assert (await platform.ended(form["CallSid"]))["status"] == "completed"


async def test_a_caller_reaches_a_domain(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """A call to anyone at the SIP Domain asks its application, with SIP addresses for From and To."""
    application.pages["/domain"] = "<Response><Hangup/></Response>"
    keys = {"callee": "sales", "caller": "ann", "domain": f"{DOMAIN}.sip.localhost"}
    async with sipp("call_and_wait", tmp_path / "caller", target=platform.target, keys=keys) as caller:
        form = (await application.request("/domain")).form
        await caller.finish()
        invite = caller.first("INVITE", "sent")
    assert form["To"].startswith(f"sip:sales@{DOMAIN}.sip.localhost")
    assert form["From"].startswith("sip:ann@127.0.0.1")
    assert form["SipCallId"] == invite.values("Call-ID")[0]


async def test_a_caller_hangs_up(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """The caller's BYE ends a document that would have gone on."""
    application.pages["/number"] = "<Response><Say>hello</Say><Pause length='60'/></Response>"
    async with sipp(
        "call_and_hang_up",
        tmp_path / "caller",
        target=platform.target,
        arguments=("-d", "500"),
        keys=to_number(platform),
    ) as caller:
        await caller.finish()
    form = (await application.request("/number")).form
    assert (await platform.ended(form["CallSid"]))["status"] == "completed"


async def test_a_caller_gives_up(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """A CANCEL while the callee of the document still rings ends both calls."""
    async with sipp("ring_for_ever", tmp_path / "callee") as callee:
        application.pages["/number"] = (
            f"<Response><Dial answerOnBridge='true'><Sip>{callee.uri}</Sip></Dial></Response>"
        )
        async with sipp(
            "call_and_give_up", tmp_path / "caller", target=platform.target, keys=to_number(platform)
        ) as caller:
            await caller.finish()
        await callee.finish()
    form = (await application.request("/number")).form
    assert (await platform.ended(form["CallSid"]))["status"] in {"canceled", "no-answer"}


async def test_a_rejected_caller_gets_busy(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """<Reject reason="busy"> is 486, and the call was never answered."""
    application.pages["/number"] = "<Response><Reject reason='busy'/></Response>"
    async with sipp(
        "call_and_be_refused", tmp_path / "caller", target=platform.target, keys=to_number(platform) | {"code": "486"}
    ) as caller:
        await caller.finish()
    form = (await application.request("/number")).form
    assert (await platform.ended(form["CallSid"]))["status"] == "busy"


async def test_an_unknown_number_is_not_found(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """Nobody is asked about a number that is not configured; the caller gets 404."""
    keys = to_number(platform) | {"callee": "+15550177", "code": "404"}
    async with sipp("call_and_be_refused", tmp_path / "caller", target=platform.target, keys=keys) as caller:
        await caller.finish()
    assert not application.asked
