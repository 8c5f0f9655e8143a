"""WebSocket servers that mean harm: each ends with its code, within its time and a bounded part of the memory."""

import asyncio
import base64
import hashlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from offhook.calls.errors import StreamFailed
from offhook.calls.ports import SocketOrder, StreamSound, StreamStarted
from offhook.model.sids import AccountSid, CallSid
from offhook.net.media_stream import StreamClient
from offhook.net.stream_socket import MediaStreamLimits, ServerSocket

pytestmark = pytest.mark.asyncio
ACCOUNT, CALL = AccountSid("AC" + "1" * 32), CallSid("CA" + "1" * 32)
LIMITS = MediaStreamLimits(connect=0.5, close=0.3, waiting=50)
MEGABYTE = 2**20
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
CONTINUATION, TEXT, BINARY, CLOSE, PING = 0, 1, 2, 8, 9
FIN, COMPRESSED = 0x80, 0x40

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def frame(opcode: int, payload: bytes, *, bits: int = FIN, length: int | None = None) -> bytes:
    """One frame of a server (RFC 6455 §5.2); `length` is what it claims to have."""
    claimed = len(payload) if length is None else length
    if claimed < 126:
        head = struct.pack("!BB", bits | opcode, claimed)
    elif claimed < 2**16:
        head = struct.pack("!BBH", bits | opcode, 126, claimed)
    else:
        head = struct.pack("!BBQ", bits | opcode, 127, claimed)
    return head + payload


async def agree(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a handshake as it should be."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    key = next(line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
    proof = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()  # noqa: S324 - the protocol's own
    writer.write(
        f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {proof}\r\n\r\n".encode()
    )
    await writer.drain()


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[str]:
    """A server that is no library's; its URL."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as listening:
        yield f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def stream(serve: Serve) -> AsyncIterator[ServerSocket]:
    """A stream to a server that begins as it should."""

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await agree(reader, writer)
        await serve(reader, writer)

    client = StreamClient({}, allows_plain=True, limits=LIMITS)
    await client.start()
    async with server(begin) as url:
        socket = await client.connect(SocketOrder(url=url, account_sid=ACCOUNT, call_sid=CALL))
        yield socket
        await socket.close()
        await client.close()


@pytest.mark.parametrize("pieces", ["one frame", "fragments", "endless fragments"])
async def test_a_message_of_a_thousand_megabytes(pieces: str) -> None:
    """31924, and most of it is never read."""
    written = 0

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        piece = bytes(64 * 1024)
        if pieces == "one frame":
            writer.write(frame(TEXT, b"", length=1000 * MEGABYTE))
        else:
            writer.write(frame(TEXT, piece, bits=0))
        while pieces == "endless fragments" or written < 1000 * MEGABYTE:
            writer.write(piece if pieces == "one frame" else frame(CONTINUATION, piece, bits=0))
            written += len(piece)
            await writer.drain()

    async with stream(serve) as socket:
        with pytest.raises(StreamFailed) as failed:
            await socket.receive()
    assert failed.value.error_code == 31924
    assert written < 100 * MEGABYTE


HOSTILE = {
    "a control frame in pieces": frame(PING, b"", bits=0),
    "a control frame that is too long": frame(PING, bytes(126)),
    "an opcode that is none": frame(3, b""),
    "reserved bits": frame(TEXT, b"{}", bits=FIN | 0x30),
    "compression nobody agreed to": frame(TEXT, b"\xaa\x00", bits=FIN | COMPRESSED),
    "a continuation of nothing": frame(CONTINUATION, b"more"),
    "a message within a message": frame(TEXT, b"a", bits=0) + frame(TEXT, b"b"),
    "text that is no UTF-8": frame(TEXT, b"\xff\xfe"),
    "a close frame of one octet": frame(CLOSE, b"\x03"),
    "a close code that is none": frame(CLOSE, struct.pack("!H", 999)),
    "a length of 2**63": frame(TEXT, b"", length=2**63),
    "another protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
}


@pytest.mark.parametrize("octets", HOSTILE.values(), ids=HOSTILE.keys())
async def test_what_is_no_websocket(octets: bytes) -> None:
    """31924."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(octets)
        await reader.read()

    async with stream(serve) as socket:
        with pytest.raises(StreamFailed) as failed:
            await asyncio.wait_for(socket.receive(), 2)
    assert failed.value.error_code == 31924


async def test_a_connection_that_is_cut() -> None:
    """31921: there was no close frame."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with stream(serve) as socket:
        with pytest.raises(StreamFailed) as failed:
            await socket.receive()
    assert failed.value.error_code == 31921


async def test_a_flood_of_pings() -> None:
    """Of a server that does not read the answers: they do not pile up."""
    held = 0

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(frame(PING, bytes(125)) * 512)
            await writer.drain()
            await asyncio.sleep(0)

    async with stream(serve) as socket:
        before = -1
        while before < held or held == 0:
            await asyncio.sleep(0.2)
            before, held = held, socket.held
    assert held < MEGABYTE


async def test_a_server_that_neither_reads_nor_ends() -> None:
    """The end of the stream does not wait for it."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    async with stream(serve) as socket:
        socket.send(StreamStarted(stream_sid="MZ1", account_sid=ACCOUNT, call_sid=CALL, tracks=("inbound",)))
        for chunk in range(1000):
            socket.send(StreamSound("inbound", chunk, chunk * 20, bytes(320)))
        await asyncio.wait_for(socket.close(), 2)


ANSWERS = {
    "a redirect": (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n", {31920}),
    "a wrong proof": (
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: bm9uZQ==\r\n\r\n"
        ),
        {31920},
    ),
    "no upgrade": (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", {31920}),
    "a page": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", {31920}),
    "no HTTP": (b"\x00\xff\x00\xff\r\n\r\n", {31902, 31920}),
    "a header that is too long": (b"HTTP/1.1 101 X\r\nA: " + b"a" * 200_000 + b"\r\n\r\n", {31902, 31920}),
    "the end": (b"", {31902, 31920}),
}


@pytest.mark.parametrize(("answer", "codes"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_a_handshake_that_is_none(answer: bytes, codes: set[int]) -> None:
    """31920, or 31902 when it is not even HTTP; a redirect is not followed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if answer:
            await reader.read()

    assert await refused(serve) in codes


@pytest.mark.parametrize("piece", [b"A: b\r\n", b"a"], ids=["headers", "a header"])
async def test_a_handshake_without_end(piece: bytes) -> None:
    """31901 after the limit, or sooner with another code: nobody waits for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n")
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.001)

    assert await refused(serve) in {31901, 31902, 31920}


async def test_a_handshake_that_nobody_waits_for_any_more() -> None:
    """The call is over before the server answers: the connection ends as soon as it does."""
    asked, answer, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await answer.wait()
        await agree(reader, writer)
        with suppress(ConnectionError):
            await reader.read()
        over.set()

    client = StreamClient({}, allows_plain=True, limits=MediaStreamLimits(connect=5.0))
    await client.start()
    async with server(serve) as url:
        async with asyncio.TaskGroup() as tasks:
            connecting = tasks.create_task(client.connect(SocketOrder(url=url, account_sid=ACCOUNT, call_sid=CALL)))
            await asked.wait()
            connecting.cancel()
        answer.set()
        await asyncio.wait_for(over.wait(), 3)
    await client.close()


async def refused(serve: Serve) -> int:
    """The code that connecting ends with."""
    client = StreamClient({}, allows_plain=True, limits=LIMITS)
    await client.start()
    try:
        async with server(serve) as url:
            with pytest.raises(StreamFailed) as failed:
                await client.connect(SocketOrder(url=url, account_sid=ACCOUNT, call_sid=CALL))
    finally:
        await client.close()
    return failed.value.error_code
