"""Kamailio between offhook and phones: requests within the call go where its routes say, whatever kind they are of."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from kamailio_proxy import kamailio
from offhook_process import offhook
from sipp_calls import WHOLE, Calls
from sipp_runner import LoggedMessage, Sipp, sipp
from sipp_script import Script, callee, caller, sdp
from web_application import web_application

pytestmark = pytest.mark.asyncio(loop_scope="module")
TALKS = callee("talks").pick_up()
STAYS = "<Response><Pause length='1'/><Hangup/></Response>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Calls]:
    """One offhook for all of these."""
    folder: Path = tmp_path_factory.mktemp("proxy")
    async with (
        web_application() as application,
        offhook(folder / "offhook", application.url, environment={"OFFHOOK_SIP__AVOID_FAILED": "0"}) as platform,
    ):
        yield Calls(platform, application, folder)


def methods(phone: Sipp) -> list[str]:
    """What a phone was sent, by the first words."""
    return [one.start_line.split()[0] for one in phone.messages() if not one.start_line.startswith("SIP/2.0")]


def uri_of(message: LoggedMessage) -> str:
    """The Request-URI."""
    return message.start_line.split()[1]


# --- calls out -----------------------------------------------------------------------------------------------------

HANGS_UP = TALKS.pause(200).request("BYE").expect_answer(200)
HOLDS = TALKS.request("INVITE", body=sdp("sendonly", version=2)).expect_answer(100, optional=True)
WITHIN = {
    "is-hung-up": TALKS.be_hung_up(),
    "hangs-up": HANGS_UP,
    "holds": HOLDS.expect_answer(200, matching="a=recvonly").request("ACK", cseq=1).be_hung_up(),
}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("way", ["is-hung-up", "hangs-up", "holds"])
async def test_requests_within_the_call_follow_the_route(calls: Calls, way: str, transport: str) -> None:
    """RFC 3261 §12.2; with TCP on our side of the proxy and UDP on the phone's, it records a route for each."""
    folder = calls.folder / f"{way}-{transport}"
    async with (
        sipp(WITHIN[way], folder / "phone") as phone,
        kamailio(folder / "proxy", f"127.0.0.1:{phone.port}") as port,
    ):
        told = await calls.reach(phone, f"sip:bob@127.0.0.1:{port};transport={transport}", f"{way}-{transport}")
    assert told.statuses == WHOLE
    ours = "TCP" if transport == "tcp" else "UDP"
    for message in phone.messages():
        vias = message.values("Via")
        if not message.start_line.startswith("SIP/2.0"):
            assert f"127.0.0.1:{port}" in vias[0]
            assert vias[1].startswith(f"SIP/2.0/{ours} 127.0.0.1:{calls.platform.sip_port}")
    assert len(phone.first("INVITE").values("Record-Route")) == (2 if transport == "tcp" else 1)


async def test_a_strict_route_is_the_request_uri(calls: Calls) -> None:
    """§12.2.1.1: a route without lr goes into the Request-URI, and the phone's own Contact to the end of Route."""
    folder = calls.folder / "strict"
    async with (
        sipp(WITHIN["is-hung-up"], folder / "phone") as phone,
        kamailio(folder / "proxy", f"127.0.0.1:{phone.port}", does=("STRICT",)) as port,
    ):
        told = await calls.reach(phone, f"sip:bob@127.0.0.1:{port}", "strict")
    assert told.statuses == WHOLE
    assert methods(phone) == ["INVITE", "ACK", "BYE"]
    assert phone.first("INVITE").values("Record-Route") == [f"<sip:127.0.0.1:{port}>"]
    sent = await calls.sent(told.record["sid"], "BYE")
    assert sent.startswith(f"BYE sip:127.0.0.1:{port} SIP/2.0")
    assert re.search(rf"^Route: <sip:phone@127\.0\.0\.1:{phone.port}[;>]", sent, re.MULTILINE)


async def test_two_branches_ring_and_one_answers(calls: Calls) -> None:
    """Two To-tags in 180; the proxy calls the other one off, and the application hears of one call."""
    folder = calls.folder / "fork"
    rings = (
        callee("rings").expect("INVITE").keep_invite().answer(180, tag="two").expect("CANCEL").answer(200, tag="two")
    )
    async with (
        sipp(WITHIN["is-hung-up"], folder / "one") as one,
        sipp(rings.answer_invite(487, "Request Terminated", tag="two").expect("ACK"), folder / "two") as two,
        kamailio(folder / "proxy", f"127.0.0.1:{one.port}", f"127.0.0.1:{two.port}", does=("FORK",)) as port,
    ):
        told = await calls.reach(one, f"sip:bob@127.0.0.1:{port}", "fork")
        await two.finish()
    assert told.statuses == WHOLE
    assert "CANCEL" in methods(two)


async def test_two_branches_answer(calls: Calls) -> None:
    """§13.2.2.4: the second 200 is acknowledged and hung up at once; the call goes on with the first."""
    folder = calls.folder / "both"

    def at_once(tag: str) -> Script:
        asked = callee(tag).expect("INVITE", takes_dialog=True)
        return asked.answer(200, body=sdp(), tag=tag).confirmed().be_hung_up()

    async with (
        sipp(at_once("one"), folder / "one") as one,
        sipp(at_once("two"), folder / "two") as two,
        kamailio(folder / "proxy", f"127.0.0.1:{one.port}", f"127.0.0.1:{two.port}", does=("FORK",)) as port,
    ):
        told = await calls.reach(one, f"sip:bob@127.0.0.1:{port}", "both")
        await two.finish()
    assert told.statuses == ["initiated", "in-progress", "completed"]
    assert methods(one) == methods(two) == ["INVITE", "ACK", "BYE"]


@pytest.mark.parametrize("first", ["busy", "silent"])
async def test_the_proxy_goes_elsewhere(calls: Calls, first: str) -> None:
    """After a 503 or silence behind it; offhook sees one answer, and nothing that failed."""
    folder = calls.folder / f"elsewhere-{first}"
    refuses = callee("busy").expect("INVITE").answer(503).expect("ACK").pause(100)
    async with (
        sipp(refuses if first == "busy" else callee("silent").expect("NOTHING"), folder / "one") as one,
        sipp(WITHIN["is-hung-up"], folder / "two") as two,
        kamailio(folder / "proxy", f"127.0.0.1:{one.port}", f"127.0.0.1:{two.port}", does=("FAILOVER",)) as port,
    ):
        told = await calls.reach(two, f"sip:bob@127.0.0.1:{port}", f"elsewhere-{first}")
    assert told.statuses == WHOLE
    assert told.notices == []


@pytest.mark.parametrize(("password", "statuses"), [("open sesame", WHOLE), ("guess", ["initiated", "failed"])])
async def test_the_proxy_asks_who_is_calling(calls: Calls, password: str, statuses: list[str]) -> None:
    """407: the credentials of the call are the proxy's, too."""
    name = f"asks-{len(password)}"
    async with (
        sipp(WITHIN["is-hung-up"], calls.folder / name / "phone") as phone,
        kamailio(calls.folder / name / "proxy", f"127.0.0.1:{phone.port}", does=("AUTHENTICATE",)) as port,
    ):
        form = {"SipAuthUsername": "us", "SipAuthPassword": password}
        uri = f"sip:bob@127.0.0.1:{port}"
        told = await calls.reach(phone, uri, name, form=form, finishes=statuses == WHOLE)
    assert told.statuses == statuses
    assert ("INVITE" in phone.log()) == (statuses == WHOLE)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_an_outbound_proxy(calls: Calls, tmp_path: Path, transport: str) -> None:
    """Every call of an edge goes there first, whatever its URI says; the URI stays that of the callee."""
    async with (
        sipp(WITHIN["is-hung-up"], tmp_path / "phone") as phone,
        kamailio(tmp_path / "proxy", f"127.0.0.1:{phone.port}") as port,
    ):
        environment = {"OFFHOOK_EDGE__0__PROXY": f"127.0.0.1:{port};transport={transport}"}
        async with offhook(tmp_path / "offhook", calls.application.url, environment=environment) as platform:
            own = Calls(platform, calls.application, tmp_path)
            told = await own.reach(phone, "sip:bob@nowhere.invalid", f"outbound-{transport}")
    assert told.statuses == WHOLE
    invite = phone.first("INVITE")
    assert uri_of(invite) == "sip:bob@nowhere.invalid"
    assert invite.values("Via")[1].startswith(f"SIP/2.0/{transport.upper()} ")
    assert methods(phone) == ["INVITE", "ACK", "BYE"]


# --- calls in ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["loose", "strict", "tcp"])
async def test_a_caller_behind_a_proxy(calls: Calls, kind: str) -> None:
    """Our BYE goes back through the proxy that the call came by, over whichever transport that was."""
    folder = calls.folder / f"in-{kind}"
    ending = ";transport=tcp" if kind == "tcp" else ""
    does = ("STRICT",) if kind == "strict" else ()
    async with kamailio(folder, f"{calls.platform.target}{ending}", does=does) as port:
        script = caller("calls").answered().expect("BYE").answer(200, tag="").pause(100)
        told = await calls.receive(script, f"in-{kind}-phone", STAYS, target=f"127.0.0.1:{port}")
    assert told.statuses[-1] == "completed"
    bye = told.phone.first("BYE")
    assert f"127.0.0.1:{port}" in bye.values("Via")[0]
    assert bye.values("Via")[1].startswith("SIP/2.0/TCP" if kind == "tcp" else "SIP/2.0/UDP")


@pytest.mark.parametrize("kind", ["loose", "tcp"])
async def test_a_caller_behind_a_proxy_hangs_up(calls: Calls, kind: str) -> None:
    """Its BYE comes by the same way."""
    folder = calls.folder / f"ends-{kind}"
    ending = ";transport=tcp" if kind == "tcp" else ""
    async with kamailio(folder, f"{calls.platform.target}{ending}") as port:
        script = caller("calls").answered().pause(200).request("BYE").expect_answer(200)
        document = "<Response><Say>Hello.</Say><Pause length='9'/></Response>"
        told = await calls.receive(script, f"ends-{kind}-phone", document, target=f"127.0.0.1:{port}")
    assert told.statuses[-1] == "completed"
