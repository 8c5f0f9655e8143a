"""What is said within a call that Kamailio carries, from both sides, and what the application hears of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from kamailio_proxy import kamailio
from offhook_process import offhook
from sipp_calls import WHOLE, Calls
from sipp_runner import sipp
from sipp_script import Script, callee, caller, sdp
from web_application import web_application

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEYS = "<Response><Gather action='/gathered' numDigits='1' timeout='9'/></Response>"
INFO = {"Content-Type": "application/dtmf-relay"}
FIVE = "Signal=5\nDuration=160"
ROUTER = "sip:[remote_ip]:[remote_port]"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Calls]:
    """One offhook for all of these."""
    folder: Path = tmp_path_factory.mktemp("within")
    async with (
        web_application() as application,
        offhook(folder / "offhook", application.url, environment={"OFFHOOK_SIP__AVOID_FAILED": "0"}) as platform,
    ):
        application.pages["/gathered"] = "<Response><Hangup/></Response>"
        yield Calls(platform, application, folder)


def holds_and_presses(*, is_strict: bool) -> Script:
    """A caller that holds, presses a key, and is hung up on; strictly, its requests are those of RFC 2543."""

    def routed(script: Script) -> Script:
        return script.by_strict_route(ROUTER) if is_strict else script

    held = routed(caller("holds").answered().request("INVITE", body=sdp("sendonly", version=2)))
    held = held.expect_answer(100, optional=True).expect_answer(200, matching="a=recvonly")
    held = routed(held.request("ACK", cseq=held.cseq))
    pressed = routed(held.request("INFO", headers=INFO, body=FIVE)).expect_answer(200)
    return pressed.expect("BYE").answer(200, tag="").pause(100)


WAYS = {"loose": ("udp", "udp"), "strict": ("udp", "udp"), "to-tcp": ("udp", "tcp"), "from-tcp": ("tcp", "udp")}


@pytest.mark.parametrize("way", WAYS)
async def test_what_the_caller_says_within_the_call(calls: Calls, way: str) -> None:
    """re-INVITE and INFO reach us and our BYE reaches it; two transports are two routes, marked as a pair (r2)."""
    theirs, ours = WAYS[way]
    is_strict = way == "strict"
    before = len(calls.application.to("/gathered"))
    async with kamailio(
        calls.folder / way,
        f"{calls.platform.target}{';transport=tcp' if ours == 'tcp' else ''}",
        does=("STRICT",) if is_strict else (),
    ) as port:
        told = await calls.receive(
            # SIPp turns routes without lr into RFC 2543's by itself.
            holds_and_presses(is_strict=False),
            f"in-{way}",
            KEYS,
            transport=theirs,
            target=f"127.0.0.1:{port}",
        )
    assert told.statuses[-1] == "completed"
    assert [one.form["Digits"] for one in calls.application.to("/gathered")[before:]] == ["5"]
    events = [entry["detail"].get("event") for entry in await calls.platform.timeline(told.record["sid"])]
    assert "held" in events
    routes = told.phone.first("200").values("Record-Route")
    assert [("r2=on" in one, "lr" in one) for one in routes] == [(theirs != ours, not is_strict)] * len(routes)
    assert len(routes) == (1 if theirs == ours else 2)
    hops = told.phone.first("BYE").values("Via")
    assert f"127.0.0.1:{port}" in hops[0]
    assert hops[1].startswith(f"SIP/2.0/{ours.upper()} {calls.platform.target}")


async def test_a_strict_router_sends_to_us_with_the_target_in_route(calls: Calls) -> None:
    """§12.2.2: the dialog says whom a request is for, though its URI is our address and Route holds our Contact."""
    before = len(calls.application.to("/gathered"))
    told = await calls.receive(holds_and_presses(is_strict=True), "direct", KEYS)
    assert told.statuses[-1] == "completed"
    assert [one.form["Digits"] for one in calls.application.to("/gathered")[before:]] == ["5"]
    info = told.phone.messages("sent")[-2]
    assert info.start_line == f"INFO sip:{calls.platform.target} SIP/2.0"
    assert info.values("Route")[0].startswith("<sip:")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_the_callee_presses_a_key(calls: Calls, transport: str) -> None:
    """INFO of a phone behind the proxy."""
    before = len(calls.application.to("/gathered"))
    script = callee("presses").pick_up().request("INFO", headers=INFO, body=FIVE).expect_answer(200).be_hung_up()
    async with (
        sipp(script, calls.folder / f"presses-{transport}") as phone,
        kamailio(calls.folder / f"presses-{transport}-proxy", f"127.0.0.1:{phone.port}") as port,
    ):
        uri = f"sip:bob@127.0.0.1:{port};transport={transport}"
        told = await calls.reach(phone, uri, f"presses-{transport}", document=KEYS)
    assert told.statuses == WHOLE
    assert [one.form["Digits"] for one in calls.application.to("/gathered")[before:]] == ["5"]


@pytest.mark.parametrize(
    ("password", "status", "code"), [("open sesame", "completed", "200"), ("guess", "failed", "407")]
)
async def test_a_dialled_phone_behind_a_proxy_that_asks(calls: Calls, password: str, status: str, code: str) -> None:
    """<Sip username password> answers its 407; what does not fit is a failed leg, and the caller's document goes on."""
    name = f"dials-{code}"
    application = calls.application
    before = len(application.to("/dialed"))
    application.pages["/dialed"] = "<Response><Hangup/></Response>"
    talks = callee("talks").pick_up().pause(200).request("BYE").expect_answer(200)
    async with (
        sipp(talks, calls.folder / f"{name}-phone") as phone,
        kamailio(calls.folder / name, f"127.0.0.1:{phone.port}", does=("AUTHENTICATE",)) as port,
    ):
        noun = f"<Sip username='us' password='{password}'>sip:bob@127.0.0.1:{port}</Sip>"
        document = f"<Response><Dial action='/dialed'>{noun}</Dial></Response>"
        told = await calls.receive(caller("dials").answered().be_hung_up(), name, document)
        if code == "200":
            await phone.finish()
    asked = application.to("/dialed")[before:]
    assert [(one.form["DialCallStatus"], one.form["DialSipResponseCode"]) for one in asked] == [(status, code)]
    assert told.statuses[-1] == "completed"
    assert ("INVITE" in phone.log()) == (code == "200")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_the_proxy_of_a_trunk(calls: Calls, tmp_path: Path, transport: str) -> None:
    """A number's call goes there first, not to the edge's proxy; the URI stays the trunk's."""
    async with (
        sipp(callee("talks").pick_up().be_hung_up(), tmp_path / "phone") as phone,
        kamailio(tmp_path / "proxy", f"127.0.0.1:{phone.port}") as port,
    ):
        environment = {
            "OFFHOOK_EDGE__0__PROXY": "unused.invalid",
            "OFFHOOK_TRUNK__0__HOST": "carrier.invalid",
            "OFFHOOK_TRUNK__0__PROXY": f"127.0.0.1:{port};transport={transport}",
        }
        async with offhook(tmp_path / "offhook", calls.application.url, environment=environment) as platform:
            own = Calls(platform, calls.application, tmp_path)
            told = await own.reach(phone, "+15550123", f"trunk-{transport}")
    assert told.statuses == WHOLE
    invite = phone.first("INVITE")
    assert invite.start_line.split()[1].startswith("sip:+15550123@carrier.invalid")
    assert invite.values("Via")[1].startswith(f"SIP/2.0/{transport.upper()} ")
