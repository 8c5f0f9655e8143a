"""Whole calls over IPv6, and edges of the one family asked to reach the other."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.unit.net.authority import Authority
from tests.unit.net.sip_phones import ANSWER, MakePhone, order
from tests.unit.net.stream_desk import tls_of

from offhook.calls.events import (
    AckReceived,
    ByeAnswered,
    ByeReceived,
    InviteAnswered,
    InviteReceived,
    InviteRefused,
    RefusalCause,
)
from offhook.net.dns import Resolver
from offhook.net.edge import SecureSide, SipEdge
from offhook.net.hosts import HostsFile

pytestmark = pytest.mark.asyncio


def edge(authority: Authority, host: str) -> SipEdge:
    """An edge at this address, with TLS."""
    secure = SecureSide(host=host, port=0, tls=tls_of(authority.issue("ip:::1")))
    return SipEdge(name="ashburn", host=host, port=0, secure=secure)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_call_over_ipv6(make_phone: MakePhone, authority: Authority, transport: str) -> None:
    """From INVITE to BYE, with brackets in Via and Contact (RFC 5118 §4.1), and both sides hanging up once."""
    ann, bob = await make_phone(edge(authority, "::1")), await make_phone(edge(authority, "::1"))
    for caller_ends in (True, False):
        placed = ann.service.invite(order(bob.uri(transport, "[::1]")))
        arrived = await bob.next(InviteReceived)
        assert (arrived.transport, arrived.source_host) == (transport, "::1")
        bob.service.accept(arrived.session, ANSWER)
        await ann.next(InviteAnswered)
        await bob.next(AckReceived)
        if caller_ends:
            ann.service.bye(placed.session)
        else:
            bob.service.bye(arrived.session)
        ending, ended = (ann, bob) if caller_ends else (bob, ann)
        await ended.next(ByeReceived)
        assert (await ending.next(ByeAnswered)).code == 200
    port = ann.service.secure_port("ashburn") if transport == "tls" else ann.service.port("ashburn")
    invite = ann.timeline.texts("sent")[0]
    assert f"Via: SIP/2.0/{transport.upper()} [::1]:{port};branch=" in invite
    assert f"<sip:[::1]:{port}" in invite


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
@pytest.mark.parametrize(("own", "other"), [("127.0.0.1", "[::1]"), ("::1", "127.0.0.1")])
async def test_an_edge_reaches_its_own_family_only(
    make_phone: MakePhone, authority: Authority, own: str, other: str, transport: str
) -> None:
    """The call fails at once, and the log says why."""
    ann = await make_phone(edge(authority, own))
    with capture_logs() as logs:
        ann.service.invite(order(f"sip:bob@{other}:5060;transport={transport}"))
        assert (await ann.next(InviteRefused)).cause is RefusalCause.TRANSPORT
    reason = next(line["reason"] for line in logs if line["event"] == "no_way")
    assert reason.startswith("edge ashburn speaks IPv")


async def test_both_families_may_have_the_same_port(make_phone: MakePhone) -> None:
    """[::] takes only IPv6: an edge of the other family stands beside it."""
    first = await make_phone(SipEdge(name="ashburn", host="::", port=0))
    port = first.service.port("ashburn")
    second = await make_phone(SipEdge(name="ashburn", host="127.0.0.1", port=port))
    assert second.service.port("ashburn") == port


async def test_an_edge_without_tls_says_so(make_phone: MakePhone) -> None:
    """A call with transport=tls from it fails at once, to an address and to a name."""
    ann = await make_phone()
    for host, event, told in (
        ("127.0.0.1", "sip_note", "127.0.0.1: this edge has no TLS"),
        ("phones.localhost", "no_way", "edge ashburn has no TLS: it needs `sips`"),
    ):
        with capture_logs() as logs:
            ann.service.invite(order(f"sip:bob@{host}:5061;transport=tls"))
            assert (await ann.next(InviteRefused)).cause in {RefusalCause.TRANSPORT, RefusalCause.UNRESOLVED}
        assert told in [line.get("text", line.get("reason")) for line in logs if line["event"] == event]


async def test_a_name_is_called_by_the_family_of_the_edge(make_phone: MakePhone, tmp_path: Path) -> None:
    """Of a name's addresses those are tried that the edge can reach; the others are no failed attempts."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 phones.test\n::1 phones.test\n", encoding="utf-8")
    for host in ("127.0.0.1", "::1"):
        bob = await make_phone(SipEdge(name="ashburn", host=host, port=0))
        ann = await make_phone(SipEdge(name="ashburn", host=host, port=0), resolver=Resolver(hosts=HostsFile(hosts)))
        ann.service.invite(order(bob.uri("udp", "phones.test")))
        assert (await bob.next(InviteReceived)).source_host == host
        assert ann.events.empty()
