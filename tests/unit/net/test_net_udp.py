"""The datagram socket of an edge, on the loopback."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from offhook.net.udp import DatagramSocket, bind_datagram, is_address
from offhook.net.undelivered import (
    EXTENDED_ERROR,
    IP_RECVERR,
    IPV6_RECVERR,
    ORIGIN_ICMP,
    ORIGIN_ICMP6,
    Undelivered,
    is_failure,
)

pytestmark = pytest.mark.asyncio


class Inbox:
    """Collects datagrams and lets a test wait for a number of them."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[bytes, str, int]] = asyncio.Queue()

    def receive(self, data: bytes, host: str, port: int) -> None:
        """Take a datagram."""
        self.queue.put_nowait((data, host, port))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_datagram_that_nobody_takes_comes_back(host: str) -> None:
    """The bounce names its target and quotes the datagram, each time; what goes elsewhere is not disturbed."""
    inbox, bounced = Inbox(), asyncio.Queue[Undelivered]()
    live = DatagramSocket(bind_datagram(host, 0), inbox.receive)
    one = DatagramSocket(bind_datagram(host, 0), inbox.receive, bounced.put_nowait)
    live.start()
    one.start()
    with bind_datagram(host, 0) as dead:
        port = dead.getsockname()[1]
    try:
        for number in range(3):
            quote = b"anybody there? %d" % number
            assert one.send(quote, host, port)
            # The error of the one is pending while the other is sent.
            assert one.send(b"hello", host, live.port)
            assert await inbox.queue.get() == (b"hello", host, one.port)
            assert await bounced.get() == Undelivered(host, port, quote)
            assert live.send(b"answer", host, one.port)
            assert await inbox.queue.get() == (b"answer", host, live.port)
    finally:
        one.close()
        live.close()


@pytest.mark.parametrize(
    ("origin", "kind", "code", "counts"),
    [
        (ORIGIN_ICMP, 3, 3, True),  # port unreachable
        (ORIGIN_ICMP, 3, 1, True),  # host unreachable
        (ORIGIN_ICMP, 3, 4, False),  # fragmentation needed
        (ORIGIN_ICMP, 11, 0, False),  # time exceeded
        (ORIGIN_ICMP, 4, 0, False),  # source quench
        (ORIGIN_ICMP, 12, 0, True),  # parameter problem
        (ORIGIN_ICMP6, 1, 4, True),  # port unreachable
        (ORIGIN_ICMP6, 2, 0, False),  # packet too big
        (ORIGIN_ICMP6, 3, 0, False),  # time exceeded
        (1, 0, 0, False),  # the kernel's own opinion
    ],
)
async def test_which_errors_count(origin: int, kind: int, code: int, counts: bool) -> None:  # noqa: FBT001 - a table
    """RFC 3261 §18.4: unreachable and parameter problems; neither quench, nor time, nor size."""
    level = socket.IPPROTO_IPV6 if origin == ORIGIN_ICMP6 else socket.IPPROTO_IP
    option = IPV6_RECVERR if origin == ORIGIN_ICMP6 else IP_RECVERR
    assert is_failure(level, option, EXTENDED_ERROR.pack(111, origin, kind, code, 0, 0, 0)) is counts
    assert not is_failure(level, option, b"short")
    assert not is_failure(socket.SOL_SOCKET, option, EXTENDED_ERROR.pack(111, origin, 3, 3, 0, 0, 0))


async def test_a_socket_closed_by_its_bounce_says_no_more() -> None:
    """Errors that still wait are left alone, and nothing fails."""
    told: list[Undelivered] = []

    def close_at_once(undelivered: Undelivered) -> None:
        told.append(undelivered)
        one.close()
        done.set()

    done = asyncio.Event()
    one = DatagramSocket(bind_datagram("127.0.0.1", 0), Inbox().receive, close_at_once)
    with bind_datagram("127.0.0.1", 0) as dead:
        port = dead.getsockname()[1]
    for _ in range(3):
        one.send(b"x", "127.0.0.1", port)
    one.start()
    await done.wait()
    assert len(told) == 1


def _bound(host: str, inbox: Inbox) -> DatagramSocket:
    return DatagramSocket(bind_datagram(host, 0), inbox.receive)


@pytest.fixture
def pair() -> Iterator[tuple[DatagramSocket, DatagramSocket, Inbox]]:
    """Two sockets on two loopback addresses and the inbox of the second."""
    inbox = Inbox()
    one, other = _bound("127.0.0.1", inbox), _bound("127.0.0.2", inbox)
    yield one, other, inbox
    one.close()
    other.close()


async def test_a_datagram_arrives_whole_with_its_source(pair: tuple[DatagramSocket, DatagramSocket, Inbox]) -> None:
    """The largest datagram that IPv4 carries arrives untouched, from the address the sender is bound to."""
    one, other, inbox = pair
    other.start()
    sent = bytes(range(256)) * 255 + b"x" * 227
    assert one.send(sent, other.host, other.port)
    data, host, port = await inbox.queue.get()
    assert (data, host, port) == (sent, "127.0.0.1", one.port)


async def test_many_datagrams_at_once_keep_their_order(pair: tuple[DatagramSocket, DatagramSocket, Inbox]) -> None:
    """A burst larger than one batch is read to its end."""
    one, other, inbox = pair
    other.start()
    for number in range(200):
        assert one.send(str(number).encode(), other.host, other.port)
    assert [int((await inbox.queue.get())[0]) for _ in range(200)] == list(range(200))


async def test_an_unsendable_datagram_is_told_at_once(pair: tuple[DatagramSocket, DatagramSocket, Inbox]) -> None:
    """Too large for UDP, or to a name instead of an address: False, and a log line for the first."""
    one, other, _ = pair
    with capture_logs() as logs:
        assert not one.send(b"x" * 65508, other.host, other.port)
        assert not one.send(b"x", "localhost", other.port)
    assert [entry["event"] for entry in logs] == ["datagram_not_sent"]


async def test_a_taken_address_cannot_be_bound(pair: tuple[DatagramSocket, DatagramSocket, Inbox]) -> None:
    """Binding twice fails, and after close() the port is free again."""
    one, _, inbox = pair
    with pytest.raises(OSError, match="in use"):
        bind_datagram(one.host, one.port)
    one.close()
    again = DatagramSocket(bind_datagram(one.host, one.port), inbox.receive)
    assert again.port == one.port
    again.close()


async def test_a_closed_socket_delivers_nothing_more(pair: tuple[DatagramSocket, DatagramSocket, Inbox]) -> None:
    """When the taker closes the socket in the middle of a batch, the rest of the batch stays unread."""
    one, _, inbox = pair

    def close_at_once(data: bytes, host: str, port: int) -> None:
        inbox.receive(data, host, port)
        other.close()

    other = DatagramSocket(bind_datagram("127.0.0.1", 0), close_at_once)
    for _ in range(3):
        one.send(b"x", other.host, other.port)
    other.start()
    await inbox.queue.get()
    assert inbox.queue.empty()


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", True), ("::1", True), ("localhost", False), ("1.2.3", False), ("", False)]
)
async def test_addresses_are_told_from_names(host: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    """Only complete IPv4 and IPv6 literals are addresses."""
    assert is_address(host) is expected
