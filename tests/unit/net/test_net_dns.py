"""The resolver, against a name server of the test's own on the loopback."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from offhook.net.dns import DnsLimits, Question, Resolver
from offhook.net.hosts import HostsFile, read_hosts
from offhook.net.records import Records
from offhook.sip.hop import Transport

pytestmark = pytest.mark.asyncio

ZONE = {
    ("pbx.example.", "A"): "192.0.2.1 192.0.2.2",
    ("pbx.example.", "AAAA"): "2001:db8::1",
    ("_sip._udp.carrier.example.", "SRV"): "10 0 5070 late.carrier.example.|5 0 5080 early.carrier.example.",
    ("_sip._tcp.carrier.example.", "SRV"): "0 0 5090 early.carrier.example.",
    ("_sips._tcp.carrier.example.", "SRV"): "0 0 5091 early.carrier.example.",
    ("early.carrier.example.", "A"): "192.0.2.10",
    ("late.carrier.example.", "A"): "192.0.2.20",
    ("carrier.example.", "A"): "192.0.2.30",
    ("_sip._udp.closed.example.", "SRV"): "0 0 0 .",
    ("closed.example.", "A"): "192.0.2.40",
    ("many.example.", "A"): " ".join(f"198.51.100.{number}" for number in range(1, 100)),
}


EVERY = (Transport.UDP, Transport.TCP, Transport.TLS)


def question(host: str, port: int | None, transport: str | None) -> Question:
    """What an edge with every transport asks."""
    named = None if transport is None else Transport(transport.upper())
    return Question(host=host.lower(), port=port, transport=named, transports=EVERY)


async def find(resolver: Resolver, host: str, port: int | None, transport: str) -> tuple[tuple[str, int], ...]:
    """The places of a host whose transport is known."""
    return tuple((place.host, place.port) for place in await resolver.find(question(host, port, transport)))


def known(resolver: Resolver, host: str, port: int | None, transport: str) -> tuple[tuple[str, int], ...] | None:
    """Likewise, without asking."""
    places = resolver.known(question(host, port, transport))
    return None if places is None else tuple((place.host, place.port) for place in places)


class NameServer(asyncio.DatagramProtocol):
    """Answers from ZONE, counts the questions, and keeps silent about names that begin with "silent"."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.refuses_srv = False
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        """Keep the way to answer."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Answer one question."""
        query = dns.message.from_wire(data)
        question = query.question[0]
        key = (question.name.to_text(), dns.rdatatype.to_text(question.rdtype))
        self.asked[key] += 1
        if "silent" in key[0]:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        records = ZONE.get(key, "")
        values = records.split("|") if key[1] == "SRV" else records.split()
        if self.refuses_srv and key[1] == "SRV":
            response.set_rcode(dns.rcode.REFUSED)
        elif records:
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", key[1], *values))
        elif not any(name == key[0] for name, _ in ZONE):
            response.set_rcode(dns.rcode.NXDOMAIN)
        assert self._transport is not None
        self._transport.sendto(response.to_wire(), addr)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[NameServer]:
    """A name server on a free port of 127.0.0.1."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    yield protocol
    transport.close()


@pytest.fixture
def resolver(server: NameServer, tmp_path: Path) -> Resolver:
    """A resolver that asks the test's name server and has a hosts file of its own."""
    assert server._transport is not None
    asker = dns.asyncresolver.Resolver(configure=False)
    asker.nameservers = ["127.0.0.1"]
    asker.port = server._transport.get_extra_info("sockname")[1]
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.99 Phone.lab phone # the desk\n::1 six\nnonsense line\n\n127.0.0.5 six\n")
    return Resolver(records=Records(asker), hosts=HostsFile(hosts), limits=DnsLimits(patience=0.4))


async def test_literals_need_no_question(resolver: Resolver, server: NameServer) -> None:
    """An address stands for itself, with the transport's default port when it has none."""
    assert known(resolver, "192.0.2.7", None, "udp") == (("192.0.2.7", 5060),)
    assert known(resolver, "192.0.2.7", None, "tls") == (("192.0.2.7", 5061),)
    assert await find(resolver, "2001:db8::7", 5070, "tcp") == (("2001:db8::7", 5070),)
    assert not server.asked


async def test_a_port_means_address_records_only(resolver: Resolver, server: NameServer) -> None:
    """RFC 3263 §4.2: with a port no SRV is asked; IPv4 comes before IPv6."""
    places = await find(resolver, "pbx.example", 5062, "udp")
    assert set(places[:2]) == {("192.0.2.1", 5062), ("192.0.2.2", 5062)}
    assert places[2:] == (("2001:db8::1", 5062),)
    assert not [kind for _, kind in server.asked if kind == "SRV"]


@pytest.mark.parametrize(
    ("transport", "places"),
    [
        ("udp", (("192.0.2.10", 5080), ("192.0.2.20", 5070))),
        ("tcp", (("192.0.2.10", 5090),)),
        ("tls", (("192.0.2.10", 5091),)),
    ],
)
async def test_services_come_in_order_of_priority(
    resolver: Resolver, transport: str, places: tuple[tuple[str, int], ...]
) -> None:
    """RFC 2782: without a port the SRV records of the transport decide, lowest priority first."""
    assert await find(resolver, "carrier.example", None, transport) == places


async def test_without_services_the_address_counts(resolver: Resolver) -> None:
    """RFC 3263 §4.2: no SRV record, so A and AAAA with the default port."""
    places = await find(resolver, "pbx.example", None, "udp")
    assert ("192.0.2.1", 5060) in places


async def test_refused_service_questions_fall_back_to_the_address(resolver: Resolver, server: NameServer) -> None:
    """A name server that refuses SRV does not make the host unreachable."""
    server.refuses_srv = True
    assert await find(resolver, "carrier.example", None, "udp") == (("192.0.2.30", 5060),)


async def test_a_service_that_is_not_offered_has_no_place(resolver: Resolver) -> None:
    """RFC 2782: a single target of "." means that there is no service, whatever the A record says."""
    assert await find(resolver, "closed.example", None, "udp") == ()


async def test_unknown_and_impossible_names_have_no_place(resolver: Resolver) -> None:
    """Names that do not exist, or cannot, give an empty answer and no exception."""
    for name in ("nowhere.example", "a..b", "x" * 64 + ".example", "." * 300, "\udc80.example"):
        assert await find(resolver, name, None, "udp") == (), name


async def test_a_silent_name_server_costs_no_more_than_the_patience(resolver: Resolver) -> None:
    """No answer in time is an empty answer, logged with its reason."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    with capture_logs() as logs:
        assert await find(resolver, "silent.example", 5060, "udp") == ()
    assert loop.time() - begun < 1
    assert [entry["event"] for entry in logs] == ["name_not_resolved"]


async def test_answers_are_kept_for_their_time(resolver: Resolver, server: NameServer) -> None:
    """A second look-up in another spelling is answered without a question, failures too."""
    await find(resolver, "pbx.example", 5060, "udp")
    await find(resolver, "nowhere.example", 5060, "udp")
    before = server.asked.total()
    assert known(resolver, "PBX.example", 5060, "udp")
    assert known(resolver, "nowhere.example", 5060, "udp") == ()
    await find(resolver, "pbx.example", 5060, "udp")
    assert server.asked.total() == before


async def test_the_cache_forgets_the_oldest_first(resolver: Resolver) -> None:
    """The number of kept answers has a bound."""
    small = Resolver(records=resolver._records, hosts=resolver._hosts, limits=DnsLimits(cached=2))
    for name in ("phone", "six", "localhost"):
        await find(small, name, 5060, "udp")
    assert known(small, "phone", 5060, "udp") is None
    assert known(small, "six", 5060, "udp")
    assert known(small, "localhost", 5060, "udp")


async def test_one_name_gives_a_bounded_number_of_places(resolver: Resolver) -> None:
    """A hundred addresses behind one name are not all tried."""
    assert len(await find(resolver, "many.example", 5060, "udp")) == DnsLimits().places


async def test_the_hosts_file_comes_before_the_name_server(resolver: Resolver, server: NameServer) -> None:
    """Names of the hosts file, localhost and names below it are answered without a question."""
    assert await find(resolver, "phone.lab", None, "udp") == (("192.0.2.99", 5060),)
    assert await find(resolver, "six", 5070, "udp") == (("127.0.0.5", 5070), ("::1", 5070))
    assert await find(resolver, "localhost", None, "udp") == (("127.0.0.1", 5060),)
    assert await find(resolver, "acme.sip.localhost", None, "tcp") == (("127.0.0.1", 5060),)
    assert not server.asked


async def test_a_missing_hosts_file_is_an_empty_one(tmp_path: Path) -> None:
    """No hosts file: no names, no error."""
    assert read_hosts(tmp_path / "none") == {}
