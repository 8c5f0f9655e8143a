"""Calls to a SIPp that answers, refuses, rings, asks for credentials, hangs up: SIP, callbacks and records agree."""

import re
from hashlib import md5
from pathlib import Path

import pytest
from offhook_process import ACCOUNT, NUMBER, Offhook
from sipp_runner import sipp
from web_application import WebApplication

pytestmark = pytest.mark.asyncio

EVENTS = ["initiated", "ringing", "answered", "completed"]
HANG_UP = "<Response><Pause length='1'/><Hangup/></Response>"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_callee_answers(platform: Offhook, application: WebApplication, tmp_path: Path, transport: str) -> None:
    """The call rings, is answered, runs its document and is hung up; all three sides tell the same story."""
    application.pages["/answered"] = HANG_UP
    async with sipp("answer_with_headers", tmp_path / "callee", transport=transport) as callee:
        call = await platform.call(
            f"{callee.uri}?x-Department=sales&X-Empty=&User-to-User=616263%3Bencoding%3Dhex",
            Url=f"{application.url}/answered",
            StatusCallback=f"{application.url}/status",
            StatusCallbackEvent=EVENTS,
        )
        await callee.finish()
        invite = callee.first("INVITE")
    assert invite.values("X-Twilio-CallSid") == [call["sid"]]
    assert invite.values("X-Twilio-AccountSid") == [ACCOUNT]
    assert invite.values("X-Twilio-ApiVersion") == ["2010-04-01"]
    assert invite.values("x-Department") == ["sales"]
    assert invite.values("User-to-User") == ["616263;encoding=hex"]
    assert f"sip:{NUMBER}@" in invite.values("From")[0]

    await application.request("/status", 4)
    assert application.statuses("/status") == ["initiated", "ringing", "in-progress", "completed"]
    assert [one.form["SequenceNumber"] for one in application.to("/status")] == ["0", "1", "2", "3"]
    document = await application.request("/answered")
    assert document.form["CallSid"] == call["sid"]
    assert document.form["SipHeader_X-Answered-By"] == "Agent 7"
    record = await platform.ended(call["sid"])
    assert (record["status"], record["direction"]) == ("completed", "outbound-api")
    assert int(record["duration"]) in {1, 2}


@pytest.mark.parametrize(
    ("code", "reason", "status"),
    [
        ("486", "Busy Here", "busy"),
        ("404", "Not Found", "failed"),
        ("503", "Service Unavailable", "failed"),
        ("603", "Decline", "no-answer"),
    ],
)
async def test_a_callee_refuses(
    platform: Offhook, application: WebApplication, tmp_path: Path, code: str, reason: str, status: str
) -> None:
    """The refusal is acknowledged, and its code decides the status that callbacks and record show."""
    async with sipp("refuse", tmp_path / "callee", keys={"code": code, "reason": reason}) as callee:
        call = await platform.call(
            callee.uri,
            Url=f"{application.url}/never",
            StatusCallback=f"{application.url}/status",
            StatusCallbackEvent=EVENTS,
        )
        await callee.finish()
    await application.request("/status", 2)
    assert application.statuses("/status") == ["initiated", status]
    assert application.to("/status")[-1].form["SipResponseCode"] == code
    assert not application.to("/never")
    assert (await platform.ended(call["sid"]))["status"] == status


async def test_a_callee_that_rings_for_ever_is_cancelled(
    platform: Offhook, application: WebApplication, tmp_path: Path
) -> None:
    """After Timeout the INVITE is cancelled; the call was not answered."""
    async with sipp("ring_for_ever", tmp_path / "callee") as callee:
        call = await platform.call(
            callee.uri,
            Url=f"{application.url}/never",
            Timeout="1",
            StatusCallback=f"{application.url}/status",
            StatusCallbackEvent=EVENTS,
        )
        await callee.finish()
    await application.request("/status", 3)
    assert application.statuses("/status") == ["initiated", "ringing", "no-answer"]
    assert (await platform.ended(call["sid"]))["status"] == "no-answer"


async def test_a_ringing_call_is_canceled_by_the_api(
    platform: Offhook, application: WebApplication, tmp_path: Path
) -> None:
    """Status=canceled on a ringing call sends CANCEL."""
    async with sipp("ring_for_ever", tmp_path / "callee") as callee:
        call = await platform.call(
            callee.uri,
            Url=f"{application.url}/never",
            StatusCallback=f"{application.url}/status",
            StatusCallbackEvent=EVENTS,
        )
        await application.request("/status", 2)
        await platform.update(call["sid"], Status="canceled")
        await callee.finish()
    await application.request("/status", 3)
    assert application.statuses("/status") == ["initiated", "ringing", "canceled"]


@pytest.mark.parametrize("code", ["401", "407"])
async def test_a_callee_asks_for_credentials(
    platform: Offhook, application: WebApplication, tmp_path: Path, code: str
) -> None:
    """The second INVITE carries the right proof, and the call goes on."""
    application.pages["/answered"] = HANG_UP
    async with sipp(f"challenge_{code}", tmp_path / "callee") as callee:
        call = await platform.call(
            callee.uri,
            Url=f"{application.url}/answered",
            SipAuthUsername="alice",
            SipAuthPassword="wonder land",
        )
        await callee.finish()
        name = "Authorization" if code == "401" else "Proxy-Authorization"
        (given,) = [one.values(name) for one in callee.messages() if one.start_line.startswith("INVITE")][1]
    fields = dict(re.findall(r'(\w+)="?([^",]*)"?', given))
    ends = [
        md5(text.encode(), usedforsecurity=False).hexdigest()
        for text in (f"alice:{fields['realm']}:wonder land", f"INVITE:{fields['uri']}")
    ]
    middle = ":".join(fields[key] for key in ("nonce", "nc", "cnonce", "qop"))
    proof = md5(f"{ends[0]}:{middle}:{ends[1]}".encode(), usedforsecurity=False).hexdigest()
    assert fields["response"] == proof
    assert (await platform.ended(call["sid"]))["status"] == "completed"
    assert "wonder land" not in platform.output()


async def test_wrong_credentials_end_the_call(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """A 401 without credentials to answer it is final: failed, with the code."""
    async with sipp("refuse", tmp_path / "callee", keys={"code": "401", "reason": "Unauthorized"}) as callee:
        call = await platform.call(
            callee.uri, Url=f"{application.url}/never", StatusCallback=f"{application.url}/status"
        )
        await callee.finish()
    assert (await application.request("/status")).form["SipResponseCode"] == "401"
    assert (await platform.ended(call["sid"]))["status"] == "failed"


async def test_a_slow_callee_is_waited_for(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """Two seconds of silence after 100 and one more of ringing are no reason to give up, or to repeat the INVITE."""
    application.pages["/answered"] = HANG_UP
    async with sipp("answer_slowly", tmp_path / "callee") as callee:
        call = await platform.call(callee.uri, Url=f"{application.url}/answered")
        await callee.finish()
        assert [one.start_line.split()[0] for one in callee.messages()] == ["INVITE", "ACK", "BYE"]
    assert (await platform.ended(call["sid"]))["status"] == "completed"


async def test_a_callee_hangs_up_first(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """The BYE is answered, the document's run ends and the callback says completed."""
    application.pages["/answered"] = "<Response><Pause length='30'/></Response>"
    async with sipp("hang_up_first", tmp_path / "callee") as callee:
        call = await platform.call(
            callee.uri, Url=f"{application.url}/answered", StatusCallback=f"{application.url}/status"
        )
        await callee.finish()
    assert (await application.request("/status")).form["CallStatus"] == "completed"
    assert (await platform.ended(call["sid"]))["status"] == "completed"


@pytest.mark.parametrize("scenario", ["answer_without_sdp", "answer_without_common_codec"])
async def test_an_answer_without_audio_ends_the_call(
    platform: Offhook, application: WebApplication, tmp_path: Path, scenario: str
) -> None:
    """A 200 that cannot be used is acknowledged and hung up; the call failed; the next call goes through."""
    application.pages["/answered"] = HANG_UP
    async with sipp(scenario, tmp_path / "callee") as callee:
        call = await platform.call(
            callee.uri, Url=f"{application.url}/answered", StatusCallback=f"{application.url}/status"
        )
        await callee.finish()
        assert [one.start_line.split()[0] for one in callee.messages()] == ["INVITE", "ACK", "BYE"]
    assert (await application.request("/status")).form["CallStatus"] == "failed"
    assert (await platform.ended(call["sid"]))["status"] == "failed"
    async with sipp("answer", tmp_path / "next") as callee:
        after = await platform.call(callee.uri, Url=f"{application.url}/answered")
        await callee.finish()
    assert (await platform.ended(after["sid"]))["status"] == "completed"
