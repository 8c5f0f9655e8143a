"""Where calls go by the word of a real name server: RFC 3263 through dnsmasq, with SIPp at the ends of it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest
import pytest_asyncio
from dns_server import ZONE, address, dns_server, naptr, srv
from free_ports import free_port
from offhook_process import NUMBER, Offhook, offhook
from sipp_runner import sipp
from sipp_script import callee
from web_application import Asked, WebApplication, web_application

pytestmark = pytest.mark.asyncio(loop_scope="module")
LOCAL = address("host", "127.0.0.1")
ANSWERS = callee("answers").pick_up().be_hung_up()
REFUSES = callee("refuses").expect("INVITE").answer(503, "Busy Elsewhere").expect("ACK").pause(100)
PATIENCE = 1.0  # seconds of [dns] timeout
KEPT = 1.2  # seconds after which an answer with no life of its own is asked for again; ours is kept for one


@dataclass(frozen=True, slots=True)
class Town:
    """offhook, its application, and the port where it asks for names."""

    platform: Offhook
    application: WebApplication
    folder: Path
    dns_port: int

    async def call(self, name: str, *, ending: str = "", port: int | None = None) -> dict[str, Any]:
        """Call somebody at a name of the zone by REST; the record at the end."""
        self.application.pages["/up"] = "<Response><Pause length='1'/></Response>"
        host = f"{name}.{ZONE}" + ("" if port is None else f":{port}")
        call = await self.platform.call(f"sip:bob@{host}{ending}", Url=f"{self.application.url}/up")
        return await self.platform.ended(call["sid"])

    async def dial(self, name: str) -> Asked:
        """Let a caller of the number be connected to somebody at a name of the zone; what the action was told."""
        told = f"/dialed-{name}"
        self.application.pages[told] = "<Response><Hangup/></Response>"
        self.application.pages["/number"] = (
            f"<Response><Dial action='{told}'><Sip>sip:bob@{name}.{ZONE}</Sip></Dial></Response>"
        )
        keys = {"callee": NUMBER, "caller": "+15550199", "domain": self.platform.target}
        async with sipp(
            "call_and_wait", self.folder / f"caller-{name}", target=self.platform.target, keys=keys
        ) as caller:
            asked = await self.application.request(told)
            await caller.finish()
        return asked

    async def warnings(self, sid: str) -> list[str]:
        """The codes of what a call's notifications tell."""
        return [one["error_code"] for one in await self.platform.notifications(sid)]

    async def failures(self, sid: str) -> list[str]:
        """The targets of a call that failed, as its notifications name them."""
        notices = await self.platform.notifications(sid)
        return [one["message_text"] for one in reversed(notices) if one["error_code"] == "32011"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """One offhook for all of these; each test has a zone with names of its own."""
    folder: Path = tmp_path_factory.mktemp("dns")
    dns_port = free_port()
    environment = {"OFFHOOK_DNS__SERVERS": f'["127.0.0.1:{dns_port}"]', "OFFHOOK_DNS__TIMEOUT": str(PATIENCE)}
    async with (
        web_application() as application,
        offhook(folder / "offhook", application.url, environment=environment) as platform,
    ):
        yield Town(platform, application, folder, dns_port)


async def test_naptr_chooses_the_transport(town: Town) -> None:
    """§4.1: the lowest order wins, whatever the caller would have liked."""
    async with sipp(ANSWERS, town.folder / "naptr", transport="tcp") as phone:
        records = (
            naptr("naptr", "SIP+D2U", 20),
            naptr("naptr", "SIP+D2T", 10),
            srv("naptr", phone.port, service="_sip._tcp"),
            srv("naptr", free_port(), service="_sip._udp"),
            LOCAL,
        )
        async with dns_server(town.folder / "naptr-dns", town.dns_port, *records) as server:
            record = await town.call("naptr")
            await phone.finish()
        assert ("NAPTR", f"naptr.{ZONE}") in server.asked()
    assert record["status"] == "completed"
    assert phone.first("INVITE").values("Via")[0].startswith("SIP/2.0/TCP")
    assert await town.failures(record["sid"]) == []


async def test_each_target_that_fails_is_told_and_the_next_is_tried(town: Town) -> None:
    """§4.3: a port where nobody is, one that says 503, one that answers."""
    dead = free_port()
    async with (
        sipp(REFUSES, town.folder / "list-busy") as busy,
        sipp(ANSWERS, town.folder / "list-free") as free,
    ):
        ports = (dead, busy.port, free.port)
        records = [srv("list", port, priority=rank * 10) for rank, port in enumerate(ports, 1)]
        async with dns_server(town.folder / "list-dns", town.dns_port, *records, LOCAL):
            record = await town.call("list")
            await busy.finish()
            await free.finish()
    assert record["status"] == "completed"
    first, second = await town.failures(record["sid"])
    assert first.startswith(f"sip:bob@list.{ZONE} at udp 127.0.0.1:{dead}: transport: the network says")
    assert second == f"sip:bob@list.{ZONE} at udp 127.0.0.1:{busy.port}: 503 Busy Elsewhere"
    attempts = [
        entry["detail"]["place"]
        for entry in await town.platform.timeline(record["sid"])
        if entry["detail"].get("event") == "attempt_failed"
    ]
    assert attempts == [f"udp 127.0.0.1:{dead}", f"udp 127.0.0.1:{busy.port}"]
    assert len({phone.first("INVITE").values("Call-ID")[0] for phone in (busy, free)}) == 1


async def test_a_dialed_name_is_tried_to_its_last_target(town: Town) -> None:
    """NAPTR leads to TCP, whose first target says 503; the application hears of the one that answered."""
    answers = callee("hangs-up").pick_up().hang_up()
    async with (
        sipp(REFUSES, town.folder / "dialed-busy", transport="tcp") as busy,
        sipp(answers, town.folder / "dialed-free", transport="tcp") as free,
    ):
        targets = ((busy.port, 10), (free.port, 20))
        records = [srv("dialed", port, priority=rank, service="_sip._tcp") for port, rank in targets]
        choice = (naptr("dialed", "SIP+D2U", 20), naptr("dialed", "SIP+D2T", 10))
        async with dns_server(town.folder / "dialed-dns", town.dns_port, *choice, *records, LOCAL):
            asked = await town.dial("dialed")
            await busy.finish()
            await free.finish()
    assert (asked.form["DialCallStatus"], asked.form["DialSipResponseCode"]) == ("completed", "200")
    failures = await town.failures(asked.form["DialCallSid"])
    assert failures == [f"sip:bob@dialed.{ZONE} at tcp 127.0.0.1:{busy.port}: 503 Busy Elsewhere"]
    assert await town.failures(asked.form["CallSid"]) == []


async def test_a_dialed_name_that_is_not_there(town: Town) -> None:
    """The application is told at once that the dial failed, with 503 as RFC 3261 §8.1.3.1 has it, and the child why."""
    loop = asyncio.get_running_loop()
    async with dns_server(town.folder / "absent-dns", town.dns_port):
        began = loop.time()
        asked = await town.dial("absent")
    assert loop.time() - began < PATIENCE * 5  # the caller's own way in and out included
    assert (asked.form["DialCallStatus"], asked.form["DialSipResponseCode"]) == ("failed", "503")
    assert await town.warnings(asked.form["DialCallSid"]) == ["13254"]


async def test_each_address_of_a_name_is_tried(town: Town) -> None:
    """Two A records and no SRV: both are called, in whichever order the server names them, at port 5060."""
    hosts = ("127.0.0.77", "127.0.0.78")  # nobody is there
    records = [address("pair", host) for host in hosts]
    async with dns_server(town.folder / "pair-dns", town.dns_port, *records) as server:
        record = await town.call("pair")
        asked = {kind for kind, _ in server.asked()}
    assert record["status"] == "failed"
    assert {"NAPTR", "SRV", "A"} <= asked
    places = sorted(said.split(" at ")[1].split(": ")[0] for said in await town.failures(record["sid"]))
    assert places == [f"udp {host}:5060" for host in hosts]


async def test_who_failed_is_avoided_for_a_while(town: Town) -> None:
    """The second call goes straight to the target that was there."""
    with Refuser() as phone:
        records = (srv("avoids", free_port(), priority=10), srv("avoids", phone.port, priority=20), LOCAL)
        async with dns_server(town.folder / "avoids-dns", town.dns_port, *records):
            calls = [await town.call("avoids") for _ in range(2)]
    assert [call["status"] for call in calls] == ["busy", "busy"]
    assert [len(await town.failures(call["sid"])) for call in calls] == [1, 0]


async def test_weights_share_calls_out(town: Town) -> None:
    """RFC 2782: nine in ten to one target, one in ten to the other; which is a matter of lots."""
    with Refuser() as heavy, Refuser() as light:
        records = (srv("weights", heavy.port, weight=90), srv("weights", light.port, weight=10), LOCAL)
        async with dns_server(town.folder / "weights-dns", town.dns_port, *records):
            statuses = {
                one["status"]
                for _ in range(5)
                for one in await asyncio.gather(*(town.call("weights") for _ in range(45)))
            }
    assert statuses == {"busy"}
    assert len(heavy.calls) + len(light.calls) == 225
    # 22 on the average; none comes up once in 10**10 runs, 60 or more in some 10**12.
    assert 0 < len(light.calls) < 60


@pytest.mark.parametrize(
    ("what", "port", "ending", "kinds"),
    [
        ("port", True, "", {"A", "AAAA"}),  # a port leaves nothing for SRV to say
        ("transport", False, ";transport=tcp", {"SRV", "A", "AAAA"}),  # a transport nothing for NAPTR
    ],
)
async def test_what_the_uri_says_is_not_asked(
    town: Town,
    what: str,
    port: bool,  # noqa: FBT001
    ending: str,
    kinds: set[str],
) -> None:
    """§4.1, §4.2."""
    transport = "tcp" if ending else "udp"
    async with sipp(ANSWERS, town.folder / what, transport=transport) as phone:
        records = (srv(what, phone.port, service="_sip._tcp"), address(what, "127.0.0.1"), LOCAL)
        async with dns_server(town.folder / f"{what}-dns", town.dns_port, *records) as server:
            record = await town.call(what, ending=ending, port=phone.port if port else None)
            await phone.finish()
            assert record["status"] == "completed"
            assert {kind for kind, _ in server.asked()} <= kinds
            assert server.asked()


async def test_an_address_is_not_asked_for(town: Town) -> None:
    """An IP literal needs no name server, and gets none."""
    async with (
        sipp(ANSWERS, town.folder / "literal") as phone,
        dns_server(town.folder / "literal-dns", town.dns_port) as server,
    ):
        call = await town.platform.call(phone.uri, Twiml="<Response><Hangup/></Response>")
        await phone.finish()
        assert (await town.platform.ended(call["sid"]))["status"] == "completed"
        assert server.asked() == []


async def test_the_other_family_of_addresses_is_no_obstacle(town: Town) -> None:
    """This edge speaks IPv4: of a name with both it takes what it can."""
    async with (
        sipp(ANSWERS, town.folder / "both") as phone,
        dns_server(town.folder / "both-dns", town.dns_port, address("both", "127.0.0.1", "::1")),
    ):
        record = await town.call("both", port=phone.port)
        await phone.finish()
    assert record["status"] == "completed"


async def test_an_edge_of_ipv6_takes_the_aaaa_record(town: Town) -> None:
    """Of the same two addresses an edge on ::1 takes the other one."""
    edge = f'{{name = "ashburn", sip = "[::1]:{free_port()}", media = "::1", media_ports = "21000-21099"}}'
    environment = {
        "OFFHOOK_DNS__SERVERS": f'["127.0.0.1:{town.dns_port}"]',
        "OFFHOOK_EDGE": f"[{edge}]",
    }
    with Refuser("::1") as phone:
        async with (
            dns_server(town.folder / "six-dns", town.dns_port, address("six", "127.0.0.1", "::1")),
            offhook(town.folder / "six", town.application.url, environment=environment) as platform,
        ):
            other = Town(platform, town.application, town.folder, town.dns_port)
            record = await other.call("six", port=phone.port)
            failures = await other.failures(record["sid"])
    assert (record["status"], failures) == ("busy", [])
    assert len(phone.calls) == 1


async def test_a_name_that_is_not_there(town: Town) -> None:
    """The call fails at once."""
    loop = asyncio.get_running_loop()
    async with dns_server(town.folder / "nowhere-dns", town.dns_port):
        began = loop.time()
        record = await town.call("nowhere")
    assert record["status"] == "failed"
    assert loop.time() - began < PATIENCE
    assert await town.warnings(record["sid"]) == ["13254"]


async def test_no_call_leads_inside_where_none_may(town: Town) -> None:
    """Contract 1 §2.7: neither an address nor a name of one that is not public is called, and both are a 13254."""
    environment = {"OFFHOOK_DNS__SERVERS": f'["127.0.0.1:{town.dns_port}"]', "OFFHOOK_SIP__PRIVATE_TARGETS": "false"}
    with Refuser() as phone:
        async with (
            dns_server(town.folder / "inside-dns", town.dns_port, address("inside", "127.0.0.1")),
            offhook(town.folder / "inside", town.application.url, environment=environment) as platform,
        ):
            other = Town(platform, town.application, town.folder, town.dns_port)
            named = await other.call("inside", port=phone.port)
            call = await platform.call(f"sip:bob@127.0.0.1:{phone.port}", Twiml="<Response><Hangup/></Response>")
            plain = await platform.ended(call["sid"])
            warnings = [await other.warnings(one["sid"]) for one in (named, plain)]
    assert (named["status"], plain["status"]) == ("failed", "failed")
    assert warnings == [["13254"], ["13254"]]
    assert not phone.calls


async def test_a_server_that_is_silent(town: Town) -> None:
    """The call fails when patience ends; a call that needs no name is not kept waiting."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", town.dns_port))
        began = loop.time()
        async with asyncio.TaskGroup() as tasks, sipp(ANSWERS, town.folder / "meanwhile") as phone:
            lost = tasks.create_task(town.call("silent"))
            call = await town.platform.call(phone.uri, Twiml="<Response><Hangup/></Response>")
            await phone.finish()
            assert (await town.platform.ended(call["sid"]))["status"] == "completed"
            assert not lost.done()
    assert lost.result()["status"] == "failed"
    assert PATIENCE <= loop.time() - began < PATIENCE * 2  # one question's time for all questions of a call
    assert await town.warnings(lost.result()["sid"]) == ["13254"]


async def test_an_answer_outlives_its_server(town: Town) -> None:
    """RFC 8767: when nobody can be asked, what was known is better than nothing."""
    with Refuser() as phone:
        async with dns_server(town.folder / "stale-dns", town.dns_port, address("stale", "127.0.0.1")):
            assert (await town.call("stale", port=phone.port))["status"] == "busy"
        await asyncio.sleep(KEPT)
        assert (await town.call("stale", port=phone.port))["status"] == "busy"
    assert len(phone.calls) == 2


class Refuser(asyncio.DatagramProtocol):
    """A target that answers each INVITE with 486 and keeps the Call-IDs."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.calls: set[str] = set()
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(0)
        self.port = int(self.socket.getsockname()[1])

    def __enter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self.socket, self._answer)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self.socket)
        self.socket.close()

    def _answer(self) -> None:
        data, source = self.socket.recvfrom(65535)
        lines = data.decode().split("\r\n")
        if not lines[0].startswith("INVITE "):
            return
        kept = [line for line in lines if line.startswith(("Via:", "From:", "Call-ID:", "CSeq:"))]
        to = next(line for line in lines if line.startswith("To:"))
        self.calls.add(next(line for line in lines if line.startswith("Call-ID:")))
        answer = ["SIP/2.0 486 Busy Here", *kept, f"{to};tag=busy", "Content-Length: 0", "", ""]
        self.socket.sendto("\r\n".join(answer).encode(), source)
