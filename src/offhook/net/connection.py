"""One TCP or TLS connection of an edge, and the limits that all of them go by."""

import asyncio
import socket
from collections import deque
from dataclasses import dataclass
from typing import Protocol, cast

import structlog

from offhook.net.errors import PeerNotTrusted
from offhook.sip.hop import Hop, Transport
from offhook.sip.uri import print_host

log = structlog.get_logger(__name__)

# Of the latest requests enough to find their branches: who has no answer when the connection ends has to know.
MOST_QUOTES, LONGEST_QUOTE = 32, 512
NO_REQUEST = (b"SIP/2.0 ", b"\r\n")
PING, PONG = b"\r\n\r\n", b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """What one edge allows its TCP peers, and its TLS peers by themselves; durations in seconds.

    `first_message` is how long an accepted connection may stay silent; `idle` how long any may, once it has spoken;
    `message` how long a message may take from its first byte to its last. RFC 3261 §18 asks for connections to be kept
    for at least one transaction (32 s); registrations and calls behind NAT need theirs for as long as they last.
    `unused` is how long one that we opened is kept by keep-alives alone: longer than a call without any message lasts.

    `unacknowledged` is how long what we sent may stay without an acknowledgement of TCP, where the system can tell.

    `ping` is how often a connection that we opened is kept alive while nothing else is sent (RFC 5626 §4.4.1), and
    `pong` how long a peer that has answered before may take. 0 sends none.

    `handshakes` is how many peers may be in their TLS handshake at once, `handshakes_per_source` how many of one host.
    `queue_bytes` is what may wait for a peer that does not read.
    """

    connections: int = 4096
    per_source: int = 256
    backlog: int = 512
    first_message: float = 32.0
    idle: float = 900.0
    unused: float = 14_700.0
    message: float = 20.0
    unacknowledged: float = 20.0
    connect: float = 5.0
    handshake: float = 5.0
    handshakes: int = 128
    handshakes_per_source: int = 16
    ping: float = 100.0
    pong: float = 10.0
    queue_bytes: int = 1024 * 1024


DEFAULT_LIMITS = StreamLimits()


def keep_alive(raw: socket.socket, limits: StreamLimits) -> None:
    """Have the kernel look after a connection: a peer that is gone is found out, and a NAT between us remembers it."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    idle = max(1, round(limits.ping or DEFAULT_LIMITS.ping))
    for option, value in (
        ("TCP_KEEPIDLE", idle),
        ("TCP_KEEPINTVL", max(1, idle // 5)),
        # Without it Linux tries for a quarter of an hour, and each call over the connection times out meanwhile.
        ("TCP_USER_TIMEOUT", round(limits.unacknowledged * 1000)),
    ):
        if hasattr(socket, option):
            raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


class Home(Protocol):
    """What a connection needs of its edge."""

    limits: StreamLimits
    transport: Transport

    def enter(self, connection: "Connection") -> None:
        """Write a connection that is made into the books. Raises PeerNotTrusted."""

    def strike(self, connection: "Connection") -> bool:
        """Take it out again; False when it was not in them."""

    def take(self, connection: "Connection", data: bytes) -> None:
        """Bytes have come."""


class Connection(asyncio.Protocol):
    """A connection, accepted, or opened by us for the sake of a domain."""

    def __init__(self, home: Home, number: int, *, accepted: bool, domain: str = "") -> None:
        self.home = home
        self.number = number
        self.is_accepted = accepted
        self.domain = domain
        self.host, self.port = "", 0
        self.certificate: bytes | None = None
        self.refusal: PeerNotTrusted | None = None
        now = asyncio.get_running_loop().time()
        self.heard_at = self.wrote_at = self.used_at = now
        # A peer that we called owes us an answer within a transaction, not at once.
        self.has_spoken = not accepted
        self.answers_pings = False
        self.pinged_at: float | None = None
        self.requests: deque[bytes] = deque(maxlen=MOST_QUOTES)
        self._transport: asyncio.Transport | None = None

    @property
    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport is None or self._transport.is_closing()

    @property
    def peer(self) -> Hop:
        """The peer as a hop that leads through this connection."""
        return Hop(self.home.transport, self.host, self.port, self.number, self.domain)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Enter the connection in the books, or cut it: handshakes are over by now, and nothing has been sent."""
        # uvloop's transports have the methods of asyncio.Transport, but not its class.
        self._transport = cast("asyncio.Transport", transport)
        self.host, self.port = (transport.get_extra_info("peername") or ("", 0))[:2]
        secured = transport.get_extra_info("ssl_object")
        if secured is not None:
            self.certificate = secured.getpeercert(binary_form=True)
        try:
            self.home.enter(self)
        except PeerNotTrusted as error:
            self.refusal = error
            self.abort()
            return
        raw = transport.get_extra_info("socket")
        if raw is not None:
            keep_alive(raw, self.home.limits)

    def data_received(self, data: bytes) -> None:
        """Pass bytes up."""
        if self.refusal is not None:
            return
        self.has_spoken = True
        self.heard_at = asyncio.get_running_loop().time()
        self.home.take(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Strike the connection from the books; a reset is an end like any other."""
        del exc
        self.home.strike(self)

    def send(self, data: bytes) -> bool:
        """Write, or cut the connection when its peer leaves too much unread."""
        if self._transport is None or self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() + len(data) > self.home.limits.queue_bytes:
            log.warning("connection_cut", peer=print_host(self.host, self.port), reason="the peer does not read")
            self.abort()
            return False
        self._transport.write(data)
        if not data.startswith(NO_REQUEST):
            self.requests.append(data[:LONGEST_QUOTE])
        self.wrote_at = asyncio.get_running_loop().time()
        return True

    def ping(self) -> None:
        """Ask whether the peer is there."""
        if self.send(PING) and self.pinged_at is None:
            self.pinged_at = self.wrote_at

    def close(self) -> None:
        """Close the connection once what waits is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection at once."""
        if self._transport is not None:
            self._transport.abort()
