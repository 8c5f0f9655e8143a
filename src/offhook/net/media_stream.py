"""calls.ports.StreamSockets over WebSocket: one connection for each media stream (contract 2 §2).

What is sent waits in a bounded queue: a server that reads too slowly loses sound, and the call notices nothing of it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver
from yarl import URL

from offhook.calls.errors import StreamFailed
from offhook.calls.ports import (
    ClearGiven,
    MarkGiven,
    Nonsense,
    Said,
    SocketOrder,
    SoundGiven,
    StreamDigit,
    StreamMark,
    StreamSound,
    StreamStarted,
    StreamStopped,
    Telling,
)
from offhook.media.engine import decode, encode
from offhook.media.stream_messages import (
    CONNECTED,
    ClearMessage,
    MarkMessage,
    MediaMessage,
    StreamMessageRefused,
    Writer,
    parse,
)
from offhook.model.sids import AccountSid
from offhook.model.signature import sign
from offhook.net.chores import Chores
from offhook.sdp.codecs import PCMU

TIMEOUT, REFUSED, HANDSHAKE, CLOSED, SCHEME, MALFORMED, PROTOCOL = 31901, 31902, 31920, 31921, 31922, 31923, 31924
NORMAL = frozenset({1000, 1001, 1005})  # RFC 6455 §7.4.1: done, going away, no reason given
BROKEN = frozenset({1002, 1003, 1007, 1009})  # what it sent was no WebSocket, or too large
LONGEST_URL = 4000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """What streams may take: seconds, messages that wait for a server, octets of one of its messages."""

    connect: float = 10.0
    close: float = 2.0
    ping: float = 20.0
    waiting: int = 250
    streams: int = 10_000
    message: int = 1_048_576


DEFAULT_LIMITS = StreamLimits()


def anybody(_host: str) -> None:
    """Judges no host."""


class StreamClient:
    """Connects streams with their servers; make it on the running loop, `start` and `close` it.

    `accounts` has the token that signs for each account. ws:// is refused unless `allows_plain`; `judge` raises OSError
    for a host that is an address nobody may connect to, as `resolver` does for names.
    """

    def __init__(
        self,
        accounts: Mapping[AccountSid, str],
        *,
        resolver: AbstractResolver | None = None,
        judge: Callable[[str], None] = anybody,
        allows_plain: bool = False,
        limits: StreamLimits = DEFAULT_LIMITS,
    ) -> None:
        self._accounts = accounts
        self._allows_plain = allows_plain
        self._judge = judge
        self._limits = limits
        self._chores = Chores(limits.streams)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, resolver=resolver, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "TwilioProxy/1.1"},
        )

    async def start(self) -> None:
        """Be ready to send."""
        await self._chores.start()

    async def close(self) -> None:
        """Close what is left."""
        await self._chores.close()
        await self._session.close()

    async def connect(self, order: SocketOrder) -> "ServerSocket":
        """Shake hands. Raises StreamFailed (31901, 31902, 31920, 31922, 31923)."""
        url = self._checked(order.url)
        try:
            self._judge(url.host or "")
        except OSError as error:
            raise StreamFailed(REFUSED, str(error)) from error
        signature = sign(self._accounts.get(order.account_sid, ""), order.url, None)
        timeout = aiohttp.ClientWSTimeout(ws_close=self._limits.close)
        try:
            async with asyncio.timeout(self._limits.connect):
                server = await self._session.ws_connect(
                    url,
                    headers={"X-Twilio-Signature": signature},
                    timeout=timeout,
                    heartbeat=self._limits.ping,
                    max_msg_size=self._limits.message,
                )
        except TimeoutError as error:
            raise StreamFailed(TIMEOUT, f"{url} did not answer within {self._limits.connect:g} s") from error
        except aiohttp.WSServerHandshakeError as error:
            raise StreamFailed(HANDSHAKE, f"{url} answered the handshake with {error.status}") from error
        except aiohttp.InvalidURL as error:
            raise StreamFailed(MALFORMED, f"{order.url[:200]!r} is no URL") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise StreamFailed(REFUSED, f"{url} cannot be reached: {error}") from error
        socket = ServerSocket(server, self._limits)
        if not self._chores.add(socket.pump()):
            await server.close()
            raise StreamFailed(REFUSED, "too many streams run here already")
        return socket

    def _checked(self, text: str) -> URL:
        try:
            url = URL(text)
        except ValueError as error:
            raise StreamFailed(MALFORMED, f"{text[:200]!r} is no URL") from error
        if url.scheme not in {"wss", "ws"} or (url.scheme == "ws" and not self._allows_plain):
            raise StreamFailed(SCHEME, f"{text[:200]!r}: a stream goes to wss://")
        if not url.host or len(text) > LONGEST_URL:
            raise StreamFailed(MALFORMED, f"{text[:200]!r} names no host")
        return url.with_fragment(None)


class ServerSocket:
    """One connection; satisfies calls.ports.StreamSocket."""

    def __init__(self, server: aiohttp.ClientWebSocketResponse, limits: StreamLimits) -> None:
        self._server = server
        self._limits = limits
        self._waiting: deque[Telling] = deque()
        self._news = asyncio.Event()
        self._emptied = asyncio.Event()
        self._writer: Writer | None = None
        self._is_over = False
        self.dropped = 0

    # --- calls.ports.StreamSocket ---------------------------------------------------------------------------------

    def send(self, telling: Telling) -> None:
        """Queue a message; the oldest sound goes when too many wait."""
        if self._server.closed:
            return
        if isinstance(telling, StreamSound) and len(self._waiting) >= self._limits.waiting:
            self._drop_oldest_sound()
        self._waiting.append(telling)
        self._emptied.clear()
        self._news.set()

    async def receive(self) -> Said | None:
        """The server's next message; None at its end. Raises StreamFailed (31921, 31924)."""
        message = await self._server.receive()
        match message.type:
            case aiohttp.WSMsgType.TEXT:
                return _read(message.data)
            case aiohttp.WSMsgType.BINARY:
                return Nonsense("expected text, got a binary message")
            case aiohttp.WSMsgType.ERROR:
                raise StreamFailed(PROTOCOL, f"the server breaks the protocol: {message.data}")
        code = self._server.close_code
        if code is not None and code not in NORMAL:
            raise StreamFailed(PROTOCOL if code in BROKEN else CLOSED, f"the connection was closed with {code}")
        return None

    async def close(self) -> None:
        """Send what waits, for a short while, and close."""
        try:
            async with asyncio.timeout(self._limits.close):
                if not self._server.closed:
                    await self._emptied.wait()
                await self._server.close()
        except TimeoutError:
            log.info("stream_not_drained", waiting=len(self._waiting))
        finally:
            self._waiting.clear()
            self._is_over = True
            self._news.set()

    # --- sending --------------------------------------------------------------------------------------------------

    async def pump(self) -> None:
        """Send what is queued until the end, at the pace of the server."""
        try:
            await self._server.send_str(CONNECTED)
            while not self._is_over and not self._server.closed:
                while self._waiting:
                    await self._server.send_str(self._written(self._waiting.popleft()))
                self._emptied.set()
                self._news.clear()
                await self._news.wait()
        except (aiohttp.ClientError, OSError):
            log.info("stream_broken", waiting=len(self._waiting))
        finally:
            self._emptied.set()

    def _written(self, telling: Telling) -> str:
        if isinstance(telling, StreamStarted):
            self._writer = Writer(telling.stream_sid)
            return self._writer.start(telling.account_sid, telling.call_sid, telling.tracks, telling.parameters)
        assert self._writer is not None  # noqa: S101 - StreamStarted comes first
        match telling:
            case StreamSound(track=track, chunk=chunk, at=at, samples=samples):
                return self._writer.media(track, chunk, at, encode(PCMU, samples))
            case StreamDigit(digit=digit):
                return self._writer.dtmf(digit)
            case StreamMark(name=name):
                return self._writer.mark(name)
            case StreamStopped(account_sid=account_sid, call_sid=call_sid):
                return self._writer.stop(account_sid, call_sid)

    def _drop_oldest_sound(self) -> None:
        for index, waiting in enumerate(self._waiting):
            if isinstance(waiting, StreamSound):
                del self._waiting[index]
                self.dropped += 1
                return


def _read(text: str) -> Said:
    try:
        message = parse(text)
    except StreamMessageRefused as error:
        return Nonsense(str(error))
    match message:
        case MediaMessage(octets=octets):
            return SoundGiven(decode(PCMU, octets))
        case MarkMessage(name=name):
            return MarkGiven(name)
        case ClearMessage():
            return ClearGiven()
