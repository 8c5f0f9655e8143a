"""The settings of signalling in the words of net and sip: edges, failover, name servers, connections."""

import dns.asyncresolver
import msgspec
from dns.nameserver import Do53Nameserver

from offhook.net.connection import StreamLimits
from offhook.net.dns import DnsLimits, Resolver
from offhook.net.edge import SecureSide, SipEdge
from offhook.net.records import Records
from offhook.net.tls import Tls
from offhook.server.addresses import proxy_uri, split_address
from offhook.server.protection import message_limits
from offhook.server.settings import Connections, Dns, Edge, Settings, Sip
from offhook.sip.nat import NatPolicy
from offhook.sip.settings import Failover
from offhook.sip.timers import TimerValues


def sip_edge(edge: Edge, settings: Settings, tls: Tls | None) -> SipEdge:
    """Where an edge's signalling leaves from."""
    host, port = split_address(edge.sip) or ("", 0)
    secure_host, secure_port = split_address(edge.sips) or ("", 0)
    return SipEdge(
        name=edge.name,
        host=host,
        port=port,
        secure=SecureSide(host=secure_host, port=secure_port, tls=tls) if secure_host and tls else None,
        advertise_host=edge.advertise or host,
        user_agent=settings.sip.user_agent,
        timers=TimerValues(t1=settings.sip.t1),
        failover=failover(settings.sip),
        proxy=proxy_uri(edge.proxy),
        session_expires=settings.sip.session_expires,
        min_se=settings.sip.min_se,
        limits=message_limits(settings),
        nat=NatPolicy(settings.sip.nat),
        streams=stream_limits(settings.connections),
    )


def failover(sip: Sip) -> Failover:
    """When another target is tried."""
    return Failover(
        codes=frozenset(sip.failover_codes),
        patience=sip.target_timeout,
        memory=sip.avoid_failed,
        datagram_limit=sip.datagram_limit,
    )


def resolver(settings: Dns) -> Resolver:
    """Who finds hosts."""
    asker: dns.asyncresolver.Resolver | None = None
    if settings.servers:
        asker = dns.asyncresolver.Resolver(configure=False)
        places = [split_address(server) or (server, 53) for server in settings.servers]
        asker.nameservers = [Do53Nameserver(host, port) for host, port in places]
    limits = DnsLimits(patience=settings.timeout)
    return Resolver(records=Records(asker), limits=limits, is_full=settings.rfc3263)


def stream_limits(connections: Connections) -> StreamLimits:
    """The settings that TCP and TLS connections go by."""
    limits = msgspec.structs.asdict(connections)
    return StreamLimits(connections=limits.pop("total"), **limits)
