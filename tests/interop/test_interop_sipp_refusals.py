"""How callees refuse, redirect and ask who is calling, by SIPp; record, callbacks and notifications agree."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from offhook_process import offhook
from sipp_calls import WHOLE, Calls
from sipp_runner import sipp
from sipp_script import callee, sdp
from web_application import web_application

pytestmark = pytest.mark.asyncio(loop_scope="module")
FIRST = callee("refuses").expect("INVITE", takes_dialog=True)
STATUS = {
    400: "failed", 403: "failed", 404: "failed", 406: "failed", 408: "no-answer", 410: "failed", 415: "failed",
    480: "no-answer", 484: "failed", 486: "busy", 488: "failed", 500: "failed", 502: "failed", 503: "failed",
    504: "failed", 600: "busy", 603: "no-answer", 604: "failed", 606: "failed",
}  # fmt: skip
INFRASTRUCTURE = {408, 500, 502, 503, 504}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Calls]:
    """One offhook for all of these; no target is avoided for the sake of an earlier test."""
    folder: Path = tmp_path_factory.mktemp("refusals")
    async with (
        web_application() as application,
        offhook(folder / "offhook", application.url, environment={"OFFHOOK_SIP__AVOID_FAILED": "0"}) as platform,
    ):
        yield Calls(platform, application, folder)


@pytest.mark.parametrize("code", STATUS)
async def test_refuses(calls: Calls, code: int) -> None:
    """Contract 1 §3.6; what the infrastructure says, and not the callee, is a 32011 with its code."""
    script = FIRST.answer(180).answer(code, headers={"X-Why": "because"}).expect("ACK").pause(100)
    told = await calls.place(script, f"refuses-{code}")
    assert told.statuses == ["initiated", "ringing", STATUS[code]]
    assert told.last["SipResponseCode"] == str(code)
    assert told.notices == ([32011] if code in INFRASTRUCTURE else [])


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_refuses_on_a_stream(calls: Calls, transport: str) -> None:
    """The same, without retransmissions."""
    script = FIRST.answer(486, "Busy Here").expect("ACK").pause(100)
    told = await calls.place(script, f"busy-{transport}", transport=transport)
    assert told.statuses == ["initiated", "busy"]


async def test_fails_after_early_media(calls: Calls) -> None:
    """An announcement, then the refusal that it explains."""
    script = FIRST.answer(183, body=sdp()).pause(300).answer(404, "Not Found").expect("ACK").pause(100)
    told = await calls.place(script, "announced")
    assert told.statuses == ["initiated", "ringing", "failed"]


async def test_answers_without_a_common_codec(calls: Calls) -> None:
    """The 200 is acknowledged and hung up, the call fails (32102)."""
    script = FIRST.answer(200, "OK", body=sdp(codec="18 G729")).expect("ACK").expect("BYE").answer(200, "OK", tag="")
    told = await calls.place(script.pause(100), "g729")
    assert told.statuses[-1] == "failed"
    assert 32102 in told.notices


# --- redirects -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [300, 301, 302, 305])
async def test_is_elsewhere(calls: Calls, code: int) -> None:
    """§8.1.3.4: followed in the same call, and answered there."""
    async with sipp(callee("there").pick_up().be_hung_up(), calls.folder / f"there-{code}") as there:
        script = callee("here").expect("INVITE").answer(code, headers={"Contact": f"<{there.uri}>"}).expect("ACK")
        told = await calls.place(script.pause(100), f"redirects-{code}")
        await there.finish()
    assert told.statuses == WHOLE
    assert there.first("INVITE").values("Call-ID") == told.phone.first("INVITE").values("Call-ID")
    assert there.first("INVITE").values("CSeq") == ["2 INVITE"]


async def test_the_best_contact_is_tried_first_and_the_next_when_it_refuses(calls: Calls) -> None:
    """By q; a refusal leads to the other one."""
    busy, free = callee("busy").expect("INVITE").answer(486).expect("ACK"), callee("free").pick_up().be_hung_up()
    async with sipp(busy, calls.folder / "q-busy") as one, sipp(free, calls.folder / "q-free") as other:
        contacts = f"<{other.uri}>;q=0.1, <{one.uri}>;q=0.9"
        script = callee("here").expect("INVITE").answer(302, headers={"Contact": contacts}).expect("ACK").pause(100)
        told = await calls.place(script, "q")
        await one.finish()
        await other.finish()
    assert told.statuses == WHOLE


ASTRAY = {
    "telephone": "<tel:+15550100>",
    "mail": "<mailto:a@example.com>",
    "nothing": "<sip:>",
    "itself": "<sip:callee@[local_ip]:[local_port]>",
    "us": "<sip:any@acme.sip.localhost>",
}


@pytest.mark.parametrize("where", ASTRAY)
async def test_is_redirected_to_where_no_call_may_go(calls: Calls, where: str) -> None:
    """32219: no SIP URI, the same place again, a domain of ours."""
    script = callee("here").expect("INVITE").answer(302, headers={"Contact": ASTRAY[where]}).expect("ACK").pause(100)
    told = await calls.place(script, f"astray-{where}")
    assert told.statuses == ["initiated", "failed"]
    assert told.notices == [32219]
    assert told.last["SipResponseCode"] == "302"


# --- who is calling ------------------------------------------------------------------------------------------------

CREDENTIALS = {"SipAuthUsername": "alice", "SipAuthPassword": "secret"}
CHALLENGES = {
    "sha-256": 'Digest realm="r", nonce="n1", algorithm=SHA-256, qop="auth"',
    "md5": 'Digest realm="r", nonce="n1", algorithm=MD5, qop="auth"',
    "auth-int": 'Digest realm="r", nonce="n1", qop="auth-int"',
    "without-qop": 'Digest realm="r", nonce="n1"',
    "opaque": 'Digest realm="r", nonce="n1", opaque="o", qop="auth,auth-int"',
}


@pytest.mark.parametrize("kind", CHALLENGES)
async def test_asks_who_is_calling(calls: Calls, kind: str) -> None:
    """401, and the INVITE again with proof and the next CSeq."""
    asked = callee("asks").expect("INVITE").answer(401, headers={"WWW-Authenticate": CHALLENGES[kind]}).expect("ACK")
    proved = asked.expect("INVITE", matching='Authorization: Digest .*username="alice"', takes_dialog=True)
    script = proved.answer(180).answer(200, "OK", body=sdp()).confirmed().be_hung_up()
    told = await calls.place(script, f"challenge-{kind}", form=CREDENTIALS)
    assert told.statuses == WHOLE


async def test_asks_again_since_the_nonce_is_stale(calls: Calls) -> None:
    """RFC 7616 §3.3: the same credentials for the new nonce."""
    first = {"WWW-Authenticate": 'Digest realm="r", nonce="n1", qop="auth"'}
    second = {"WWW-Authenticate": 'Digest realm="r", nonce="n2", stale=true, qop="auth"'}
    script = callee("stale").expect("INVITE").answer(401, headers=first).expect("ACK")
    script = script.expect("INVITE", matching='nonce="n1"').answer(401, headers=second).expect("ACK")
    script = script.expect("INVITE", matching='nonce="n2"').answer(486).expect("ACK")
    told = await calls.place(script.pause(100), "stale", form=CREDENTIALS)
    assert told.statuses == ["initiated", "busy"]


async def test_does_not_believe_who_is_calling(calls: Calls) -> None:
    """The second 401 for the same realm is the end."""
    asked = {"WWW-Authenticate": 'Digest realm="r", nonce="n1", qop="auth"'}
    again = {"WWW-Authenticate": 'Digest realm="r", nonce="n2", qop="auth"'}
    script = callee("wrong").expect("INVITE").answer(401, headers=asked).expect("ACK")
    script = script.expect("INVITE").answer(401, headers=again).expect("ACK").pause(100)
    told = await calls.place(script, "wrong", form=CREDENTIALS)
    assert (told.statuses, told.last["SipResponseCode"]) == (["initiated", "failed"], "401")


async def test_two_realms_ask(calls: Calls) -> None:
    """§22.3: the proxy's proof stays when the callee asks, too."""
    proxy = {"Proxy-Authenticate": 'Digest realm="proxy", nonce="p", qop="auth"'}
    phone = {"WWW-Authenticate": 'Digest realm="phone", nonce="f", qop="auth"'}
    script = callee("two").expect("INVITE").answer(407, headers=proxy).expect("ACK")
    script = script.expect("INVITE", matching='Proxy-Authorization: .*realm="proxy"').answer(401, headers=phone)
    script = script.expect("ACK").expect("INVITE", matching='Authorization: .*realm="phone"').answer(486).expect("ACK")
    told = await calls.place(script.pause(100), "two-realms", form=CREDENTIALS)
    invite = [one for one in told.phone.messages() if one.start_line.startswith("INVITE")][-1]
    assert invite.values("Proxy-Authorization")
    assert told.statuses == ["initiated", "busy"]


async def test_asks_somebody_without_credentials(calls: Calls) -> None:
    """There is nothing to prove with."""
    asked = {"WWW-Authenticate": 'Digest realm="r", nonce="n1", qop="auth"'}
    script = callee("asks").expect("INVITE").answer(401, headers=asked).expect("ACK").pause(100)
    told = await calls.place(script, "nobody")
    assert told.statuses == ["initiated", "failed"]
