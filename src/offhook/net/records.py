"""Questions to name servers: the records of a name with the seconds that they are good for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import dns.asyncresolver
import dns.rdatatype
import dns.resolver
from dns.name import Name
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from offhook.sip.hop import Transport

NOTHING = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)
# Some name servers refuse SRV and NAPTR, or drop them, instead of answering that there is none.
UNHELPFUL = (*NOTHING, dns.resolver.NoNameservers, dns.resolver.LifetimeTimeout)
SERVICES = {"sip+d2u": Transport.UDP, "sip+d2t": Transport.TCP, "sips+d2t": Transport.TLS}
MAX_RECORDS = 16  # of one kind that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a NAPTR offers: a transport, and the name of its SRV records."""

    order: int
    preference: int
    transport: Transport
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an SRV names; `host` is "" where the service is decidedly not offered."""

    priority: int
    weight: int
    host: str
    port: int


class Records:
    """Asks name servers; without `asker` those of resolv.conf."""

    def __init__(self, asker: dns.asyncresolver.Resolver | None = None) -> None:
        self._asker = asker

    async def services(self, name: str, patience: float) -> tuple[list[Service], float]:
        """The SIP services of a domain by NAPTR (RFC 3263 §4.1); none when nobody says so."""
        try:
            answer = await self._ask(name, dns.rdatatype.NAPTR, patience)
        except UNHELPFUL:
            return [], float("inf")
        records = [record for record in answer.rrset or () if isinstance(record, NAPTR)]
        return [service for record in records[:MAX_RECORDS] if (service := _service(record))], _life(answer)

    async def targets(self, name: str, patience: float) -> tuple[list[Target] | None, float]:
        """The SRV records of a service; None when there are none."""
        try:
            answer = await self._ask(name, dns.rdatatype.SRV, patience)
        except UNHELPFUL:
            return None, float("inf")
        records = [record for record in answer.rrset or () if isinstance(record, SRV)]
        targets = [
            Target(priority=record.priority, weight=record.weight, host=_plain(record.target), port=record.port)
            for record in sorted(records, key=lambda record: record.priority)[:MAX_RECORDS]
        ]
        return targets, _life(answer)

    async def addresses(self, name: str, patience: float) -> tuple[list[str], float]:
        """The addresses of a name, IPv4 first; a name without any has none. Raises DNSException when nobody knows."""
        kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
        answers = await asyncio.gather(*(self._addresses(name, kind, patience) for kind in kinds))
        return [address for found, _ in answers for address in found], min(life for _, life in answers)

    async def _addresses(
        self, name: str, kind: dns.rdatatype.RdataType, patience: float
    ) -> tuple[Sequence[str], float]:
        try:
            answer = await self._ask(name, kind, patience)
        except NOTHING:
            return [], float("inf")
        return [record.to_text() for record in answer.rrset or ()], _life(answer)

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType, patience: float) -> dns.resolver.Answer:
        if self._asker is None:
            # Reads resolv.conf, once, away from the loop.
            self._asker = await asyncio.to_thread(dns.asyncresolver.Resolver)
        return await self._asker.resolve(name, kind, search=True, lifetime=patience)


def _service(record: NAPTR) -> Service | None:
    """A NAPTR that leads to SRV records of a transport that we have (RFC 3263 §4.1)."""
    transport = SERVICES.get(record.service.decode("ascii", "replace").lower())
    if transport is None or record.flags.lower() != b"s" or record.regexp:
        return None
    name = _plain(record.replacement)
    if not name:
        return None
    return Service(order=record.order, preference=record.preference, transport=transport, name=name)


def _life(answer: dns.resolver.Answer) -> float:
    return float(answer.rrset.ttl) if answer.rrset is not None else float("inf")


def _plain(name: Name) -> str:
    return name.to_text(omit_final_dot=True).rstrip(".").lower()
