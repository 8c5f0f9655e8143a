"""calls.ports.StreamSockets over WebSocket: each media stream has a connection of its own (contract 2 §2)."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from aiohappyeyeballs import start_connection
from aiohttp import encode_basic_auth
from aiohttp.abc import AbstractResolver
from picows import WSHandshakeError, WSInvalidURL, ws_connect
from yarl import URL

from offhook.calls.errors import StreamFailed
from offhook.calls.ports import SocketOrder
from offhook.model.sids import AccountSid
from offhook.model.signature import sign
from offhook.net.chores import Chores
from offhook.net.stream_socket import MediaStreamLimits, ServerSocket

TIMEOUT, REFUSED, HANDSHAKE, SCHEME, MALFORMED = 31901, 31902, 31920, 31922, 31923
LONGEST_URL = 4000
DEFAULT_LIMITS = MediaStreamLimits()
PATIENCE = 0.25  # seconds that one address has before the next is tried as well (RFC 8305 §5)

# What a server does is told on the call, once and with its code, and to no log of the library's.
_UNHEARD = logging.getLogger(f"{__name__}.picows")
_UNHEARD.setLevel(logging.CRITICAL + 1)


def anybody(_host: str) -> None:
    """Judges no host."""


class StreamClient:
    """Connects streams with their servers; make it on the running loop, `start` and `close` it.

    `accounts` has the token that signs for each account. ws:// is refused unless `allows_plain`; `judge` raises OSError
    for a host that is an address nobody may connect to, as `resolver` does for names. Redirects are not followed.
    """

    def __init__(
        self,
        accounts: Mapping[AccountSid, str],
        *,
        resolver: AbstractResolver | None = None,
        judge: Callable[[str], None] = anybody,
        allows_plain: bool = False,
        limits: MediaStreamLimits = DEFAULT_LIMITS,
    ) -> None:
        self._accounts = accounts
        self._resolver = resolver
        self._allows_plain = allows_plain
        self._judge = judge
        self._limits = limits
        self._chores = Chores(limits.streams)

    async def start(self) -> None:
        """Be ready to connect."""
        await self._chores.start()

    async def close(self) -> None:
        """Cut what is left."""
        await self._chores.close()

    async def connect(self, order: SocketOrder) -> ServerSocket:
        """Shake hands. Raises StreamFailed (31901, 31902, 31920, 31922, 31923)."""
        url = self._checked(order.url)
        one = ServerSocket(self._limits)
        try:
            await self._shake_hands(one, url, order)
        except BaseException:
            one.abandon()
            raise
        if not self._chores.add(one.watch()):
            one.cut()
            raise StreamFailed(REFUSED, "too many streams run here already")
        return one

    async def _shake_hands(self, one: ServerSocket, url: URL, order: SocketOrder) -> None:
        headers = {
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": sign(self._accounts.get(order.account_sid, ""), order.url, None),
        }
        if url.user is not None:
            headers["Authorization"] = encode_basic_auth(url.user, url.password or "")
        place, loop = url.with_user(None), asyncio.get_running_loop()
        last = loop.time() + self._limits.connect
        try:
            async with asyncio.timeout_at(last):
                line = await self._connected(place)
            left = max(last - loop.time(), 0.001)
            is_secure = url.scheme == "wss"
            tls: dict[str, Any] = {"ssl_context": self._trust, "ssl_handshake_timeout": left} if is_secure else {}
            await ws_connect(
                lambda: one,
                str(place),
                # The library's own limit closes the connection; a task that is cancelled from outside would leave it.
                websocket_handshake_timeout=left,
                logger_name=_UNHEARD,
                enable_auto_ping=True,
                auto_ping_idle_timeout=self._limits.ping,
                auto_ping_reply_timeout=self._limits.ping,
                enable_auto_pong=False,
                max_frame_size=self._limits.message,
                extra_headers=headers,
                max_redirects=0,
                socket_factory=lambda _: line,
                use_aiofastnet=False,
                **tls,
            )
        except TimeoutError as error:
            raise StreamFailed(TIMEOUT, f"{place} did not answer within {self._limits.connect:g} s") from error
        except WSHandshakeError as error:
            said = f"answered the handshake with {int(error.response.status)}" if error.response else str(error)[:200]
            raise StreamFailed(HANDSHAKE, f"{place} {said}") from error
        except WSInvalidURL as error:
            raise StreamFailed(MALFORMED, f"{place} is no URL") from error
        except (OSError, ValueError) as error:
            raise StreamFailed(REFUSED, f"{place} cannot be reached: {error}") from error
        if not one.is_connected:
            raise StreamFailed(REFUSED, f"{place} closed the connection instead of an answer to the handshake")

    async def _connected(self, place: URL) -> socket.socket:
        """A connection with the first address of this host that answers; raises OSError."""
        host, port, loop = place.host or "", place.port or 0, asyncio.get_running_loop()
        self._judge(host)
        if self._resolver is None:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        else:
            numeric = socket.AI_NUMERICHOST
            found = [
                entry
                for one in await self._resolver.resolve(host, port, socket.AF_UNSPEC)
                for entry in await loop.getaddrinfo(one["host"], port, type=socket.SOCK_STREAM, flags=numeric)
            ]
        return await start_connection(found, happy_eyeballs_delay=PATIENCE, loop=loop)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()

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
