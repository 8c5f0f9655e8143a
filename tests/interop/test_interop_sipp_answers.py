"""How callees answer and what they say within a call, by SIPp; the application hears one story of all of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from offhook_process import offhook
from sipp_calls import WHOLE, Calls
from sipp_script import callee, sdp
from web_application import web_application

pytestmark = pytest.mark.asyncio(loop_scope="module")
TRANSPORTS = ("udp", "tcp", "tls")
QUICK_TIMERS = {"OFFHOOK_SIP__SESSION_EXPIRES": "4", "OFFHOOK_SIP__MIN_SE": "1"}
RELIABLY = {"Require": "100rel", "RSeq": "7"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Calls]:
    """One offhook for all of these, with brief session timers."""
    folder: Path = tmp_path_factory.mktemp("answers")
    async with (
        web_application() as application,
        offhook(folder / "offhook", application.url, environment=QUICK_TIMERS) as platform,
    ):
        yield Calls(platform, application, folder)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_rings_and_answers(calls: Calls, transport: str) -> None:
    """180, 200, ACK, BYE; over TLS the request says so."""
    told = await calls.place(callee("answers").pick_up().be_hung_up(), f"answers-{transport}", transport=transport)
    assert told.statuses == WHOLE
    invite = told.phone.first("INVITE")
    assert invite.values("Via")[0].startswith(f"SIP/2.0/{transport.upper()} 127.0.0.1:")
    assert (f"transport={transport}" in invite.values("Contact")[0]) == (transport != "udp")
    assert "cause=16" in told.phone.first("BYE").values("Reason")[0]


FIRST = callee("first").expect("INVITE", takes_dialog=True)
RINGS, EARLY = FIRST.answer(180), FIRST.answer(183, body=sdp())
KEPT = FIRST.keep_invite().answer(180)
FORKED = FIRST.answer(180, tag="one").answer(180, tag="two")
WAYS = {
    "at-once": FIRST.answer(200, "OK", body=sdp()).confirmed(),
    "after-a-while": RINGS.pause(1500).answer(200, "OK", body=sdp()).confirmed(),
    "183-with-sdp": EARLY.answer(200, "OK", body=sdp()).confirmed(),
    "183-then-180": EARLY.answer(180).answer(200, "OK", body=sdp()).confirmed(),
    "180-then-183": RINGS.answer(183, body=sdp()).answer(200, "OK", body=sdp()).confirmed(),
    "forwarded-and-queued": FIRST.answer(181).answer(182).answer(200, "OK", body=sdp()).confirmed(),
    "answer-in-183-only": EARLY.answer(200, "OK").confirmed(),
    "forked-ringing": FORKED.answer(200, "OK", body=sdp(), tag="two").confirmed(),
    "in-pcma": RINGS.answer(200, "OK", body=sdp(codec="8 PCMA")).confirmed(),
}


@pytest.mark.parametrize("way", WAYS)
async def test_answers_in_every_way(calls: Calls, way: str) -> None:
    """Provisional responses of any kind and number; the application is told the same."""
    told = await calls.place(WAYS[way].be_hung_up(), way)
    assert told.statuses == [one for one in WHOLE if one != "ringing" or way != "at-once"]
    assert told.record["status"] == "completed"
    assert told.notices == []


async def test_rings_reliably(calls: Calls) -> None:
    """RFC 3262: PRACK in the early dialog, then the answer to the INVITE."""
    first = callee("reliable").expect("INVITE", takes_dialog=True, matching="Supported:.*100rel").keep_invite()
    early = first.answer(183, headers=RELIABLY, body=sdp()).expect("PRACK", matching="RAck: 7 1 INVITE")
    script = early.answer(200, "OK", tag="").pause(200).answer_invite(200, "OK", body=sdp()).confirmed().be_hung_up()
    told = await calls.place(script, "reliable")
    assert told.statuses == WHOLE


async def test_changes_early_media_by_update(calls: Calls) -> None:
    """RFC 3311 §5.2: once the first offer is answered reliably, the callee may make one; then it is busy after all."""
    first = callee("update").expect("INVITE", takes_dialog=True).keep_invite()
    early = first.answer(183, headers=RELIABLY, body=sdp()).expect("PRACK").answer(200, "OK", tag="")
    changed = early.request("UPDATE", body=sdp(codec="8 PCMA", version=2)).expect_answer(200, matching="8 PCMA")
    told = await calls.place(changed.answer_invite(486, "Busy Here").expect("ACK"), "early-update")
    assert told.statuses == ["initiated", "ringing", "busy"]
    assert told.last["SipResponseCode"] == "486"


async def test_two_callees_answer(calls: Calls) -> None:
    """§13.2.2.4: the second 2xx of a fork is acknowledged and hung up, the call goes on with the first."""
    script = KEPT.answer(200, "OK", body=sdp(), tag="one").expect("ACK", matching="tag=one")
    script = script.answer_invite(200, "OK", body=sdp(), tag="two").expect("ACK", matching="tag=two")
    for tag in ("two", "one"):
        script = script.expect("BYE", matching=f"tag={tag}").answer(200, "OK", tag="")
    told = await calls.place(script.pause(100), "fork")
    assert told.statuses == WHOLE


async def test_a_200_crosses_the_cancel(calls: Calls) -> None:
    """§9.1: too late to give up, so the call is acknowledged and hung up; nobody was reached."""
    first = callee("crossing").expect("INVITE", takes_dialog=True).keep_invite()
    rung = first.answer(180).expect("CANCEL").answer(200, "OK").answer_invite(200, "OK", body=sdp())
    told = await calls.place(rung.confirmed().be_hung_up(), "crossing", form={"Timeout": "1"})
    assert told.statuses == ["initiated", "ringing", "no-answer"]


UP = callee("up").pick_up()
REFUSED = {"MESSAGE": 405, "SUBSCRIBE": 405, "PUBLISH": 405, "BREW": 405, "NOTIFY": 489}
INFO = {"Content-Type": "application/dtmf-relay"}
TO_CAROL, GZIP, TELEPORT = {"Refer-To": "<sip:carol@127.0.0.1>"}, {"Content-Encoding": "gzip"}, {"Require": "teleport"}
NOWHERE = ".".join("0000")  # the old way of hold (RFC 3264 §8.4)
RESUME = sdp(version=3)
WITHIN = {
    "hold-sendonly": UP.request("INVITE", body=sdp("sendonly", version=2)).answered(matching="a=recvonly")
    .request("INVITE", body=RESUME).answered(matching="a=sendrecv"),
    "hold-inactive": UP.request("INVITE", body=sdp("inactive", version=2)).answered(matching="a=inactive")
    .request("INVITE", body=RESUME).answered(matching="a=sendrecv"),
    "hold-address-0": UP.request("INVITE", body=sdp(address=NOWHERE, version=2)).answered()
    .request("INVITE", body=RESUME).answered(matching="a=sendrecv"),
    "other-codec": UP.request("INVITE", body=sdp(codec="8 PCMA", version=2)).answered(matching="rtpmap:8 PCMA"),
    "other-address": UP.request("INVITE", body=sdp(address="127.0.0.9", version=2)).answered(),
    "delayed-offer": UP.request("INVITE").answered(matching="m=audio [0-9]+ RTP/AVP 0", body=sdp()),
    "no-common-codec": UP.request("INVITE", body=sdp(codec="18 G729")).expect_answer(100, optional=True)
    .expect_answer(488).ack_refusal(),
    "update-with-sdp": UP.request("UPDATE", body=sdp("sendonly", version=2)).expect_answer(200, matching="a=recvonly"),
    "update-without": UP.request("UPDATE").expect_answer(200),
    "options": UP.request("OPTIONS").expect_answer(200, matching="Allow:.*INVITE"),
    "info": UP.request("INFO", headers=INFO, body="Signal=5\nDuration=160").expect_answer(200),
    "refer-without-url": UP.request("REFER", headers=TO_CAROL).expect_answer(603),
    "refer-to-nobody": UP.request("REFER").expect_answer(400),
    "out-of-order": UP.request("OPTIONS", cseq=5).expect_answer(200).request("OPTIONS", cseq=2).expect_answer(500),
    "requires-the-unknown": UP.request("OPTIONS", headers=TELEPORT)
    .expect_answer(420, matching="Unsupported: teleport"),
    "encoded-body": UP.request("INVITE", headers=GZIP, body=sdp()).expect_answer(415).ack_refusal(),
    **{method.lower(): UP.request(method).expect_answer(code) for method, code in REFUSED.items()},
}  # fmt: skip


@pytest.mark.parametrize("step", WITHIN)
async def test_what_the_callee_says_within_the_call(calls: Calls, step: str) -> None:
    """Taken, or refused politely; in either case the call goes on and ends as calls do."""
    told = await calls.place(WITHIN[step].be_hung_up(), step, seconds=2)
    assert told.statuses == WHOLE
    assert told.last["CallStatus"] == "completed"


LEAVING = {
    "hangs-up": UP.hang_up({"X-Why": "done"}),
    "bye-overtakes-reinvite": UP.request("INVITE", body=sdp(version=2)).expect_answer(100).expect_answer(200)
    .request("BYE").expect_answer(200),
}  # fmt: skip


@pytest.mark.parametrize("way", LEAVING)
async def test_the_callee_hangs_up(calls: Calls, way: str) -> None:
    """BYE, also where an ACK is still owed; the record says who ended it."""
    told = await calls.place(LEAVING[way], way, seconds=20)
    assert told.statuses == WHOLE
    assert int(told.record["duration"]) < 10


AGREES = {"Supported": "timer", "Session-Expires": "4;refresher=uac", "Require": "timer"}
UPDATES = {"Allow": "INVITE, ACK, BYE, CANCEL, UPDATE"}
WITHOUT = {"Allow": "INVITE, ACK, BYE, CANCEL"}
THEIR_TURN = {**AGREES, "Session-Expires": "4;refresher=uas"}
AGAIN = {"Session-Expires": "4;refresher=uac"}
OURS = "Session-Expires: 4;refresher=uac"
TIMED = {
    "we-refresh-by-update": callee("update").pick_up(headers={**AGREES, **UPDATES}).expect("UPDATE", matching=OURS)
    .answer(200, "OK", headers=AGAIN, tag=""),
    "we-refresh-by-reinvite": callee("reinvite").pick_up(headers={**AGREES, **WITHOUT}).expect("INVITE", matching=OURS)
    .answer(200, "OK", headers=AGAIN, body=sdp(), tag="").expect("ACK"),
    "our-refresh-meets-a-glare": callee("glare").pick_up(headers={**AGREES, **WITHOUT}).expect("INVITE")
    .answer(491, "Request Pending", tag="").expect("ACK"),
    "they-refresh": callee("theirs").pick_up(headers={**THEIR_TURN, **UPDATES}).pause(1000)
    .request("UPDATE", headers={**AGAIN, "Supported": "timer"}).expect_answer(200, matching=OURS),
}  # fmt: skip


@pytest.mark.parametrize("way", TIMED)
async def test_the_session_is_refreshed(calls: Calls, way: str) -> None:
    """RFC 4028: by whoever it was agreed, and the call goes on."""
    told = await calls.place(TIMED[way].be_hung_up(), way, seconds=3)
    assert told.statuses == WHOLE


async def test_who_does_not_refresh_is_hung_up(calls: Calls) -> None:
    """RFC 4028 §10: BYE with a Reason, shortly before the interval is over."""
    script = callee("gone").pick_up(headers=THEIR_TURN).be_hung_up(matching="SIP;cause=408")
    told = await calls.place(script, "never-refreshes", seconds=30)
    assert told.statuses == WHOLE
    assert int(told.record["duration"]) in {2, 3, 4}


async def test_a_longer_interval_is_asked_for(calls: Calls) -> None:
    """RFC 4028 §7.3: 422 with Min-SE; the second INVITE asks for that much."""
    first = callee("422").expect("INVITE").answer(422, "Too Small", headers={"Min-SE": "90"}).expect("ACK")
    again = first.expect("INVITE", matching="Session-Expires: 90", takes_dialog=True).answer(180)
    told = await calls.place(again.answer(200, "OK", body=sdp()).confirmed().be_hung_up(), "longer")
    assert told.statuses == WHOLE
