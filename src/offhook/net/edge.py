"""One edge on the wire: its sockets, its SIP endpoint and the pump between them."""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count

import structlog

from offhook.net.chores import Chores
from offhook.net.connection import StreamLimits
from offhook.net.dns import Place, Question, Resolver
from offhook.net.errors import EdgeUnavailable
from offhook.net.pump import Pump
from offhook.net.stream import StreamEdge, bind_listener
from offhook.net.tls import Tls
from offhook.net.translation import SessionEvent
from offhook.net.udp import DatagramSocket, bind_datagram, is_address
from offhook.net.undelivered import Undelivered
from offhook.net.wire_record import WireRecord
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import Event, NextHopAsked
from offhook.sip.hop import Hop, Transmission, Transport
from offhook.sip.nat import NatPolicy
from offhook.sip.parse import Limits
from offhook.sip.settings import Failover
from offhook.sip.timers import TimerValues
from offhook.sip.uri import print_host

log = structlog.get_logger(__name__)

# Port 0 asks for one that is free for UDP and TCP: the kernel proposes a port of UDP, which TCP may have in use.
ATTEMPTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SecureSide:
    """Where an edge listens for TLS, and by which certificates; port 0 takes a free one."""

    host: str
    port: int
    tls: Tls


@dataclass(frozen=True, slots=True, kw_only=True)
class SipEdge:
    """Where an edge listens, for UDP and TCP, and what it writes into Via and Contact; port 0 takes a free one.

    Without `secure` it has no TLS. `proxy` is the URI of the outbound proxy that its calls go through.
    """

    name: str
    host: str
    port: int = 5060
    secure: SecureSide | None = None
    advertise_host: str = ""
    user_agent: str = "offhook"
    timers: TimerValues = field(default_factory=TimerValues)
    failover: Failover = field(default_factory=Failover)
    proxy: str = ""
    session_expires: int = 1800
    min_se: int = 90
    streams: StreamLimits = field(default_factory=StreamLimits)
    limits: Limits = field(default_factory=Limits)
    nat: NatPolicy = NatPolicy.AUTO


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundEdge:
    """An edge whose addresses are ours: a datagram socket and a listener on the same port, and one for TLS."""

    edge: SipEdge
    datagrams: socket.socket
    listener: socket.socket
    port: int
    secure_listener: socket.socket | None = None
    secure_port: int = 0

    @property
    def sent_by(self) -> dict[Transport, tuple[str, int]]:
        """What Via and Contact say for each transport that the edge has."""
        edge = self.edge
        plain = (edge.advertise_host or edge.host, self.port)
        places = {Transport.UDP: plain, Transport.TCP: plain}
        if edge.secure is not None:
            places[Transport.TLS] = (edge.advertise_host or edge.secure.host, self.secure_port)
        return places

    def close(self) -> None:
        """Give the addresses back."""
        self.datagrams.close()
        self.listener.close()
        if self.secure_listener is not None:
            self.secure_listener.close()


def bind_edge(edge: SipEdge) -> BoundEdge:
    """Bind an edge's addresses for all its transports. Raises EdgeUnavailable."""
    with ExitStack() as stack:
        secure: socket.socket | None = None
        if edge.secure is not None:
            secure = stack.enter_context(_bind_secure(edge.name, edge.secure))
        datagrams, listener = _bind_plain(edge)
        stack.pop_all()
    return BoundEdge(
        edge=edge,
        datagrams=datagrams,
        listener=listener,
        port=int(datagrams.getsockname()[1]),
        secure_listener=secure,
        secure_port=0 if secure is None else int(secure.getsockname()[1]),
    )


def _bind_secure(name: str, side: SecureSide) -> socket.socket:
    try:
        return bind_listener(side.host, side.port)
    except OSError as error:
        address = f"{print_host(side.host, side.port)} (TLS)"
        raise EdgeUnavailable(name, address, error.strerror or str(error)) from error


def _bind_plain(edge: SipEdge) -> tuple[socket.socket, socket.socket]:
    for attempt in range(1, ATTEMPTS + 1):
        datagrams: socket.socket | None = None
        try:
            datagrams = bind_datagram(edge.host, edge.port)
            return datagrams, bind_listener(edge.host, int(datagrams.getsockname()[1]))
        except OSError as error:
            if datagrams is not None:
                datagrams.close()
            if edge.port or attempt == ATTEMPTS:
                address = f"{print_host(edge.host, edge.port)} ({'TCP' if datagrams else 'UDP'})"
                raise EdgeUnavailable(edge.name, address, error.strerror or str(error)) from error
    raise AssertionError("the loop above returns or raises")


class EdgeWire:
    """Carries between an edge's sockets and its endpoint; `deliver` is told of events and must not raise."""

    def __init__(
        self,
        bound: BoundEdge,
        endpoint: Endpoint,
        record: WireRecord,
        deliver: Callable[[SessionEvent], None],
        *,
        chores: Chores,
        resolver: Resolver,
    ) -> None:
        self.edge = bound.edge
        self.port, self.secure_port = bound.port, bound.secure_port
        self.endpoint = endpoint
        self.pump = Pump(endpoint, self)
        self._record = record
        self._deliver = deliver
        self._chores = chores
        self._resolver = resolver
        self._datagrams = DatagramSocket(bound.datagrams, self._datagram_received, self._datagram_bounced)
        limits, numbers = bound.edge.streams, count(1)
        self._streams = {
            Transport.TCP: StreamEdge(bound.listener, self, chores, limits=limits, numbers=numbers),
        }
        if bound.secure_listener is not None and self.edge.secure is not None:
            self._streams[Transport.TLS] = StreamEdge(
                bound.secure_listener, self, chores, limits=limits, tls=self.edge.secure.tls, numbers=numbers
            )
        # What a name without a transport may lead to, in the order of our preference.
        self._transports = (Transport.UDP, *self._streams)
        self._asked: dict[Question, list[int]] = {}

    async def start(self) -> None:
        """Begin to receive."""
        self._datagrams.start()
        for streams in self._streams.values():
            await streams.start()

    async def close(self) -> None:
        """Release the sockets and the timer; may be called twice."""
        self.pump.close()
        self._datagrams.close()
        for streams in self._streams.values():
            await streams.close()

    # --- from the sockets -----------------------------------------------------------------------------------------

    def _datagram_received(self, data: bytes, host: str, port: int) -> None:
        self.pump.receive(self.endpoint.receive, data, Hop(Transport.UDP, host, port), self.pump.now())

    def _datagram_bounced(self, undelivered: Undelivered) -> None:
        hop = Hop(Transport.UDP, undelivered.host, undelivered.port)
        self.pump.receive(self.endpoint.unreachable, hop, undelivered.quote, self.pump.now())

    def stream_received(self, data: bytes, source: Hop) -> None:
        """Bytes of a connection."""
        connection = source.connection or 0
        if self.pump.receive(self.endpoint.receive_stream, connection, data, source, self.pump.now()) is False:
            # RFC 3261 §18.3: where the next message begins cannot be known any more.
            self._streams[source.transport].cut(connection)

    def stream_closed(self, connection: int) -> None:
        """The end of a connection."""
        self.pump.receive(self.endpoint.connection_closed, connection, self.pump.now())

    def stream_failed(self, hop: Hop, call_id: str, reason: str) -> None:
        """A message that no connection took."""
        self.pump.receive(self.endpoint.transport_failed, hop, call_id, self.pump.now(), reason=reason)

    def stream_bounced(self, peer: Hop, quote: bytes) -> None:
        """A request whose connection has ended."""
        self.pump.receive(self.endpoint.unreachable, peer, quote, self.pump.now())

    def message_began(self, connection: int) -> float | None:
        """Since when a message is incomplete."""
        return self.endpoint.message_began(connection)

    # --- from the pump --------------------------------------------------------------------------------------------

    def send(self, transmission: Transmission) -> str:
        """Put a message on the wire; what refused it at once, "" when nothing did."""
        hop = transmission.hop
        self._record.sent(transmission)
        streams = self._streams.get(hop.transport)
        if reason := self.obstacle(hop):
            log.info("no_way", edge=self.edge.name, peer=print_host(hop.host, hop.port), reason=reason)
            return reason
        if streams is None:
            is_sent = self._datagrams.send(transmission.data, hop.host, hop.port)
            return "" if is_sent else "the datagram was refused"
        if hop.connection is not None and streams.send_on(hop.connection, transmission.data):
            return ""
        # RFC 3261 §18.2.2: when the connection is gone, another one to the peer's address is tried.
        streams.send(transmission.data, hop, transmission.call_id)
        return ""

    def obstacle(self, hop: Hop) -> str:
        """Why this edge cannot reach a hop, whoever is there; "" when nothing is in the way."""
        if hop.transport is Transport.TLS and Transport.TLS not in self._streams:
            return f"edge {self.edge.name} has no TLS: it needs `sips`"
        own = self.edge.secure.host if self.edge.secure and hop.transport is Transport.TLS else self.edge.host
        if (":" in own) != (":" in hop.host):
            return f"edge {self.edge.name} speaks {_family(own)}, {hop.host} is {_family(hop.host)}"
        return ""

    def deliver(self, event: Event) -> None:
        """Answer the endpoint's questions; all else goes to the service."""
        if isinstance(event, NextHopAsked):
            self._ask(event)
        else:
            self._deliver(event)

    # --- names ----------------------------------------------------------------------------------------------------

    def _ask(self, event: NextHopAsked) -> None:
        """Answer at once what is known; else one look-up answers all who wait for the same name."""
        question = Question(
            host=event.host.lower(), port=event.port, transport=event.transport, transports=self._transports
        )
        places = self._resolver.known(question)
        if places is not None:
            self._answer([event.question], question, places)
            return
        waiting = self._asked.setdefault(question, [])
        waiting.append(event.question)
        if len(waiting) == 1 and not self._chores.add(self._look_up(question)):
            self._answer(self._asked.pop(question), question, ())

    async def _look_up(self, question: Question) -> None:
        places = await self._resolver.find(question)
        for number in self._asked.pop(question):
            # Each draws lots of its own: a burst that shared them would go to one target as a whole (RFC 2782).
            self._answer([number], question, self._resolver.known(question) or places)

    def _answer(self, asked: list[int], question: Question, places: tuple[Place, ...]) -> None:
        domain = "" if is_address(question.host) else question.host
        ways = [Hop(transport, host, port, domain=domain) for transport, host, port in places]
        hops = [hop for hop in ways if not self.obstacle(hop)]
        if ways and not hops:
            log.info("no_way", edge=self.edge.name, peer=question.host, reason=self.obstacle(ways[0]))
        for number in asked:
            self.pump.receive(self.endpoint.answer_next_hop, number, hops, self.pump.now())


def _family(host: str) -> str:
    return "IPv6" if ":" in host else "IPv4"
