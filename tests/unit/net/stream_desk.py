"""Stream edges on the loopback, and what they tell."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from tests.unit.net.authority import Issued

from offhook.net.chores import Chores
from offhook.net.connection import StreamLimits
from offhook.net.stream import StreamEdge, bind_listener
from offhook.net.tls import Tls, TlsSettings
from offhook.sip.hop import Hop, Transport


class Inbox:
    """Takes what a stream edge tells and lets a test wait for it."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[tuple[int, bytes, str, int]] = asyncio.Queue()
        self.closed: asyncio.Queue[int] = asyncio.Queue()
        self.began: dict[int, float] = {}
        self.failed: asyncio.Queue[tuple[str, int, str]] = asyncio.Queue()
        self.reasons: list[str] = []
        self.bounced: asyncio.Queue[tuple[Hop, bytes]] = asyncio.Queue()

    def stream_received(self, data: bytes, source: Hop) -> None:
        """Take bytes."""
        assert source.connection is not None
        self.received.put_nowait((source.connection, data, source.host, source.port))

    def stream_closed(self, connection: int) -> None:
        """Take an end."""
        self.closed.put_nowait(connection)

    def stream_failed(self, hop: Hop, call_id: str, reason: str) -> None:
        """Take a failure."""
        self.reasons.append(reason)
        self.failed.put_nowait((hop.host, hop.port, call_id))

    def stream_bounced(self, peer: Hop, quote: bytes) -> None:
        """Take what was sent in vain."""
        self.bounced.put_nowait((peer, quote))

    def message_began(self, connection: int) -> float | None:
        """When the test says so."""
        return self.began.get(connection)


def tcp(host: str, port: int) -> Hop:
    """A hop of TCP."""
    return Hop(Transport.TCP, host, port)


def tls_of(issued: Issued, **settings: object) -> Tls:
    """TLS that shows this certificate."""
    return Tls(TlsSettings(certificate=issued.certificate, key=issued.key, **settings))  # type: ignore[arg-type]


OpenEdge = Callable[..., Awaitable[tuple[StreamEdge, Inbox]]]


@asynccontextmanager
async def stream_edges() -> AsyncIterator[OpenEdge]:
    """Opens stream edges on the loopback and closes them at the end."""
    async with AsyncExitStack() as stack:

        async def open_one(
            host: str = "127.0.0.1", tls: Tls | None = None, **limits: float
        ) -> tuple[StreamEdge, Inbox]:
            chores, inbox = Chores(), Inbox()
            await chores.start()
            bound = bind_listener(host, 0)
            edge = StreamEdge(bound, inbox, chores, limits=StreamLimits(**limits), tls=tls)  # type: ignore[arg-type]
            stack.push_async_callback(chores.close)
            stack.push_async_callback(edge.close)
            await edge.start()
            return edge, inbox

        yield open_one


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the stream ends with nothing more in it."""
    try:
        return await reader.read() == b""
    except (ConnectionResetError, ssl.SSLError):
        return True


async def shut(writer: asyncio.StreamWriter) -> None:
    """Cut our end."""
    writer.transport.abort()
    try:
        await writer.wait_closed()
    except (ConnectionResetError, ssl.SSLError):
        return
