"""A flood from one address while calls of another go on: bounded in number, on loopback addresses only."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from offhook_process import NUMBER, Offhook, offhook
from web_application import WebApplication

from offhook.sip.message import Request, Response
from offhook.sip.parse import parse

pytestmark = pytest.mark.asyncio

GUARDED: Mapping[str, str] = {"OFFHOOK_SIP__ALLOW": '["127.0.0.1/32"]'}
FLOODER = "127.0.0.9"
DATAGRAMS = 30_000
GARBAGE = b"\x00\xff" * 200
TALK = "<Response><Say>hello</Say><Pause length='60'/></Response>"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


class Phone:
    """One call from 127.0.0.1: what it says by SIP, and how many RTP packets it hears."""

    def __init__(self, platform: Offhook, name: str) -> None:
        self.sip, self.rtp = bound(), bound()
        self.target = platform.target
        self.name = name
        self.to_tag = ""

    async def say(self, method: str, number: int, body: str = "") -> None:
        """Send a request."""
        host, port = self.sip.getsockname()
        start = f"{method} sip:{NUMBER}@{self.target} SIP/2.0\r\n"
        text = start + (
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{self.name}{method}{number};rport\r\nMax-Forwards: 70\r\n"
            f"From: <sip:a@{host}>;tag={self.name}\r\nTo: <sip:{NUMBER}@{self.target}>{self.to_tag}\r\n"
            f"Call-ID: {self.name}\r\nCSeq: {number} {method}\r\nContact: <sip:a@{host}:{port}>\r\n"
            + (f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}" if body else "\r\n")
        )
        where, _, service = self.target.partition(":")
        await asyncio.get_running_loop().sock_sendto(self.sip, text.encode(), (where, int(service)))

    async def hear(self, method: str) -> Response:
        """The final response to the method; whatever else comes is read over."""
        async with asyncio.timeout(5):
            while True:
                message = parse(await asyncio.get_running_loop().sock_recv(self.sip, 65535))
                if isinstance(message, Response) and message.is_final and message.cseq.method == method:
                    return message
                assert not isinstance(message, Request), f"{self.name} was sent {message!r}"

    async def call(self) -> int:
        """INVITE and ACK; the code of the answer."""
        await self.say("INVITE", 1, SDP.format(port=self.rtp.getsockname()[1]))
        answer = await self.hear("INVITE")
        self.to_tag = f";tag={answer.to_tag}"
        await self.say("ACK", 1)
        return answer.code

    async def hang_up(self) -> int:
        """BYE; the code of the answer."""
        await self.say("BYE", 2)
        return (await self.hear("BYE")).code

    def heard(self) -> int:
        """How many RTP packets have come since this was asked last."""
        count = 0
        try:
            while True:
                self.rtp.recv(2048)
                count += 1
        except BlockingIOError:
            return count


def bound(host: str = "127.0.0.1") -> socket.socket:
    """A datagram socket on a free port."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((host, 0))
    made.setblocking(False)  # noqa: FBT003
    return made


@asynccontextmanager
async def phone(platform: Offhook, name: str) -> AsyncIterator[Phone]:
    """A phone, and its sockets given back."""
    made = Phone(platform, name)
    try:
        yield made
    finally:
        made.sip.close()
        made.rtp.close()


def invite_of(number: int, target: str) -> bytes:
    """What a scanner sends."""
    return (
        f"INVITE sip:{number}@{target} SIP/2.0\r\nVia: SIP/2.0/UDP {FLOODER};branch=z9hG4bKf{number}\r\n"
        f"From: <sip:1@{FLOODER}>;tag={number}\r\nTo: <sip:{number}@{target}>\r\nCall-ID: f{number}\r\n"
        f"CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:1@{FLOODER}>\r\nContent-Length: 0\r\n\r\n"
    ).encode()


async def flood(platform: Offhook) -> None:
    """INVITEs and garbage in turn, in gulps of a hundred."""
    host, _, port = platform.target.partition(":")
    with bound(FLOODER) as flooder:
        loop = asyncio.get_running_loop()
        for number in range(DATAGRAMS):
            data = GARBAGE if number % 2 else invite_of(number, platform.target)
            await loop.sock_sendto(flooder, data, (host, int(port)))
            if number % 100 == 0:
                await asyncio.sleep(0.005)  # how fast a flood comes is part of it


async def metric(platform: Offhook, name: str) -> float:
    """One sample of /metrics."""
    async with platform.client.get(f"{platform.http}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


async def test_a_flood_does_not_disturb_calls(application: WebApplication, tmp_path: Path) -> None:
    """The call that is up keeps its sound and is hung up, a new one comes up meanwhile; the flood is counted."""
    application.pages["/number"] = TALK
    async with offhook(tmp_path / "offhook", application.url, environment=GUARDED) as platform:
        async with phone(platform, "first") as first, phone(platform, "second") as second:
            assert await first.call() == 200
            flooding = asyncio.ensure_future(flood(platform))  # noqa: TID251  # beside what follows
            loop = asyncio.get_running_loop()
            first.heard()
            begun = loop.time()
            assert await second.call() == 200
            await flooding
            lasted = loop.time() - begun
            assert first.heard() > 0.8 * lasted * 50
            assert await first.hang_up() == 200
            assert await second.hang_up() == 200
        assert await metric(platform, 'offhook_guard_refused_total{reason="banned"}') > DATAGRAMS / 2
        assert await metric(platform, "offhook_guard_banned") == 1.0
        assert await metric(platform, 'offhook_guard_strikes_total{reason="malformed"}') >= 1.0
        assert len(application.to("/number")) == 2
