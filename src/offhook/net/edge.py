"""One edge on the wire: its sockets, its SIP endpoint and the pump between them."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from offhook.net.chores import Chores
from offhook.net.dns import Place, Resolver
from offhook.net.errors import EdgeUnavailable
from offhook.net.pump import Pump
from offhook.net.stream import StreamEdge, StreamLimits, bind_listener
from offhook.net.translation import SessionEvent
from offhook.net.udp import DatagramSocket, bind_datagram
from offhook.net.wire_record import WireRecord
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import Event, NextHopAsked
from offhook.sip.hop import Hop, Transmission, Transport
from offhook.sip.timers import TimerValues
from offhook.sip.uri import print_host

# Port 0 asks for one that is free for UDP and TCP: the kernel proposes a port of UDP, which TCP may have in use.
ATTEMPTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SipEdge:
    """Where an edge listens, for UDP and TCP, and what it writes into Via and Contact; port 0 takes a free one."""

    name: str
    host: str
    port: int = 5060
    advertise_host: str = ""
    user_agent: str = "offhook"
    timers: TimerValues = field(default_factory=TimerValues)
    streams: StreamLimits = field(default_factory=StreamLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundEdge:
    """An edge whose address is ours: a datagram socket and a listener on the same port."""

    edge: SipEdge
    datagrams: socket.socket
    listener: socket.socket
    port: int

    def close(self) -> None:
        """Give the address back."""
        self.datagrams.close()
        self.listener.close()


def bind_edge(edge: SipEdge) -> BoundEdge:
    """Bind an edge's address for both transports. Raises EdgeUnavailable."""
    for attempt in range(1, ATTEMPTS + 1):
        datagrams: socket.socket | None = None
        try:
            datagrams = bind_datagram(edge.host, edge.port)
            port = int(datagrams.getsockname()[1])
            return BoundEdge(edge=edge, datagrams=datagrams, listener=bind_listener(edge.host, port), port=port)
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
        self.port = bound.port
        self.endpoint = endpoint
        self.pump = Pump(endpoint, self)
        self._record = record
        self._deliver = deliver
        self._chores = chores
        self._resolver = resolver
        self._datagrams = DatagramSocket(bound.datagrams, self._datagram_received)
        self._streams = StreamEdge(bound.listener, self, chores, limits=bound.edge.streams)
        self._asked: dict[tuple[str, int | None, Transport], list[int]] = {}

    async def start(self) -> None:
        """Begin to receive."""
        self._datagrams.start()
        await self._streams.start()

    async def close(self) -> None:
        """Release the sockets and the timer; may be called twice."""
        self.pump.close()
        self._datagrams.close()
        await self._streams.close()

    # --- from the sockets -----------------------------------------------------------------------------------------

    def _datagram_received(self, data: bytes, host: str, port: int) -> None:
        self.pump.receive(self.endpoint.receive, data, Hop(Transport.UDP, host, port), self.pump.now())

    def stream_received(self, connection: int, data: bytes, host: str, port: int) -> None:
        """Bytes of a connection."""
        source = Hop(Transport.TCP, host, port, connection)
        if self.pump.receive(self.endpoint.receive_stream, connection, data, source, self.pump.now()) is False:
            # RFC 3261 §18.3: where the next message begins cannot be known any more.
            self._streams.cut(connection)

    def stream_closed(self, connection: int) -> None:
        """The end of a connection."""
        self.pump.receive(self.endpoint.connection_closed, connection, self.pump.now())

    def stream_failed(self, host: str, port: int, call_id: str) -> None:
        """A message that no connection took."""
        hop = Hop(Transport.TCP, host, port)
        self.pump.receive(self.endpoint.transport_failed, hop, call_id, self.pump.now())

    # --- from the pump --------------------------------------------------------------------------------------------

    def send(self, transmission: Transmission) -> bool:
        """Put a message on the wire; False when it refused it at once."""
        hop = transmission.hop
        self._record.sent(transmission)
        if hop.transport is Transport.UDP:
            return self._datagrams.send(transmission.data, hop.host, hop.port)
        if hop.connection is not None and self._streams.send_on(hop.connection, transmission.data):
            return True
        # RFC 3261 §18.2.2: when the connection is gone, another one to the peer's address is tried.
        self._streams.send(transmission.data, hop.host, hop.port, transmission.call_id)
        return True

    def deliver(self, event: Event) -> None:
        """Answer the endpoint's questions; all else goes to the service."""
        if isinstance(event, NextHopAsked):
            self._ask(event)
        else:
            self._deliver(event)

    # --- names ----------------------------------------------------------------------------------------------------

    def _ask(self, event: NextHopAsked) -> None:
        """Answer at once what is known; else one look-up answers all who wait for the same name."""
        transport = event.transport or Transport.UDP
        places = self._resolver.known(event.host, event.port, transport.value.lower())
        if places is not None:
            self._answer([event.question], transport, places)
            return
        key = (event.host.lower(), event.port, transport)
        waiting = self._asked.setdefault(key, [])
        waiting.append(event.question)
        if len(waiting) == 1 and not self._chores.add(self._look_up(key)):
            self._answer(self._asked.pop(key), transport, ())

    async def _look_up(self, key: tuple[str, int | None, Transport]) -> None:
        host, port, transport = key
        places = await self._resolver.find(host, port, transport.value.lower())
        self._answer(self._asked.pop(key), transport, places)

    def _answer(self, questions: list[int], transport: Transport, places: tuple[Place, ...]) -> None:
        hops = [Hop(transport, host, port) for host, port in places]
        for question in questions:
            self.pump.receive(self.endpoint.answer_next_hop, question, hops, self.pump.now())
