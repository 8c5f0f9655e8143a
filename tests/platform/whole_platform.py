"""The whole platform on the test's own loop, on free ports of the eight loopback edges, and a callee that listens."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from offhook.model.sids import AccountSid
from offhook.server.compose import Platform, open_platform
from offhook.server.config import Config, default_edges
from offhook.server.settings import Account, Http, Settings
from offhook.sip.message import Request, response_to
from offhook.sip.parse import parse

ACCOUNT = AccountSid("AC00000000000000000000000000000001")
TOKEN = "platform-test-token"
Result = TypeVar("Result")


def settings(**changes: Any) -> Settings:
    """Settings with every port free, so that tests run beside one another."""
    edges = tuple(
        msgspec.structs.replace(
            edge,
            sip=edge.sip.replace(":5060", ":0"),
            sips=edge.sips.replace(":5061", ":0"),
            media_ports="20000-39999",
        )
        for edge in default_edges()
    )
    plain = Settings(
        http=Http(listen="127.0.0.1:0"),
        account=(Account(sid=ACCOUNT, auth_token=TOKEN),),
        edge=edges,
    )
    return msgspec.structs.replace(plain, **changes)


@asynccontextmanager
async def running_platform(folder: Path, **changes: Any) -> AsyncIterator[Platform]:
    """Offhook from its first socket to its last."""
    async with open_platform(Config(settings=settings(**changes), source=None, data=folder)) as platform:
        yield platform


@asynccontextmanager
async def sdk(platform: Platform) -> AsyncIterator["Sdk"]:
    """Twilio's SDK, unmodified but for where it connects."""
    http_client = TwilioHttpClient(timeout=5)
    client = Client(ACCOUNT, TOKEN, http_client=http_client)
    client.api.base_url = f"http://{platform.address}"
    try:
        yield Sdk(client)
    finally:
        http_client.session.close()


@dataclass(frozen=True, slots=True)
class Sdk:
    """The SDK blocks; it works in a thread beside the loop."""

    client: Any

    async def run(self, work: Callable[[Any], Result]) -> Result:
        """Let the SDK do this."""
        return await asyncio.to_thread(work, self.client)


SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)


class Callee(asyncio.DatagramProtocol):
    """A SIP phone on a socket of its own that keeps every INVITE's bytes and answers it with one code."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.received: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self.methods: list[str] = []
        self._transport: asyncio.DatagramTransport | None = None
        self._invite: Request | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer each request; a CANCEL also ends its INVITE."""
        message = parse(data)
        if not isinstance(message, Request):
            return
        self.methods.append(message.method)
        if message.method == "INVITE":
            self._invite = message
            self.received.put_nowait((data, addr))
            self._answer(message, self.code, addr)
        elif message.method != "ACK":
            self._answer(message, 200, addr)
            if message.method == "CANCEL" and self._invite is not None:
                self._answer(self._invite, 487, addr)

    def _answer(self, request: Request, code: int, addr: tuple[str, int]) -> None:
        is_up = request.method == "INVITE" and code == 200
        response = response_to(request, code, to_tag="callee", body=SDP if is_up else b"")
        if is_up and self._transport is not None:
            host, port = self._transport.get_extra_info("sockname")
            response.headers.add("Contact", f"<sip:{host}:{port}>")
            response.headers.add("Content-Type", "application/sdp")
        if self._transport is not None:
            self._transport.sendto(bytes(response), addr)


@asynccontextmanager
async def calling(code: int) -> AsyncIterator[tuple[Callee, str]]:
    """A callee that answers with `code`, and its host:port."""
    loop = asyncio.get_running_loop()
    transport, callee = await loop.create_datagram_endpoint(
        lambda: Callee(code), local_addr=("127.0.0.1", 0), family=socket.AF_INET
    )
    host, port = transport.get_extra_info("sockname")
    try:
        yield callee, f"{host}:{port}"
    finally:
        transport.close()
