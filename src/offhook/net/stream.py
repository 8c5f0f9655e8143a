"""TCP connections of one edge: accepted and opened, reused by peer, limited in number, patience and memory.

Bytes go up to a StreamTaker as they come; where a message begins and ends is the endpoint's business (RFC 3261 §18.3).
"""

import asyncio
import socket
import ssl
from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import Protocol, cast

import structlog

from offhook.net.chores import Chores
from offhook.net.udp import is_address

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """What one edge allows its TCP peers; durations in seconds.

    `first_message` is how long an accepted connection may stay silent; `idle` how long any may, once it has spoken.
    `queue_bytes` is what may wait for a peer that does not read. RFC 3261 §18 asks for connections to be kept for at
    least one transaction (32 s); registrations and calls behind NAT need theirs for as long as they last.
    """

    connections: int = 4096
    per_source: int = 256
    backlog: int = 512
    first_message: float = 32.0
    idle: float = 900.0
    connect: float = 5.0
    queue_bytes: int = 1024 * 1024


DEFAULT_LIMITS = StreamLimits()


class StreamTaker(Protocol):
    """Whatever the bytes and the ends of connections go to; `connection` is a number that is never used again."""

    def stream_received(self, connection: int, data: bytes, host: str, port: int) -> None:
        """Take the next bytes of a connection from the peer's address."""

    def stream_closed(self, connection: int) -> None:
        """The connection is gone; nothing more comes from it."""

    def stream_failed(self, host: str, port: int, call_id: str) -> None:
        """A message of this Call-ID could not be sent to this peer."""


@dataclass(slots=True)
class Waiting:
    """Messages that wait for a connection attempt to one peer."""

    messages: list[tuple[bytes, str]]
    bytes: int = 0


class StreamEdge:
    """The TCP side of an edge, on a bound listener, which it then owns.

    With `accept_context` and `connect_context` the same connections carry TLS.
    """

    def __init__(
        self,
        bound: socket.socket,
        taker: StreamTaker,
        chores: Chores,
        *,
        limits: StreamLimits = DEFAULT_LIMITS,
        accept_context: ssl.SSLContext | None = None,
        connect_context: ssl.SSLContext | None = None,
    ) -> None:
        self.limits = limits
        self.taker = taker
        self.peers: dict[tuple[str, int], Connection] = {}
        self.connections: dict[int, Connection] = {}
        self.sources: Counter[str] = Counter()
        self.numbers = count(1)
        self._chores = chores
        self._waiting: dict[tuple[str, int], Waiting] = {}
        self._accept_context = accept_context
        self._connect_context = connect_context
        self._listener = bound
        self.host, self.port = self._listener.getsockname()[:2]
        self._server: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to accept on the running loop."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self, accepted=True),
            sock=self._listener,
            backlog=self.limits.backlog,
            ssl=self._accept_context,
        )
        self._sweep = loop.call_later(self._sweep_interval, self._close_silent)

    async def close(self) -> None:
        """Stop accepting and cut every connection; may be called twice."""
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in list(self.connections.values()):
            connection.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
        self._listener.close()

    def send(self, data: bytes, host: str, port: int, call_id: str) -> None:
        """Send on the connection with this peer, opening one when there is none; a failure goes to stream_failed."""
        connection = self.peers.get((host, port))
        if connection is not None:
            if not connection.send(data):
                self.taker.stream_failed(host, port, call_id)
            return
        waiting = self._waiting.get((host, port))
        if waiting is None:
            self._open(data, host, port, call_id)
        elif waiting.bytes + len(data) > self.limits.queue_bytes:
            self.taker.stream_failed(host, port, call_id)
        else:
            waiting.messages.append((data, call_id))
            waiting.bytes += len(data)

    def send_on(self, number: int, data: bytes) -> bool:
        """Send on this very connection; False when it is gone or its peer does not read."""
        connection = self.connections.get(number)
        return connection is not None and connection.send(data)

    def cut(self, number: int) -> None:
        """Close this connection once what waits in it is sent; stream_closed follows."""
        connection = self.connections.get(number)
        if connection is not None:
            connection.close()

    def admits(self, host: str) -> bool:
        """Whether one more connection from this source is within the limits."""
        return len(self.connections) < self.limits.connections and self.sources[host] < self.limits.per_source

    def _open(self, data: bytes, host: str, port: int, call_id: str) -> None:
        key = (host, port)
        self._waiting[key] = Waiting([(data, call_id)], len(data))
        allowed = is_address(host) and len(self.connections) + len(self._waiting) <= self.limits.connections
        if not (allowed and self._chores.add(self._connect(host, port))):
            self._give_up(key)

    async def _connect(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        key = (host, port)
        try:
            async with asyncio.timeout(self.limits.connect):
                _, connection = await loop.create_connection(
                    lambda: Connection(self, accepted=False),
                    host,
                    port,
                    local_addr=(self.host, 0),
                    ssl=self._connect_context,
                )
        except (OSError, TimeoutError) as error:
            log.info("connection_not_made", peer=f"{host}:{port}", reason=str(error) or "timeout")
            self._give_up(key)
            return
        for message, call_id in self._waiting.pop(key).messages:
            if not connection.send(message):
                self.taker.stream_failed(host, port, call_id)

    def _give_up(self, key: tuple[str, int]) -> None:
        for _, call_id in self._waiting.pop(key).messages:
            self.taker.stream_failed(*key, call_id)

    @property
    def _sweep_interval(self) -> float:
        return min(self.limits.first_message, self.limits.idle) / 4

    def _close_silent(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self.connections.values()):
            patience = self.limits.idle if connection.has_spoken else self.limits.first_message
            if now - connection.heard_at > patience:
                connection.abort()
        self._sweep = loop.call_later(self._sweep_interval, self._close_silent)


class Connection(asyncio.Protocol):
    """One TCP connection, accepted or opened by us."""

    def __init__(self, edge: StreamEdge, *, accepted: bool) -> None:
        self.edge = edge
        self.number = next(edge.numbers)
        # A peer that we called owes us an answer within a transaction, not at once.
        self.has_spoken = not accepted
        self.heard_at = asyncio.get_running_loop().time()
        self.key = ("", 0)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Enter the connection in the edge's books, or cut it when it is one too many."""
        # uvloop's transports have the methods of asyncio.Transport, but not its class.
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if not peer or not self.edge.admits(peer[0]):
            log.warning("connection_refused", peer=str(peer), reason="too many connections")
            self._transport.abort()
            return
        self.key = (peer[0], peer[1])
        self.edge.sources[peer[0]] += 1
        self.edge.connections[self.number] = self
        self.edge.peers[self.key] = self

    def data_received(self, data: bytes) -> None:
        """Pass bytes up."""
        if self.number in self.edge.connections:
            self.has_spoken = True
            self.heard_at = asyncio.get_running_loop().time()
            self.edge.taker.stream_received(self.number, data, *self.key)

    def connection_lost(self, exc: Exception | None) -> None:
        """Strike the connection from the books and tell; a reset is an end like any other."""
        del exc
        if self.edge.connections.pop(self.number, None) is None:
            return
        host = self.key[0]
        self.edge.sources[host] -= 1
        if not self.edge.sources[host]:
            del self.edge.sources[host]
        if self.edge.peers.get(self.key) is self:
            del self.edge.peers[self.key]
        self.edge.taker.stream_closed(self.number)

    def send(self, data: bytes) -> bool:
        """Write, or cut the connection when its peer leaves too much unread."""
        if self._transport is None or self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() + len(data) > self.edge.limits.queue_bytes:
            log.warning("connection_cut", peer=f"{self.key[0]}:{self.key[1]}", reason="the peer does not read")
            self.abort()
            return False
        self._transport.write(data)
        return True

    def close(self) -> None:
        """Close the connection once what waits is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection at once."""
        if self._transport is not None:
            self._transport.abort()


def bind_listener(host: str, port: int) -> socket.socket:
    """A non-blocking TCP socket bound to an address literal, not yet listening. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.settimeout(0)
        # A restarted server would otherwise wait out its predecessor's TIME_WAIT connections.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
