"""What callers ask for, rightly or not, by SIPp over UDP, TCP and TLS; who is refused never reaches the application."""

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from offhook_process import offhook
from sipp_calls import Calls
from sipp_script import Script, caller, sdp
from web_application import web_application

pytestmark = pytest.mark.asyncio(loop_scope="module")
WAIT = "<Response><Say>hello</Say><Pause length='20'/></Response>"
LATER = "<Response><Pause length='1'/><Say>hello</Say><Pause length='20'/></Response>"
STORY = ["in-progress", "completed"]
QUICK = {"OFFHOOK_SIP__SESSION_EXPIRES": "4", "OFFHOOK_SIP__MIN_SE": "2", "OFFHOOK_SIP__T1": "0.05"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Calls]:
    """One offhook for all of these, with brief timers."""
    folder: Path = tmp_path_factory.mktemp("callers")
    async with (
        web_application() as application,
        offhook(folder / "offhook", application.url, environment=QUICK) as platform,
    ):
        yield Calls(platform, application, folder)


@pytest.fixture
def silent() -> Iterator[str]:
    """A document that dials somebody who is there and says nothing: the caller is not answered meanwhile."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        target = f"<Sip>sip:nobody@127.0.0.1:{nobody.getsockname()[1]}</Sip>"
        yield f"<Response><Dial answerOnBridge='true' timeout='20'>{target}</Dial></Response>"


def in_progress(statuses: list[str]) -> list[str]:
    """From the answer on."""
    return [one for one in statuses if one != "ringing"]


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_calls_and_hangs_up(calls: Calls, transport: str) -> None:
    """The application hears who calls, and the end."""
    script = caller("calls").answered(matching="m=audio").pause(300).hang_up()
    told = await calls.receive(script, f"calls-{transport}", WAIT, transport=transport)
    assert in_progress(told.statuses) == STORY
    assert told.last["From"] == "+15550199"


async def test_is_hung_up(calls: Calls) -> None:
    """At the end of the document."""
    script = caller("stays").answered().expect("BYE").answer(200, "OK", tag="").pause(100)
    told = await calls.receive(script, "stays", "<Response><Say>hello</Say></Response>")
    assert in_progress(told.statuses) == STORY


BODY = sdp()
MIXED = {"Content-Type": "multipart/mixed;boundary=x"}
PARTS = f"--x\nContent-Type: application/pidf+xml\n\n<presence/>\n--x\nContent-Type: application/sdp\n\n{BODY}\n--x--"
PLAIN = {"Content-Type": "text/plain"}
TIMER = {"Supported": "timer", "Session-Expires": "4"}
ABLE = {**TIMER, "Allow": "INVITE, ACK, BYE, CANCEL, UPDATE"}
PROXIED = {"Session-Expires": "4", "Allow": "INVITE, ACK, BYE, CANCEL, UPDATE"}
GOOD: dict[str, Script] = {
    "without-an-offer": caller("delayed", body="").answered(matching="m=audio [0-9]+ RTP/AVP 0 8", body=BODY),
    "in-several-parts": caller("parts", headers=MIXED, body=PARTS).answered(matching="m=audio"),
    "in-pcma": caller("pcma", body=sdp(codec="8 PCMA")).answered(matching="RTP/AVP 8 101"),
    "with-timer": caller("timer", headers=TIMER).answered(matching="Session-Expires: 4;refresher=uac"),
    "with-a-proxy-s-timer": caller("proxied", headers=PROXIED).answered(matching="Session-Expires: 4;refresher=uas")
    .expect("UPDATE", matching="Session-Expires: 4;refresher=uac")
    .answer(200, "OK", headers={"Session-Expires": "4;refresher=uac"}, tag=""),
    "refreshes": caller("refreshes", headers=ABLE).answered().pause(1000)
    .request("UPDATE", headers={"Session-Expires": "4;refresher=uac", "Supported": "timer"}).expect_answer(200),
    "holds": caller("holds").answered().request("INVITE", body=sdp("sendonly", version=2))
    .answered(matching="a=recvonly").request("INVITE", body=sdp(version=3)).answered(matching="a=sendrecv"),
    "updates": caller("updates").answered().request("UPDATE", body=sdp("inactive", version=2))
    .expect_answer(200, matching="a=inactive"),
    "sends-info": caller("info").answered()
    .request("INFO", headers={"Content-Type": "application/dtmf"}, body="5").expect_answer(200),
    "asks-options": caller("options").answered().request("OPTIONS").expect_answer(200, matching="Allow:"),
    "sends-message": caller("message").answered().request("MESSAGE", body="hello", headers=PLAIN).expect_answer(405),
    "refers": caller("refers").answered().request("REFER", headers={"Refer-To": "<sip:carol@127.0.0.1>"})
    .expect_answer(603),
    "is-out-of-order": caller("order").answered().request("INFO", cseq=9).expect_answer(200)
    .request("INFO", cseq=3).expect_answer(500),
    "supports-everything": caller("able", headers={"Supported": "100rel, timer, replaces, path, outbound"}).answered(),
}  # fmt: skip


@pytest.mark.parametrize("way", GOOD)
async def test_what_a_call_survives(calls: Calls, way: str) -> None:
    """Taken or refused politely, and the call goes on until the caller hangs up."""
    told = await calls.receive(GOOD[way].pause(100).hang_up(), way, WAIT)
    assert in_progress(told.statuses) == STORY
    assert told.notices in ([], [32218])


async def test_requires_reliable_ringing(calls: Calls) -> None:
    """RFC 3262: a 180 with RSeq, its PRACK, and the answer."""
    invite = caller("100rel", headers={"Require": "100rel"}).expect_answer(100, optional=True)
    rung = invite.expect_answer(180, matching="Require: 100rel", takes_dialog=True, keeps={"RSeq": "rseq"})
    sure = rung.request("PRACK", headers={"RAck": "[$rseq] 1 INVITE"}).expect_answer(200).expect_answer(200)
    script = sure.request("ACK", cseq=1).pause(200).hang_up()
    told = await calls.receive(script, "100rel", "<Response><Pause length='1'/><Say>hello</Say></Response>")
    assert in_progress(told.statuses) == STORY


async def test_gives_up(calls: Calls, silent: str) -> None:
    """CANCEL while it rings: 487, and no-answer."""
    rung = caller("gives-up").expect_answer(100, optional=True).expect_answer(180).pause(200)
    told = await calls.receive(rung.cancel(), "gives-up", silent)
    assert told.statuses[-1] == "no-answer"


async def test_says_how_long_it_waits(calls: Calls, silent: str) -> None:
    """Expires of an INVITE (RFC 3261 §13.3.1): refused with 487 when it is over."""
    rung = caller("expires", headers={"Expires": "1"}).expect_answer(100, optional=True).expect_answer(180)
    told = await calls.receive(rung.expect_answer(487).ack_refusal().pause(100), "expires", silent)
    assert told.statuses[-1] == "no-answer"


async def test_never_confirms_the_answer(calls: Calls) -> None:
    """64*T1 without an ACK: BYE, 32022."""
    script = caller("no-ack").expect_answer(100, optional=True).expect_answer(180, optional=True)
    script = script.expect_answer(200).expect("BYE").answer(200, "OK", tag="").pause(100)
    told = await calls.receive(script, "no-ack", WAIT)
    assert told.notices == [32022]


REFUSED: dict[str, Script] = {
    "too-many-hops": caller("hops").with_max_forwards(0).expect_answer(483),
    "requires-the-unknown": caller("req", headers={"Require": "teleport"})
    .expect_answer(420, matching="Unsupported: teleport"),
    "strange-body": caller("body", body="hello", headers={"Content-Type": "text/plain"})
    .expect_answer(415, matching="Accept: application/sdp"),
    "packed-body": caller("packed", headers={"Content-Encoding": "gzip"}).expect_answer(415),
    "too-brief": caller("brief", headers={"Supported": "timer", "Session-Expires": "1"})
    .expect_answer(422, matching="Min-SE: 2"),
    "replaces-nothing": caller("replaces", headers={"Replaces": "nobody@home;to-tag=1;from-tag=2"}).expect_answer(481),
    "replaces-nonsense": caller("nonsense", headers={"Replaces": "nonsense"}).expect_answer(400),
    "unknown-number": caller("unknown", "+15559999").expect_answer(100, optional=True).expect_answer(404),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_who_is_refused(calls: Calls, why: str, transport: str) -> None:
    """The right code with what would help, on every transport."""
    await calls.refuse(REFUSED[why].ack_refusal().pause(100), f"{why}-{transport}", transport=transport)


STRANGERS = {"OPTIONS": 200, "MESSAGE": 405, "SUBSCRIBE": 405, "REGISTER": 405, "PUBLISH": 405, "BREW": 405, "BYE": 481}


@pytest.mark.parametrize("method", STRANGERS)
async def test_what_is_no_call(calls: Calls, method: str) -> None:
    """Answered politely, without a call."""
    await calls.refuse(caller(method, begins_with=method).expect_answer(STRANGERS[method]), f"stranger-{method}")


async def test_one_call_that_comes_twice(calls: Calls) -> None:
    """§8.2.2.2: the copy that took another way gets 482, the call goes on."""
    script = caller("merged").expect_answer(100).expect_answer(180).copy_of_invite().expect_answer(482).ack_copy()
    script = script.expect_answer(200, takes_dialog=True).request("ACK", cseq=1).pause(200).hang_up()
    told = await calls.receive(script, "merged", LATER)
    assert in_progress(told.statuses) == STORY
