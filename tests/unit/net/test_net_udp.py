"""The datagram socket of an edge, on the loopback."""

import asyncio
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from offhook.net.udp import DatagramSocket, bind_datagram, is_address

pytestmark = pytest.mark.asyncio


class Inbox:
    """Collects datagrams and lets a test wait for a number of them."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[bytes, str, int]] = asyncio.Queue()

    def receive(self, data: bytes, host: str, port: int) -> None:
        """Take a datagram."""
        self.queue.put_nowait((data, host, port))


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
