"""TCP or TLS connections of one edge: accepted and opened, reused by peer, limited in number, patience and memory.

Bytes go up to a StreamTaker as they come; where a message begins and ends is the endpoint's business (RFC 3261 §18.3).

A TLS connection belongs to the domain that it was opened for and verified as: a hop with a domain only ever uses one
that was opened for it. A hop without domain, one of an IP literal, uses any connection with that address and port.
"""

import asyncio
import re
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import structlog

from offhook.net.acceptor import SHUTDOWN, Acceptor
from offhook.net.chores import Chores
from offhook.net.connection import DEFAULT_LIMITS, PING, PONG, Connection, StreamLimits
from offhook.net.errors import PeerNotTrusted
from offhook.net.patience import fault, interval, wants_ping
from offhook.net.tls import Tls, explain
from offhook.net.udp import is_address
from offhook.sip.hop import Hop, Transport
from offhook.sip.uri import print_host

log = structlog.get_logger(__name__)

Key = tuple[str, int, str]

# What can be said in SNI (RFC 6066 §3); ssl and asyncio fail in other ways at each of the others.
NAME = re.compile(r"(?=.{1,253}\.?\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE | re.ASCII)
DEAF = "the peer does not read"


class StreamTaker(Protocol):
    """Whatever the bytes and the ends of connections go to; the number of a connection is never used again."""

    def stream_received(self, data: bytes, source: Hop) -> None:
        """Take the next bytes of a connection."""

    def stream_closed(self, connection: int) -> None:
        """The connection is gone; nothing more comes from it."""

    def stream_failed(self, hop: Hop, call_id: str, reason: str) -> None:
        """A message of this Call-ID could not be sent to this peer."""

    def stream_bounced(self, peer: Hop, quote: bytes) -> None:
        """The connection of this request has ended; what has no answer on it gets none."""

    def message_began(self, connection: int) -> float | None:
        """Since when a message of this connection is incomplete; None between messages."""


@dataclass(slots=True)
class Waiting:
    """Messages that wait for a connection attempt to one peer."""

    messages: list[tuple[bytes, Hop, str]]
    bytes: int = 0


class StreamEdge:
    """The TCP side of an edge, or with `tls` its TLS side, on a bound listener, which it then owns.

    `numbers` are those of connections; edges that share a taker share them.
    """

    def __init__(
        self,
        bound: socket.socket,
        taker: StreamTaker,
        chores: Chores,
        *,
        limits: StreamLimits = DEFAULT_LIMITS,
        tls: Tls | None = None,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self.limits = limits
        self.taker = taker
        self.transport = Transport.TCP if tls is None else Transport.TLS
        self.connections: dict[int, Connection] = {}
        self.sources: Counter[str] = Counter()
        self.host, self.port = bound.getsockname()[:2]
        self._tls = tls
        self._numbers = numbers or count(1)
        self._chores = chores
        self._peers: dict[Key, Connection] = {}
        self._waiting: dict[Key, Waiting] = {}
        self._acceptor = Acceptor(bound, limits, self._accepted, self._objection, tls)
        self._sweep: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to accept on the running loop."""
        await self._acceptor.start()
        self._sweep = asyncio.get_running_loop().call_later(interval(self.limits), self._look_around)

    async def close(self) -> None:
        """Stop accepting and cut every connection; may be called twice."""
        if self._sweep is not None:
            self._sweep.cancel()
        await self._acceptor.close()
        for connection in list(self.connections.values()):
            connection.abort()

    # --- sending --------------------------------------------------------------------------------------------------

    def send(self, data: bytes, hop: Hop, call_id: str) -> None:
        """Send on a connection with this peer, opening one when there is none; a failure goes to stream_failed."""
        key = self._key(hop)
        connection = self._peers.get(key)
        if connection is not None and not connection.is_closing:
            if not self._write(connection, data):
                self.taker.stream_failed(hop, call_id, DEAF)
            return
        waiting = self._waiting.get(key)
        if waiting is None:
            self._open(key, (data, hop, call_id))
        elif waiting.bytes + len(data) > self.limits.queue_bytes:
            self.taker.stream_failed(hop, call_id, "too much waits for a connection")
        else:
            waiting.messages.append((data, hop, call_id))
            waiting.bytes += len(data)

    def send_on(self, number: int, data: bytes) -> bool:
        """Send on this very connection; False when it is gone or its peer does not read."""
        connection = self.connections.get(number)
        return connection is not None and self._write(connection, data)

    def cut(self, number: int) -> None:
        """Close this connection once what waits in it is sent; stream_closed follows."""
        connection = self.connections.get(number)
        if connection is not None:
            connection.close()

    def _write(self, connection: Connection, data: bytes) -> bool:
        connection.used_at = asyncio.get_running_loop().time()
        return connection.send(data)

    def _key(self, hop: Hop) -> Key:
        return (hop.host, hop.port, hop.domain.lower() if self._tls else "")

    # --- opening --------------------------------------------------------------------------------------------------

    def _open(self, key: Key, message: tuple[bytes, Hop, str]) -> None:
        self._waiting[key] = Waiting([message], len(message[0]))
        host = key[0]
        allowed = is_address(host) and len(self.connections) + len(self._waiting) <= self.limits.connections
        if not (allowed and self._chores.add(self._connect(key))):
            self._give_up(key, "no more connections are opened" if is_address(host) else f"{host} is no address")

    async def _connect(self, key: Key) -> None:
        host, port, domain = key
        try:
            async with asyncio.timeout(self.limits.connect):
                connection = await self._establish(host, port, domain)
        except (OSError, ValueError, TimeoutError, PeerNotTrusted) as error:
            reason = explain(error)
            log.info("connection_not_made", peer=print_host(host, port), domain=domain, reason=reason)
            self._give_up(key, reason)
            return
        for data, hop, call_id in self._waiting.pop(key).messages:
            if not self._write(connection, data):
                self.taker.stream_failed(hop, call_id, DEAF)

    async def _establish(self, host: str, port: int, domain: str) -> Connection:
        """A connection, its peer's certificate checked.

        Raises OSError, PeerNotTrusted, and ValueError for a domain that SNI cannot say.
        """
        name = domain or host
        secure = self._tls is not None
        if secure and not (is_address(name) or NAME.fullmatch(name)):
            raise ValueError(f"{name!r:.80} is no host name")
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self, next(self._numbers), accepted=False, domain=domain),
            host,
            port,
            local_addr=(self.host, 0),
            ssl=self._tls.connect_context(name) if self._tls is not None else None,
            server_hostname=name if secure else None,
            ssl_handshake_timeout=self.limits.connect if secure else None,
            ssl_shutdown_timeout=SHUTDOWN if secure else None,
        )
        if connection.refusal is not None:
            raise connection.refusal
        return connection

    def _give_up(self, key: Key, reason: str) -> None:
        for _, hop, call_id in self._waiting.pop(key).messages:
            self.taker.stream_failed(hop, call_id, reason)

    # --- connection.Home ------------------------------------------------------------------------------------------

    def enter(self, connection: Connection) -> None:
        """Write a connection that is made into the books. Raises PeerNotTrusted."""
        if self._tls is not None and not connection.is_accepted:
            self._tls.examine(connection.certificate, connection.domain or connection.host)
        self.connections[connection.number] = connection
        self.sources[connection.host] += 1
        self._peers[connection.host, connection.port, connection.domain] = connection
        if connection.domain:
            self._peers.setdefault((connection.host, connection.port, ""), connection)

    def strike(self, connection: Connection) -> bool:
        """Take it out of them and tell; False when it was not in them."""
        if self.connections.pop(connection.number, None) is None:
            return False
        host = connection.host
        self.sources[host] -= 1
        if not self.sources[host]:
            del self.sources[host]
        for domain in {connection.domain, ""}:
            key = (host, connection.port, domain)
            if self._peers.get(key) is connection:
                del self._peers[key]
        self.taker.stream_closed(connection.number)
        for quote in connection.requests:
            self.taker.stream_bounced(connection.peer, quote)
        return True

    def take(self, connection: Connection, data: bytes) -> None:
        """Pass bytes up, but for a pong: as half of a ping it would be answered with the next."""
        is_pong = connection.pinged_at is not None and data == PONG
        connection.pinged_at = None
        if is_pong and self.taker.message_began(connection.number) is None:
            connection.answers_pings = True
            return
        if data != PING:
            connection.used_at = connection.heard_at
        self.taker.stream_received(data, connection.peer)

    def _accepted(self) -> Connection:
        return Connection(self, next(self._numbers), accepted=True)

    def _objection(self, host: str) -> str:
        """Why one more connection from this source is not within the limits."""
        handshakes = self._acceptor.handshakes
        if self.sources[host] + handshakes[host] >= self.limits.per_source:
            return "too many connections"
        if len(self.connections) + handshakes.total() >= self.limits.connections:
            return "too many connections in all"
        return ""

    # --- patience -------------------------------------------------------------------------------------------------

    def _look_around(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self.connections.values()):
            reason = fault(connection, self.taker.message_began(connection.number), self.limits, now)
            if reason:
                log.info("connection_cut", peer=print_host(connection.host, connection.port), reason=reason)
                connection.abort()
            elif wants_ping(connection, self.limits, now):
                connection.ping()
        self._sweep = loop.call_later(interval(self.limits), self._look_around)


def bind_listener(host: str, port: int) -> socket.socket:
    """A non-blocking TCP socket that listens on an address literal; nothing is accepted yet. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.settimeout(0)
        # A restarted server would otherwise wait out its predecessor's TIME_WAIT connections.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # One address per edge: [::] must not take what comes by IPv4, too.
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
        # With SO_REUSEADDR only a socket that listens keeps others from binding the same port.
        bound.listen()
    except OSError:
        bound.close()
        raise
    return bound
