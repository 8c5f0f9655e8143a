"""Finds where a SIP host is (RFC 3263 §4.2): literals, the hosts file, SRV when no port is given, then A and AAAA.

Answers the endpoint's questions; what cannot be found is an empty list, never an exception. NAPTR is not asked: the
transport is the URI's, or UDP.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver
import structlog
from dns.name import Name
from dns.rdtypes.IN.SRV import SRV

from offhook.net.udp import is_address

log = structlog.get_logger(__name__)

Place = tuple[str, int]

HOSTS_FILE = Path("/etc/hosts")
LOOPBACK = ("127.0.0.1",)
NOTHING = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.NoNameservers)


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsLimits:
    """How long answers are waited for and kept; durations in seconds.

    RFC 3261 gives a request 32 s in all, so names get few of them. `places` bounds what one name can make us try.
    """

    patience: float = 4.0
    shortest_life: float = 1.0
    longest_life: float = 300.0
    failure_life: float = 2.0
    hosts_life: float = 5.0
    cached: int = 4096
    places: int = 8


DEFAULT_LIMITS = DnsLimits()


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer in the cache and the loop time at which it is no longer good."""

    places: tuple[Place, ...]
    until: float


class Resolver:
    """Places of SIP hosts, with a bounded cache that honours time to live."""

    def __init__(
        self,
        *,
        limits: DnsLimits = DEFAULT_LIMITS,
        asker: dns.asyncresolver.Resolver | None = None,
        hosts_file: Path = HOSTS_FILE,
    ) -> None:
        self._limits = limits
        self._asker = asker
        self._hosts_file = hosts_file
        self._hosts: Mapping[str, tuple[str, ...]] = {}
        self._hosts_until = 0.0
        self._cache: dict[tuple[str, int | None, str], Kept] = {}

    def known(self, host: str, port: int | None, transport: str) -> tuple[Place, ...] | None:
        """The places of a host when no question is needed: a literal, or an answer that is still good; else None.

        `transport` is udp, tcp or tls; without a port it decides the SRV name and the default port.
        """
        if is_address(host):
            return ((host, default_port(port, transport)),)
        kept = self._cache.get((host.lower(), port, transport))
        if kept is None or kept.until <= asyncio.get_running_loop().time():
            return None
        return kept.places

    async def find(self, host: str, port: int | None, transport: str) -> tuple[Place, ...]:
        """The places of a host in the order to try them; empty when it cannot be found in time."""
        known = self.known(host, port, transport)
        if known is not None:
            return known
        places: tuple[Place, ...] = ()
        life = self._limits.failure_life
        try:
            async with asyncio.timeout(self._limits.patience):
                places, life = await self._ask(host.lower(), port, transport)
        except TimeoutError:
            log.info("name_not_resolved", host=host, reason="no answer in time")
        except (dns.exception.DNSException, OSError, ValueError) as error:
            log.info("name_not_resolved", host=host, reason=str(error))
        self._keep((host.lower(), port, transport), places, life)
        return places

    async def _ask(self, host: str, port: int | None, transport: str) -> tuple[tuple[Place, ...], float]:
        limits = self._limits
        local = await self._local(host)
        if local:
            return _placed(local, default_port(port, transport))[: limits.places], limits.hosts_life
        targets: list[tuple[str, int]] = [(host, default_port(port, transport))]
        life = limits.longest_life
        if port is None:
            services, life = await self._services(host, transport)
            targets = services or targets
        places: list[Place] = []
        for name, number in targets[: limits.places]:
            addresses, seconds = await self._addresses(name)
            life = min(life, seconds)
            places += _placed(addresses, number)
        return tuple(dict.fromkeys(places))[: limits.places], max(limits.shortest_life, life)

    async def _services(self, host: str, transport: str) -> tuple[list[tuple[str, int]], float]:
        """The SRV targets of a host in the order of RFC 2782, and how long they are good."""
        name = f"_sips._tcp.{host}" if transport == "tls" else f"_sip._{transport}.{host}"
        try:
            answer = await self._question(name, dns.rdatatype.SRV, self._limits.patience / 2)
        except (*NOTHING, dns.exception.Timeout):
            # interop: some name servers refuse SRV, or drop it, instead of answering that there is none.
            return [], self._limits.longest_life
        rrset = answer.rrset
        if rrset is None:
            return [], self._limits.longest_life
        records = [record for record in rrset.processing_order() if isinstance(record, SRV)]
        # RFC 2782: a target of "." says that the service is decidedly not available; A records are not asked then.
        return [(_plain(record.target), record.port) for record in records], float(rrset.ttl)

    async def _addresses(self, name: str) -> tuple[list[str], float]:
        """The addresses of a name, IPv4 first, and how long they are good."""
        if is_address(name):
            return [name], self._limits.longest_life
        local = await self._local(name)
        if local or not name:
            return list(local), self._limits.hosts_life
        found: list[str] = []
        life = self._limits.longest_life
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            try:
                answer = await self._question(name, kind, self._limits.patience)
            except NOTHING:
                continue
            if answer.rrset is not None:
                found += [record.to_text() for record in answer.rrset]
                life = min(life, answer.rrset.ttl)
        return found, life if found else self._limits.failure_life

    async def _question(self, name: str, kind: dns.rdatatype.RdataType, patience: float) -> dns.resolver.Answer:
        if self._asker is None:
            # Reads resolv.conf, once, away from the loop.
            self._asker = await asyncio.to_thread(dns.asyncresolver.Resolver)
        return await self._asker.resolve(name, kind, search=True, lifetime=patience)

    async def _local(self, host: str) -> tuple[str, ...]:
        """What the hosts file says, and the loopback address for localhost and names below it (RFC 6761 §6.3)."""
        now = asyncio.get_running_loop().time()
        if now >= self._hosts_until:
            self._hosts = await asyncio.to_thread(read_hosts, self._hosts_file)
            self._hosts_until = now + self._limits.hosts_life
        found = self._hosts.get(host, ())
        if not found and (host == "localhost" or host.endswith(".localhost")):
            return LOOPBACK
        return found

    def _keep(self, key: tuple[str, int | None, str], places: tuple[Place, ...], life: float) -> None:
        self._cache.pop(key, None)
        if len(self._cache) >= self._limits.cached:
            # Dictionaries keep their order: the first is the one that was learnt longest ago.
            del self._cache[next(iter(self._cache))]
        life = min(life, self._limits.longest_life) if places else self._limits.failure_life
        self._cache[key] = Kept(places, asyncio.get_running_loop().time() + life)


def default_port(port: int | None, transport: str) -> int:
    """The port, or the transport's own (RFC 3261 §19.1.2)."""
    if port is not None:
        return port
    return 5061 if transport == "tls" else 5060


def read_hosts(path: Path) -> dict[str, tuple[str, ...]]:
    """The names of a hosts file with their addresses, IPv4 first; empty when there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found: dict[str, list[str]] = {}
    for line in lines:
        address, *names = line.partition("#")[0].split() or [""]
        if is_address(address):
            for name in names:
                found.setdefault(name.lower(), []).append(address)
    return {name: tuple(sorted(addresses, key=lambda text: ":" in text)) for name, addresses in found.items()}


def _placed(addresses: Iterable[str], port: int) -> tuple[Place, ...]:
    return tuple((address, port) for address in addresses)


def _plain(name: Name) -> str:
    return name.to_text(omit_final_dot=True).rstrip(".").lower()
