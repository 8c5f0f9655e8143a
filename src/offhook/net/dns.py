"""Finds where a SIP host is (RFC 3263): literals, the hosts file, NAPTR, SRV, A and AAAA.

Answers the endpoint's questions; what cannot be found is an empty list, never an exception.
"""

import asyncio
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import dns.exception
import structlog

from offhook.net.choices import Choice, Place, draw
from offhook.net.hosts import HostsFile
from offhook.net.records import Records, Service
from offhook.net.udp import is_address
from offhook.sip.hop import Transport

log = structlog.get_logger(__name__)

__all__ = ["DnsLimits", "Place", "Resolver"]

SERVICE_NAMES = {Transport.UDP: "_sip._udp", Transport.TCP: "_sip._tcp", Transport.TLS: "_sips._tcp"}
EVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsLimits:
    """How long answers are waited for and kept; durations in seconds.

    RFC 3261 gives a request 32 s in all, so names get few of them. `places` bounds what one name can make us try.
    `stale_life` is how much longer an answer is good when no name server can be reached (RFC 8767).
    """

    patience: float = 4.0
    shortest_life: float = 1.0
    longest_life: float = 300.0
    failure_life: float = 2.0
    stale_life: float = 3600.0
    cached: int = 4096
    places: int = 8


DEFAULT_LIMITS = DnsLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A host as a URI names it, in lower case; `transports` are those that the asking edge has, in its order."""

    host: str
    port: int | None
    transport: Transport | None
    transports: tuple[Transport, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer in the cache, and the loop times at which it is no longer good, and no longer better than nothing."""

    choices: tuple[Choice, ...]
    until: float
    stale_until: float


@dataclass(slots=True)
class Found:
    """What a look-up has gathered, and for how many seconds it is good."""

    choices: list[Choice] = field(default_factory=list)
    life: float = EVER


class Resolver:
    """Places of SIP hosts, with a bounded cache that honours time to live; each answer draws its lots anew.

    Without `is_full` only A and AAAA are asked, as Twilio does (contract 1 §2.8).
    """

    def __init__(
        self,
        *,
        limits: DnsLimits = DEFAULT_LIMITS,
        records: Records | None = None,
        hosts: HostsFile | None = None,
        lots: random.Random | None = None,
        is_full: bool = True,
    ) -> None:
        self._limits = limits
        self._records = records or Records()
        self._hosts = hosts or HostsFile()
        self._lots = lots or random.Random()  # noqa: S311 - it shares load out, it keeps no secret
        self._is_full = is_full
        self._cache: dict[Question, Kept] = {}

    def known(self, question: Question) -> tuple[Place, ...] | None:
        """The places of a host when nobody has to be asked: a literal, or an answer that is still good; else None."""
        if is_address(question.host):
            transport = question.transport or Transport.UDP
            return (Place(transport, question.host, question.port or transport.default_port),)
        kept = self._cache.get(question)
        if kept is None or kept.until <= asyncio.get_running_loop().time():
            return None
        return self._drawn(kept.choices)

    async def find(self, question: Question) -> tuple[Place, ...]:
        """The places of a host in the order to try them; empty when it cannot be found in time."""
        known = self.known(question)
        if known is not None:
            return known
        try:
            async with asyncio.timeout(self._limits.patience):
                found = await self._look_up(question)
        except TimeoutError:
            return self._drawn(self._fall_back(question, "no answer in time"))
        except (dns.exception.DNSException, OSError, ValueError) as error:
            return self._drawn(self._fall_back(question, str(error)))
        self._keep(question, tuple(found.choices), found.life)
        return self._drawn(found.choices)

    # --- RFC 3263 -------------------------------------------------------------------------------------------------

    async def _look_up(self, question: Question) -> Found:
        local = await self._hosts.addresses(question.host)
        if local:
            return Found([Choice(places=_placed(local, question))], self._hosts.life)
        found = Found()
        if question.port is None and self._is_full and await self._by_service(question, found):
            return found
        await self._by_address(question.host, question, found)
        return found

    async def _by_service(self, question: Question, found: Found) -> bool:
        """§4.1: NAPTR names transports and their SRV records; else the SRV records of each. Whether there were any."""
        wanted = question.transports if question.transport is None else (question.transport,)
        services: list[Service] = []
        if question.transport is None:
            services, life = await self._records.services(question.host, self._limits.patience / 4)
            services = [service for service in services if service.transport in wanted]
            found.life = min(found.life, life)
        if not services:
            services = [
                Service(
                    order=0, preference=rank, transport=transport, name=f"{SERVICE_NAMES[transport]}.{question.host}"
                )
                for rank, transport in enumerate(wanted)
            ]
        offered = await asyncio.gather(*(self._by_targets(service, question, found) for service in services))
        return any(offered)

    async def _by_targets(self, service: Service, question: Question, found: Found) -> bool:
        """§4.2: the SRV records of one service; a target of "." says that it is decidedly not offered (RFC 2782)."""
        targets, life = await self._records.targets(service.name, self._limits.patience / 2)
        found.life = min(found.life, life)
        if targets is None:
            return False
        for target in targets[: self._limits.places]:
            if target.host:
                rank = (service.order, service.preference, target.priority)
                place = Question(
                    host=target.host, port=target.port, transport=service.transport, transports=question.transports
                )
                await self._by_address(target.host, place, found, rank, target.weight)
        return True

    async def _by_address(
        self, host: str, question: Question, found: Found, rank: tuple[int, ...] = (), weight: int = 0
    ) -> None:
        if is_address(host):
            addresses: Sequence[str] = (host,)
        else:
            addresses = await self._hosts.addresses(host)
        if not addresses:
            addresses, life = await self._records.addresses(host, self._limits.patience)
            found.life = min(found.life, life)
        if addresses:
            found.choices.append(Choice(places=_placed(addresses, question), rank=rank, weight=weight))

    # --- the cache ------------------------------------------------------------------------------------------------

    def _drawn(self, choices: Iterable[Choice]) -> tuple[Place, ...]:
        return draw(choices, self._lots)[: self._limits.places]

    def _fall_back(self, question: Question, reason: str) -> tuple[Choice, ...]:
        """Nobody answers: what was known before is better than nothing."""
        kept = self._cache.get(question)
        now = asyncio.get_running_loop().time()
        is_usable = kept is not None and kept.stale_until > now
        choices = kept.choices if kept is not None and is_usable else ()
        log.info("name_not_resolved", host=question.host, reason=reason, stale=bool(choices))
        stale_until = kept.stale_until if kept is not None else now
        self._enter(question, Kept(choices, now + self._limits.failure_life, stale_until))
        return choices

    def _keep(self, question: Question, choices: tuple[Choice, ...], life: float) -> None:
        limits = self._limits
        life = min(limits.longest_life, max(limits.shortest_life, life)) if choices else limits.failure_life
        until = asyncio.get_running_loop().time() + life
        self._enter(question, Kept(choices, until, until + (limits.stale_life if choices else 0.0)))

    def _enter(self, question: Question, kept: Kept) -> None:
        self._cache.pop(question, None)
        if len(self._cache) >= self._limits.cached:
            # Dictionaries keep their order: the first is the one that was learnt longest ago.
            del self._cache[next(iter(self._cache))]
        self._cache[question] = kept


def _placed(addresses: Iterable[str], question: Question) -> tuple[Place, ...]:
    """The addresses with the transport and port of the question, or their defaults (§4.1, §4.2)."""
    transport = question.transport or Transport.UDP
    port = question.port if question.port is not None else transport.default_port
    return tuple(Place(transport, address, port) for address in addresses)
