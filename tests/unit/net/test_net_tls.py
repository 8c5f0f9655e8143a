"""Calls over TLS between two services on the loopback, and whose certificate is believed."""

import asyncio
import re
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.unit.net.authority import Authority, Issued
from tests.unit.net.sip_phones import ANSWER, MakePhone, order
from tests.unit.net.stream_desk import OpenEdge, ended, shut, tls_of

from offhook.calls.events import (
    AckReceived,
    ByeAnswered,
    ByeReceived,
    InviteAnswered,
    InviteReceived,
    ProvisionalReceived,
)
from offhook.net.certificates import write_self_signed
from offhook.net.clock import SystemClock
from offhook.net.edge import SecureSide, SipEdge
from offhook.net.stream import StreamEdge
from offhook.net.tls import Tls, TlsSettings, Verification
from offhook.sip.hop import Hop, Transport

pytestmark = pytest.mark.asyncio

TWILIO_CIPHERS = (
    "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA384",
    "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256", "AES256-SHA256", "AES128-SHA", "AES256-SHA",
)  # fmt: skip


def tls_edge(issued: Issued, host: str = "127.0.0.1", **settings: object) -> SipEdge:
    """An edge with TLS on free ports."""
    secure = SecureSide(host=host, port=0, tls=tls_of(issued, **settings))
    return SipEdge(name="ashburn", host=host, port=0, secure=secure)


def to(edge: StreamEdge, domain: str = "") -> Hop:
    """The way to an edge, for the sake of a domain."""
    return Hop(Transport.TLS, edge.host, edge.port, None, domain)


async def test_a_call_over_tls_from_invite_to_bye(make_phone: MakePhone, authority: Authority) -> None:
    """Via and Contact name the TLS port of each side, and the BYE of the callee goes to the caller's Contact."""
    issued = authority.issue("dns:phones.test")
    ann, bob = await make_phone(tls_edge(issued)), await make_phone(tls_edge(issued))
    placed = ann.service.invite(order(bob.uri("tls")))
    arrived = await bob.next(InviteReceived)
    assert (arrived.call_id, arrived.transport) == (placed.call_id, "tls")
    bob.service.ring(arrived.session)
    await ann.next(ProvisionalReceived)
    bob.service.accept(arrived.session, ANSWER)
    assert (await ann.next(InviteAnswered)).answer == ANSWER
    await bob.next(AckReceived)
    bob.service.bye(arrived.session)
    await ann.next(ByeReceived)
    assert (await bob.next(ByeAnswered)).code == 200
    ours, theirs = ann.service.secure_port("ashburn"), bob.service.secure_port("ashburn")
    invite, ok = ann.timeline.texts("sent")[0], ann.timeline.texts("received")[2]
    assert re.search(rf"Via: SIP/2\.0/TLS 127\.0\.0\.1:{ours};", invite)
    assert f"Contact: <sip:127.0.0.1:{ours};transport=tls>" in invite
    assert f"Contact: <sip:127.0.0.1:{theirs};transport=tls>" in ok


VERIFICATIONS = [
    # the certificate is for, the URI asks for; how far is it believed
    ("dns:example.com", "example.com", "none chain name rfc5922"),
    ("uri:sip:example.com", "example.com", "none chain name rfc5922"),
    ("dns:*.example.com", "sip.example.com", "none chain name"),
    ("dns:other.example", "example.com", "none chain"),
    ("ip:127.0.0.1", "", "none chain name rfc5922"),
    ("dns:example.com", "", "none chain"),
    ("from a stranger", "example.com", "none"),
    ("out of date", "example.com", "none"),
]


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"), "Stranger")


@pytest.mark.parametrize("verify", list(Verification))
@pytest.mark.parametrize(("holder", "domain", "believed"), VERIFICATIONS)
async def test_whose_certificate_is_believed(  # noqa: PLR0913 - a table's columns
    open_edge: OpenEdge,
    authority: Authority,
    stranger: Authority,
    verify: Verification,
    holder: str,
    domain: str,
    believed: str,
) -> None:
    """Each strictness has its table; what is not believed gets no byte of SIP, and the broken rule is logged."""
    if holder == "from a stranger":
        issued = stranger.issue("dns:example.com")
    elif holder == "out of date":
        issued = authority.issue("dns:example.com", days=30)
    else:
        issued = authority.issue(holder)
    server, inbox = await open_edge(tls=tls_of(issued))
    client, home = await open_edge(tls=tls_of(issued, verify=verify, trust=authority.trust))
    with capture_logs() as logs:
        client.send(b"hello", to(server, domain), "call")
        if verify.value in believed.split():
            assert (await inbox.received.get())[1] == b"hello"
            return
        assert (await home.failed.get())[2] == "call"
    reason = next(line["reason"] for line in logs if line["event"] == "connection_not_made")
    assert home.reasons == [reason]
    assert reason.endswith("(name)") if domain != "example.com" or "other" in holder else "(chain)" in reason
    assert inbox.received.empty()
    assert not client.connections


async def test_a_trunk_may_be_checked_otherwise(open_edge: OpenEdge, authority: Authority) -> None:
    """An exception for a domain holds for it alone, whatever its letters."""
    server, inbox = await open_edge(tls=tls_of(authority.issue("dns:other.example")))
    tls = tls_of(
        authority.issue("dns:us.example"), trust=authority.trust, exceptions={"example.com": Verification.RFC5922}
    )
    client, home = await open_edge(tls=tls)
    client.send(b"hello", to(server, "Example.com"), "one")
    assert (await home.failed.get())[2] == "one"
    client.send(b"hello", to(server, "other.example"), "two")
    assert (await inbox.received.get())[1] == b"hello"


async def test_a_connection_is_for_one_domain(open_edge: OpenEdge, authority: Authority) -> None:
    """A second domain at the same address gets a connection of its own, and its own check; an address takes any."""
    issued = authority.issue("dns:one.example", "dns:two.example")
    server, inbox = await open_edge(tls=tls_of(issued))
    client, home = await open_edge(tls=tls_of(issued, verify=Verification.RFC5922, trust=authority.trust))
    numbers = {}
    for domain in ("one.example", "two.example", "ONE.example", ""):
        client.send(b"hello", to(server, domain), "call")
        numbers[domain] = (await inbox.received.get())[0]
    assert numbers["one.example"] == numbers["ONE.example"] == numbers[""] != numbers["two.example"]
    client.send(b"hello", to(server, "three.example"), "refused")
    assert (await home.failed.get())[2] == "refused"
    assert inbox.received.empty()
    assert len(client.connections) == 2


async def test_a_connection_that_came_in_is_for_no_domain(open_edge: OpenEdge, authority: Authority) -> None:
    """RFC 5923 would ask for proof: a request for a domain does not leave on a connection that its peer opened."""
    issued = authority.issue("dns:one.example")
    one, _ = await open_edge(tls=tls_of(issued))
    other, inbox = await open_edge(tls=tls_of(issued))
    one.send(b"hello", to(other, "one.example"), "call")
    number, _, host, port = await inbox.received.get()
    other.send(b"answer", Hop(Transport.TLS, host, port, number, ""), "call")
    other.send(b"request", Hop(Transport.TLS, host, port, None, "one.example"), "call")
    assert (await inbox.failed.get()) == (host, port, "call")


async def test_the_name_of_the_uri_is_shown(authority: Authority, open_edge: OpenEdge) -> None:
    """SNI is the domain, never an address (RFC 6066 §3); a name that cannot be shown fails, and that is all."""
    names: asyncio.Queue[str | None] = asyncio.Queue()
    issued = authority.issue("dns:one.example")
    tls = tls_of(issued)
    tls.accept_context.sni_callback = lambda _, name, __: names.put_nowait(name)
    server, inbox = await open_edge(tls=tls)
    client, home = await open_edge(tls=tls_of(issued))
    for domain in ("", "one.example"):
        client.send(b"hello", to(server, domain), "call")
        await inbox.received.get()
    assert [names.get_nowait(), names.get_nowait()] == [None, "one.example"]
    for domain in (".example", "a" * 300, "\udcff.example", "a\x00b"):
        client.send(b"hello", to(server, domain), domain)
        assert (await home.failed.get())[2] == domain


async def test_mutual_tls(open_edge: OpenEdge, authority: Authority, stranger: Authority) -> None:
    """Our certificate is shown to a peer that asks; who shows none that is trusted is not let in."""
    issued = authority.issue("dns:one.example")
    server, inbox = await open_edge(
        tls=tls_of(issued, require_client_certificate=True, trust=authority.trust), first_message=5.0
    )
    friend, _ = await open_edge(tls=tls_of(issued))
    friend.send(b"hello", to(server), "call")
    assert (await inbox.received.get())[1] == b"hello"
    foe, _ = await open_edge("127.0.0.2", tls=tls_of(stranger.issue("dns:one.example")))
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    nobody.check_hostname, nobody.verify_mode = False, ssl.CERT_NONE
    with capture_logs() as logs:
        foe.send(b"hello", to(server), "call")
        with suppress(OSError):
            local = ("127.0.0.3", 0)
            reader, writer = await asyncio.open_connection(server.host, server.port, ssl=nobody, local_addr=local)
            assert await ended(reader)
            await shut(writer)
        while len([line for line in logs if line["event"] == "handshake_failed"]) < 2:
            await asyncio.to_thread(lambda: None)
    assert inbox.received.empty()
    reasons = {line["source"]: line["reason"] for line in logs if line["event"] == "handshake_failed"}
    assert "chain" in reasons["127.0.0.2"]
    assert "peer did not return a certificate" in reasons["127.0.0.3"]


async def test_twilios_ciphers_are_taken(open_edge: OpenEdge, tmp_path: Path) -> None:
    """Each cipher of the contract's list (§2.5) with TLS 1.2, by an RSA certificate of our own making."""
    write_self_signed(tmp_path / "c.pem", tmp_path / "k.pem", "sip.example", ["127.0.0.1"], SystemClock().now())
    tls = Tls(TlsSettings(certificate=tmp_path / "c.pem", key=tmp_path / "k.pem"))
    server, inbox = await open_edge(tls=tls)
    for cipher in TWILIO_CIPHERS:
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        client.maximum_version = ssl.TLSVersion.TLSv1_2
        client.set_ciphers(cipher)
        _, writer = await asyncio.open_connection(server.host, server.port, ssl=client)
        assert writer.get_extra_info("cipher")[0] == cipher
        writer.write(b"hello")
        assert (await inbox.received.get())[1] == b"hello"
        await shut(writer)
