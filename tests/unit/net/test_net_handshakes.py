"""What hostile peers do to a TLS listener, and that a friend is still let in."""

import asyncio
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.unit.net.authority import Authority
from tests.unit.net.stream_desk import Inbox, OpenEdge, ended, shut, tls_of

from offhook.net.stream import StreamEdge
from offhook.sip.hop import Hop, Transport

pytestmark = pytest.mark.asyncio

CLIENT_HELLO_BEGINNING = bytes.fromhex("16030102000100")
OLD_HELLO = bytes.fromhex(  # TLS 1.0, one cipher, no extensions: what a telephone of 2008 sends
    "160301002d0100002903010000000000000000000000000000000000000000000000000000000000000000000002002f0100"
)


async def friend_gets_in(open_edge: OpenEdge, authority: Authority, server: StreamEdge, inbox: Inbox) -> None:
    """A peer that behaves is heard."""
    friend, _ = await open_edge("127.0.0.7", tls=tls_of(authority.issue("dns:friend.example")))
    friend.send(b"hello", Hop(Transport.TLS, server.host, server.port), "call")
    assert (await inbox.received.get())[1] == b"hello"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (OLD_HELLO, "32222 TLS version not supported"),
        (b"INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TLS h\r\n\r\n", "not TLS"),
        (b"GET / HTTP/1.1\r\n\r\n", "not TLS"),
        (b"\x00" * 300, "not TLS"),
        (bytes(range(256)) * 40, "not TLS"),
        (b"\x80\x2e\x01\x03\x01" + b"\x00" * 60, ""),  # SSL 2
        (CLIENT_HELLO_BEGINNING + b"\xff" * 600, ""),
        (b"\r\n\r\n", ""),
        (b"", ""),
    ],
)
async def test_what_is_no_handshake(open_edge: OpenEdge, authority: Authority, sent: bytes, reason: str) -> None:
    """It is cut with a reason, once for its source however often it comes, and the next peer is let in."""
    server, inbox = await open_edge(tls=tls_of(authority.issue("dns:us.example")), handshake=0.5)
    with capture_logs() as logs:
        for _ in range(3):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(sent)
            writer.write_eof()
            with_alert = await asyncio.wait_for(_drain(reader), 5)
            assert len(with_alert) < 100
            await shut(writer)
        while server._acceptor.handshakes:
            await asyncio.to_thread(lambda: None)
    failed = [line for line in logs if line["event"] == "handshake_failed"]
    assert len(failed) == 1
    assert failed[0]["source"] == "127.0.0.1"
    assert reason in failed[0]["reason"]
    assert not server.connections
    await friend_gets_in(open_edge, authority, server, inbox)


async def test_a_telephone_that_only_speaks_tls_1_1(open_edge: OpenEdge, authority: Authority) -> None:
    """A real client with its maximum at 1.1 fails with 32222 in our log; 1.2 and 1.3 are spoken."""
    server, inbox = await open_edge(tls=tls_of(authority.issue("dns:us.example")))
    spoken = []
    for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        client = _client()
        client.maximum_version = newest
        _, writer = await asyncio.open_connection(server.host, server.port, ssl=client)
        spoken.append(writer.get_extra_info("ssl_object").version())
        writer.write(b"hello")
        await inbox.received.get()
        await shut(writer)
    assert spoken == ["TLSv1.2", "TLSv1.3"]
    program = await asyncio.create_subprocess_exec(
        "openssl", "s_client", "-connect", f"{server.host}:{server.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    with capture_logs() as logs:
        assert await program.wait() != 0
        while not logs:
            await asyncio.to_thread(lambda: None)
    assert logs[0]["reason"].startswith("32222 TLS version not supported")


async def test_half_a_handshake_is_cut_in_time(open_edge: OpenEdge, authority: Authority) -> None:
    """A peer that begins and stops has so long; meanwhile it stands in nobody's way."""
    server, inbox = await open_edge(tls=tls_of(authority.issue("dns:us.example")), handshake=0.3)
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(CLIENT_HELLO_BEGINNING)
    await friend_gets_in(open_edge, authority, server, inbox)
    assert await asyncio.wait_for(ended(reader), 5)
    await shut(writer)


async def test_handshakes_are_few_at_a_time(open_edge: OpenEdge, authority: Authority) -> None:
    """So many per source: the next is cut at once, one log line tells, and another source still gets in."""
    server, inbox = await open_edge(
        tls=tls_of(authority.issue("dns:us.example")), handshakes_per_source=3, handshakes=5
    )
    async with AsyncExitStack() as stack:
        with capture_logs() as logs:
            await _hold(stack, server, 3, "127.0.0.1")
            for _ in range(50):
                assert await _is_turned_away(server, "127.0.0.1")
            await friend_gets_in(open_edge, authority, server, inbox)
            await _hold(stack, server, 2, "127.0.0.2")
            assert await _is_turned_away(server, "127.0.0.3")
        refused = {line["source"]: line["reason"] for line in logs if line["event"] == "connection_refused"}
        assert refused == {"127.0.0.1": "too many handshakes", "127.0.0.3": "too many handshakes in all"}
    while server._acceptor.handshakes:
        await asyncio.to_thread(lambda: None)
    await friend_gets_in(open_edge, authority, server, inbox)


async def test_a_flood_of_handshakes_leaves_nothing_behind(open_edge: OpenEdge, authority: Authority) -> None:
    """Hundreds that come, greet and go: no connection, no handshake and no file stays open."""
    server, inbox = await open_edge(tls=tls_of(authority.issue("dns:us.example")), handshake=1.0)
    before = _open_files()
    for _ in range(300):
        _, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(OLD_HELLO[:20])
        await shut(writer)
    while server._acceptor.handshakes:
        await asyncio.to_thread(lambda: None)
    assert _open_files() <= before + 2
    await friend_gets_in(open_edge, authority, server, inbox)


async def test_one_without_files_left_waits_and_goes_on(
    open_edge: OpenEdge, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the process cannot accept, it does not try in circles; a moment later it does again."""
    monkeypatch.setattr("offhook.net.acceptor.PAUSE", 0.01)
    server, inbox = await open_edge(tls=tls_of(authority.issue("dns:us.example")))
    listener, tries = server._acceptor._listener, []

    class Failing:
        """A listener that fails the first time."""

        def accept(self) -> object:
            """Fail, then accept."""
            tries.append(1)
            if len(tries) == 1:
                raise OSError(24, "Too many open files")
            return listener.accept()

        def __getattr__(self, name: str) -> object:
            return getattr(listener, name)

    server._acceptor._listener = Failing()  # type: ignore[assignment]
    with capture_logs() as logs:
        await friend_gets_in(open_edge, authority, server, inbox)
    assert [line["event"] for line in logs] == ["connections_not_accepted"]


async def test_closing_cuts_those_in_their_handshake(open_edge: OpenEdge, authority: Authority) -> None:
    """The edge closes at once, whoever is at the door."""
    server, _ = await open_edge(tls=tls_of(authority.issue("dns:us.example")))
    async with AsyncExitStack() as stack:
        readers = await _hold(stack, server, 3, "127.0.0.1")
        await asyncio.wait_for(server.close(), 2)
        for reader in readers:
            assert await ended(reader)


def _open_files() -> int:
    """How many this process has, where that can be seen."""
    files = Path("/proc/self/fd")
    return len(list(files.iterdir())) if files.exists() else 0


def _client() -> ssl.SSLContext:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    return client


async def _drain(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def _hold(stack: AsyncExitStack, server: StreamEdge, count: int, host: str) -> list[asyncio.StreamReader]:
    """So many peers that begin a handshake and stop."""
    readers = []
    before = server._acceptor.handshakes[host]
    for _ in range(count):
        reader, writer = await asyncio.open_connection(server.host, server.port, local_addr=(host, 0))
        stack.push_async_callback(shut, writer)
        writer.write(CLIENT_HELLO_BEGINNING)
        readers.append(reader)
    while server._acceptor.handshakes[host] < before + count:
        await asyncio.to_thread(lambda: None)
    return readers


async def _is_turned_away(server: StreamEdge, host: str) -> bool:
    reader, writer = await asyncio.open_connection(server.host, server.port, local_addr=(host, 0))
    is_ended = await asyncio.wait_for(ended(reader), 2)
    await shut(writer)
    return is_ended
