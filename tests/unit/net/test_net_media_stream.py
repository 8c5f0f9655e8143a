"""Streams over real WebSockets on the loopback: handshake, order, errors, slow servers and hostile ones."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import encode_basic_auth, web
from tests.unit.net.authority import Authority, Issued
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from offhook.calls.errors import StreamFailed
from offhook.calls.ports import (
    ClearGiven,
    MarkGiven,
    Nonsense,
    SocketOrder,
    SoundGiven,
    StreamMark,
    StreamSound,
    StreamStarted,
    StreamStopped,
)
from offhook.model.sids import AccountSid, CallSid
from offhook.net.media_stream import StreamClient
from offhook.net.stream_socket import MediaStreamLimits

pytestmark = pytest.mark.asyncio
ACCOUNT, CALL = AccountSid("AC" + "1" * 32), CallSid("CA" + "1" * 32)
TOKEN = "secret"
STARTED = StreamStarted(stream_sid="MZ1", account_sid=ACCOUNT, call_sid=CALL, tracks=("inbound",))
STOPPED = StreamStopped(account_sid=ACCOUNT, call_sid=CALL)
LIMITS = MediaStreamLimits(connect=0.5, close=0.3, waiting=50, message=20_000)

Serve = Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]


@asynccontextmanager
async def server(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A WebSocket server; its URL."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await serve(socket, request)
        return socket

    app = web.Application()
    app.router.add_get("/stream", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"{'wss' if tls else 'ws'}://127.0.0.1:{runner.addresses[0][1]}/stream"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def client(*, allows_plain: bool = True) -> AsyncIterator[StreamClient]:
    """What is tried."""
    running = StreamClient({ACCOUNT: TOKEN}, allows_plain=allows_plain, limits=LIMITS)
    await running.start()
    try:
        yield running
    finally:
        await running.close()


def order(url: str) -> SocketOrder:
    """A stream to this server."""
    return SocketOrder(url=url, account_sid=ACCOUNT, call_sid=CALL)


async def test_a_conversation() -> None:
    """Signed as webhooks are; connected and start come first, stop last; both sides are understood."""
    told: list[dict[str, object]] = []
    signatures: list[bool] = []

    async def serve(socket: web.WebSocketResponse, request: web.Request) -> None:
        signature = request.headers["X-Twilio-Signature"]
        signatures.append(RequestValidator(TOKEN).validate(f"ws://{request.host}/stream", {}, signature))
        await socket.send_str('{"event":"media","media":{"payload":"////"}}')
        await socket.send_str('{"event":"mark","mark":{"name":"m"}}')
        await socket.send_str('{"event":"clear"}')
        await socket.send_str("what?")
        await socket.send_bytes(b"\x00")
        told.extend([json.loads(message.data) async for message in socket])

    async with client() as streams, server(serve) as url:
        socket = await streams.connect(order(url))
        for telling in (STARTED, StreamSound("inbound", 1, 0, bytes(320)), StreamMark("m")):
            socket.send(telling)
        said = [await socket.receive() for _ in range(5)]
        socket.send(STOPPED)
        await socket.close()
    assert signatures == [True]
    assert said[:3] == [SoundGiven(bytes(6)), MarkGiven("m"), ClearGiven()]
    assert all(isinstance(one, Nonsense) for one in said[3:])
    assert [one["event"] for one in told] == ["connected", "start", "media", "mark", "stop"]
    assert [one.get("sequenceNumber") for one in told] == [None, "1", "2", "3", "4"]


def shown(issued: Issued) -> ssl.SSLContext:
    """TLS of a server that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    return context


async def test_a_secure_server(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its certificate is for its name and by somebody who is trusted here, or it is 31902 with the reason."""

    async def serve(socket: web.WebSocketResponse, _: web.Request) -> None:
        await socket.send_str('{"event":"clear"}')
        await socket.receive()

    proper, other = shown(authority.issue("ip:127.0.0.1")), shown(authority.issue("ip:127.0.0.9"))
    async with client() as stranger, server(serve, proper) as url:
        with pytest.raises(StreamFailed, match="unable to get local issuer") as failed:
            await stranger.connect(order(url))
        assert failed.value.error_code == 31902
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trust))
    async with client(allows_plain=False) as streams, server(serve, proper) as url:
        socket = await streams.connect(order(url))
        assert await socket.receive() == ClearGiven()
        await socket.close()
    async with client() as streams, server(serve, other) as url:
        with pytest.raises(StreamFailed, match="IP address mismatch"):
            await streams.connect(order(url))


async def test_credentials_in_the_url() -> None:
    """They go into a header, and into no error text."""
    heard: list[tuple[str, str]] = []

    async def serve(_: web.WebSocketResponse, request: web.Request) -> None:
        heard.append((request.headers["Authorization"], request.host))

    async with client() as streams, server(serve) as url:
        with_secret = url.replace("ws://", "ws://me:pass%20word@")
        socket = await streams.connect(order(with_secret))
        assert await socket.receive() is None
        await socket.close()
    async with client() as streams:
        with pytest.raises(StreamFailed) as failed:
            await streams.connect(order(with_secret))
    assert heard == [(encode_basic_auth("me", "pass word"), url.split("/")[2])]
    assert "pass" not in str(failed.value)


async def test_the_server_ends_it() -> None:
    """A proper close is an end; any other is 31921, and what no WebSocket sends 31924."""
    for code, error in ((1000, None), (1001, None), (1011, 31921)):

        async def serve(socket: web.WebSocketResponse, _: web.Request, code: int = code) -> None:
            await socket.close(code=code)

        async with client() as streams, server(serve) as url:
            socket = await streams.connect(order(url))
            if error is None:
                assert await socket.receive() is None
            else:
                with pytest.raises(StreamFailed) as failed:
                    await socket.receive()
                assert failed.value.error_code == error
            await socket.close()


async def test_a_message_that_is_too_large() -> None:
    """31924: it is not read to its end."""

    async def serve(socket: web.WebSocketResponse, _: web.Request) -> None:
        with suppress(ConnectionError):
            await socket.send_str("a" * 10_000_000)
            await socket.receive()

    async with client() as streams, server(serve) as url:
        socket = await streams.connect(order(url))
        with pytest.raises(StreamFailed) as failed:
            await socket.receive()
        await socket.close()
    assert failed.value.error_code == 31924


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1/", 31922),
        ("ftp://127.0.0.1/", 31922),
        ("wss://", 31923),
        ("wss://[::1", 31923),
        ("ws://127.0.0.1:1/", 31902),
        ("ws://nowhere.invalid/", 31902),
    ],
)
async def test_where_no_stream_goes(url: str, code: int) -> None:
    """Each with its code, and no exception of another kind."""
    async with client() as streams:
        with pytest.raises(StreamFailed) as failed:
            await streams.connect(order(url))
    assert failed.value.error_code == code


async def test_ws_is_for_those_who_allow_it() -> None:
    """31922 otherwise."""
    async with client(allows_plain=False) as streams:
        with pytest.raises(StreamFailed) as failed:
            await streams.connect(order("ws://127.0.0.1:9/"))
    assert failed.value.error_code == 31922


async def test_a_server_that_says_no() -> None:
    """31920 with its status."""

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=403)

    app = web.Application()
    app.router.add_get("/", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with client() as streams:
        with pytest.raises(StreamFailed, match="403") as failed:
            await streams.connect(order(f"ws://127.0.0.1:{runner.addresses[0][1]}/"))
    await runner.cleanup()
    assert failed.value.error_code == 31920


async def test_a_server_that_says_nothing() -> None:
    """31901, after the limit."""
    finished = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        finished.set()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as silent:
        async with client() as streams:
            with pytest.raises(StreamFailed) as failed:
                await streams.connect(order(f"ws://127.0.0.1:{silent.sockets[0].getsockname()[1]}/"))
        await finished.wait()
    assert failed.value.error_code == 31901


async def test_a_server_that_does_not_read() -> None:
    """The oldest sound is left out and counted, other messages are kept; the end does not wait for it."""
    reading = asyncio.Event()

    async def serve(socket: web.WebSocketResponse, _: web.Request) -> None:
        transport = socket._req.transport if socket._req else None
        if transport is not None:
            transport.pause_reading()
        await reading.wait()

    async with client() as streams, server(serve) as url:
        socket = await streams.connect(order(url))
        socket.send(STARTED)
        for chunk in range(100_000):
            socket.send(StreamSound("inbound", chunk, chunk * 20, bytes(320)))
            if chunk % 1000 == 0:
                await asyncio.sleep(0)
            if socket.dropped > 1000:
                break
        assert socket.dropped > 1000
        began = asyncio.get_running_loop().time()
        await socket.close()
        assert asyncio.get_running_loop().time() - began < 2
        reading.set()
