"""The TCP side of an edge, on the loopback."""

import asyncio
import socket
from contextlib import AsyncExitStack, ExitStack

import pytest
from structlog.testing import capture_logs
from tests.unit.net.stream_desk import Inbox, OpenEdge, ended, shut, tcp

from offhook.net.chores import Chores
from offhook.net.stream import StreamEdge, bind_listener

pytestmark = pytest.mark.asyncio


async def test_a_message_opens_a_connection_from_the_address_of_the_edge(open_edge: OpenEdge) -> None:
    """The peer sees the edge's address as the source, and messages sent meanwhile follow in order."""
    one, _ = await open_edge("127.0.0.3")
    other, inbox = await open_edge()
    for piece in (b"first ", b"second ", b"third"):
        one.send(piece, tcp(other.host, other.port), "call")
    data = b""
    while len(data) < len(b"first second third"):
        _, piece, host, _ = await inbox.received.get()
        assert host == "127.0.0.3"
        data += piece
    assert data == b"first second third"
    assert len(other.connections) == 1


async def test_both_directions_use_the_same_connection(open_edge: OpenEdge) -> None:
    """An answer to the peer's source address goes back on the connection it came from."""
    one, home = await open_edge()
    other, inbox = await open_edge()
    one.send(b"question", tcp(other.host, other.port), "call")
    number, _, host, port = await inbox.received.get()
    other.send(b"answer", tcp(host, port), "call")
    assert (await home.received.get())[1] == b"answer"
    assert other.send_on(number, b"more")
    assert (await home.received.get())[1] == b"more"
    assert len(one.connections) == len(other.connections) == 1


async def test_a_refused_connection_fails_every_waiting_message(open_edge: OpenEdge) -> None:
    """Nobody listens: each waiting message's Call-ID is told, and the next message tries again."""
    one, inbox = await open_edge()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        one.send(b"a", tcp("127.0.0.1", port), "call-1")
        one.send(b"b", tcp("127.0.0.1", port), "call-2")
        assert [await inbox.failed.get(), await inbox.failed.get()] == [
            ("127.0.0.1", port, "call-1"),
            ("127.0.0.1", port, "call-2"),
        ]
        nobody.listen()
        one.send(b"c", tcp("127.0.0.1", port), "call-3")
        peer = (await asyncio.to_thread(nobody.accept))[0]
        with peer:
            assert await asyncio.to_thread(peer.recv, 10) == b"c"


async def test_a_peer_that_never_accepts_fails_in_time(open_edge: OpenEdge) -> None:
    """A full backlog swallows the connection attempt; the limit ends the wait."""
    one, inbox = await open_edge(connect=0.05)
    with socket.socket() as deaf, ExitStack() as stack:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)  # noqa: FBT003 - positional by nature
            filler.connect_ex(deaf.getsockname())
        one.send(b"a", tcp("127.0.0.1", deaf.getsockname()[1]), "call")
        assert (await inbox.failed.get())[2] == "call"


async def test_a_name_is_not_resolved_here(open_edge: OpenEdge) -> None:
    """Names are the resolver's business: a message to one fails at once."""
    one, inbox = await open_edge()
    one.send(b"a", tcp("localhost", 5060), "call")
    assert inbox.failed.get_nowait() == ("localhost", 5060, "call")


async def test_a_half_closed_peer_is_told_as_closed(open_edge: OpenEdge) -> None:
    """A peer that shuts down its sending side ends the connection; its number is gone."""
    edge, inbox = await open_edge()
    _, writer = await asyncio.open_connection(edge.host, edge.port)
    writer.write(b"hello")
    number, *_ = await inbox.received.get()
    writer.write_eof()
    assert await inbox.closed.get() == number
    assert not edge.send_on(number, b"x")
    assert not edge.connections
    assert not edge.sources
    writer.close()
    await writer.wait_closed()


async def test_a_source_may_only_have_so_many_connections(open_edge: OpenEdge) -> None:
    """The connection above the limit is cut, the others live on."""
    edge, inbox = await open_edge(per_source=2)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            _, writer = await asyncio.open_connection(edge.host, edge.port)
            stack.push_async_callback(shut, writer)
            writer.write(b"hello")
            await inbox.received.get()
        reader, writer = await asyncio.open_connection(edge.host, edge.port)
        stack.push_async_callback(shut, writer)
        assert await ended(reader)
        assert len(edge.connections) == 2
        assert inbox.closed.empty()


async def test_a_silent_connection_is_cut(open_edge: OpenEdge) -> None:
    """A peer that connects and says nothing is cut after its first patience."""
    edge, _ = await open_edge(first_message=0.02)
    reader, writer = await asyncio.open_connection(edge.host, edge.port)
    assert await ended(reader)
    await shut(writer)


async def test_a_peer_that_does_not_read_is_cut(open_edge: OpenEdge) -> None:
    """Once more than the limit is waiting, the connection is cut and the message counts as failed."""
    edge, inbox = await open_edge(queue_bytes=200_000)
    _, writer = await asyncio.open_connection(edge.host, edge.port)
    writer.write(b"hello")
    number, _, host, port = await inbox.received.get()
    block = b"x" * 65536
    for _ in range(1000):
        edge.send(block, tcp(host, port), "call")
        if not inbox.failed.empty():
            break
    assert inbox.failed.get_nowait() == (host, port, "call")
    assert await inbox.closed.get() == number
    await shut(writer)


async def test_the_port_is_free_aftershut(open_edge: OpenEdge) -> None:
    """A new listener binds the same port although a connection was open when the old one closed."""
    edge, inbox = await open_edge()
    reader, writer = await asyncio.open_connection(edge.host, edge.port)
    writer.write(b"hello")
    await inbox.received.get()
    await edge.close()
    assert await ended(reader)
    again = StreamEdge(bind_listener(edge.host, edge.port), Inbox(), Chores())
    await again.start()
    await again.close()
    await shut(writer)


async def test_a_bound_port_is_nobody_elses() -> None:
    """Who binds a port has it: another process that binds it is refused at once, and not once it begins to listen."""
    with bind_listener("127.0.0.1", 0) as mine, pytest.raises(OSError, match="in use"):
        bind_listener("127.0.0.1", mine.getsockname()[1])


async def test_a_connection_that_we_opened_is_pinged(open_edge: OpenEdge) -> None:
    """RFC 5626 §4.4.1: CRLFCRLF from who opened it; a pong is no bytes of SIP, and shows that the peer answers."""
    one, home = await open_edge(ping=0.02, pong=5.0)
    other, inbox = await open_edge(ping=0.02)
    one.send(b"hello", tcp(other.host, other.port), "call")
    number, _, host, port = await inbox.received.get()
    for _ in range(3):
        assert await inbox.received.get() == (number, b"\r\n\r\n", host, port)
        other.send_on(number, b"\r\n")
    (connection,) = one.connections.values()
    while not connection.answers_pings:
        await asyncio.to_thread(lambda: None)
    other.send_on(number, b"hello")
    # The last pong may come in one piece with it: line ends before a message count for nothing.
    assert (await home.received.get())[1] in {b"hello", b"\r\nhello"}


async def test_a_line_end_within_a_message_is_no_pong(open_edge: OpenEdge) -> None:
    """Messages may be cut anywhere, even so that a piece looks like a pong."""
    one, home = await open_edge(ping=0.02, pong=5.0)
    other, inbox = await open_edge()
    one.send(b"hello", tcp(other.host, other.port), "call")
    number, *_ = await inbox.received.get()
    await inbox.received.get()
    home.began = dict.fromkeys(one.connections, asyncio.get_running_loop().time())
    other.send_on(number, b"\r\n")
    assert (await home.received.get())[1] == b"\r\n"


async def test_a_peer_that_stops_answering_pings_is_cut(open_edge: OpenEdge) -> None:
    """Only one that has answered before: who never does may not know of pings."""
    one, _ = await open_edge(ping=0.02, pong=0.1)
    other, inbox = await open_edge()
    silent, hermit = await open_edge("127.0.0.2")
    for peer in (other, silent):
        one.send(b"hello", tcp(peer.host, peer.port), "call")
    number, *_ = await inbox.received.get()
    await inbox.received.get()
    other.send_on(number, b"\r\n")
    with capture_logs() as logs:
        assert await inbox.closed.get() == number
    assert [line["reason"] for line in logs] == ["it does not answer pings any more"]
    assert len(silent.connections) == 1
    assert hermit.closed.empty()


async def test_a_message_that_does_not_end_is_cut(open_edge: OpenEdge) -> None:
    """A byte now and then keeps nobody's connection open."""
    edge, inbox = await open_edge(message=0.05)
    reader, writer = await asyncio.open_connection(edge.host, edge.port)
    writer.write(b"INVITE")
    number, *_ = await inbox.received.get()
    inbox.began[number] = asyncio.get_running_loop().time()
    assert await ended(reader)
    await shut(writer)


async def test_the_requests_of_a_connection_that_ends_are_told(open_edge: OpenEdge) -> None:
    """The beginnings of the latest ones; neither responses nor keep-alives. Who waits for an answer knows then."""
    edge, inbox = await open_edge()
    reader, writer = await asyncio.open_connection(edge.host, edge.port)
    writer.write(b"hello")
    number, _, host, port = await inbox.received.get()
    sent = [b"OPTIONS %d " % count + b"x" * 1000 for count in range(40)]
    for data in (b"SIP/2.0 200 OK\r\n", b"\r\n\r\n", *sent):
        edge.send_on(number, data)
    await reader.readuntil(b"OPTIONS 39")
    await shut(writer)
    await inbox.closed.get()
    told = [inbox.bounced.get_nowait() for _ in range(inbox.bounced.qsize())]
    assert [quote for _, quote in told] == [data[:512] for data in sent[-32:]]
    assert {(peer.host, peer.port) for peer, _ in told} == {(host, port)}


async def test_a_connection_that_closes_is_not_used_again(open_edge: OpenEdge) -> None:
    """While the last bytes leave, a new message already gets a new connection."""
    one, _ = await open_edge()
    other, inbox = await open_edge()
    one.send(b"first", tcp(other.host, other.port), "call")
    first, *_ = await inbox.received.get()
    (number,) = one.connections
    one.cut(number)
    one.send(b"second", tcp(other.host, other.port), "call")
    second, data, *_ = await inbox.received.get()
    assert data == b"second"
    assert first != second
