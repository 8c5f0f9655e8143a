"""Bad input: each ends in a clear state of the call, and the next call goes through."""

import asyncio
import socket
from pathlib import Path

import pytest
from aiohttp import web
from eventually import eventually_true
from offhook_process import NUMBER, Offhook
from sipp_runner import sipp
from web_application import Answer, WebApplication

pytestmark = pytest.mark.asyncio

GARBAGE = [
    b"\x00\xff" * 500,
    b"INVITE\r\n\r\n",
    b"INVITE sip:x@y SIP/2.0\r\nVia: banana\r\n\r\n",
    b"SIP/2.0 999 \r\n\r\n",
    b"x" * 65507,
    b"INVITE sip:x@y SIP/2.0\r\n" + b"A: b\r\n" * 9000 + b"\r\n",
]


async def calls_go_through(platform: Offhook, application: WebApplication, folder: Path) -> None:
    """Place one good call to a SIPp."""
    application.pages["/good"] = "<Response><Hangup/></Response>"
    async with sipp("answer", folder / "good") as callee:
        call = await platform.call(callee.uri, Url=f"{application.url}/good")
        await callee.finish()
    assert (await platform.ended(call["sid"]))["status"] == "completed"


async def server_error(_request: web.Request) -> web.Response:
    """An application that fails."""
    return web.Response(status=500, text="oops")


async def round_and_round(request: web.Request) -> web.Response:
    """An application that redirects for ever."""
    raise web.HTTPFound(location=str(request.url))


async def flood(request: web.Request) -> web.StreamResponse:
    """An application that answers with ten megabytes."""
    response = web.StreamResponse(headers={"Content-Type": "text/xml"})
    await response.prepare(request)
    try:
        for _ in range(160):
            await response.write(b"<!-- " + b"x" * 65536 + b" -->")
    except ConnectionError:
        return response
    return response


async def silence(_request: web.Request) -> web.Response:
    """An application that never answers."""
    await asyncio.Event().wait()
    return web.Response(status=204)


async def broken(_request: web.Request) -> web.Response:
    """An application whose document is no XML."""
    return web.Response(text="<Response><Say>hello</Response>", content_type="text/xml")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (server_error, 11200),
        (round_and_round, 11215),
        (flood, 11750),
        (broken, 12100),
        (silence, 11205),
    ],
    ids=["500", "redirects", "10 MB", "broken document", "silence"],
)
async def test_an_application_that_fails(
    platform: Offhook, application: WebApplication, tmp_path: Path, answer: Answer, error: int
) -> None:
    """The callee is hung up on, the call has a notification with the contract's code, and the next call works."""
    application.pages["/bad"] = answer
    async with sipp("answer", tmp_path / "callee") as callee:
        call = await platform.call(callee.uri, Url=f"{application.url}/bad", StatusCallback=f"{application.url}/status")
        await callee.finish()
    assert (await application.request("/status")).form["CallStatus"] in {"completed", "failed"}
    assert [int(one["error_code"]) for one in await platform.notifications(call["sid"])] == [error]
    await calls_go_through(platform, application, tmp_path)


async def test_an_unresolvable_host(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """The call fails without an INVITE, with SIP code 503 or none, and the next call works."""
    call = await platform.call(
        "sip:bob@no-such-host.invalid", Url=f"{application.url}/never", StatusCallback=f"{application.url}/status"
    )
    assert (await application.request("/status")).form["CallStatus"] == "failed"
    assert (await platform.ended(call["sid"]))["status"] == "failed"
    await calls_go_through(platform, application, tmp_path)


async def test_a_callee_that_is_not_there(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """A TCP port that nobody listens on fails at once."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        call = await platform.call(f"sip:bob@127.0.0.1:{port};transport=tcp", Url=f"{application.url}/never")
        assert (await platform.ended(call["sid"], 5))["status"] == "failed"
    await calls_go_through(platform, application, tmp_path)


async def test_malformed_datagrams(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """Garbage on the SIP port of every edge is survived."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
        for edge in range(1, 9):
            for datagram in GARBAGE:
                noise.sendto(datagram, (f"127.0.0.{edge}", platform.sip_port))
    await calls_go_through(platform, application, tmp_path)


async def test_nothing_is_left_after_calls(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """After calls of every ending the process holds as many files and sockets as before them."""
    await calls_go_through(platform, application, tmp_path / "first")
    await eventually_true(lambda: not media_sockets(platform), "the first call's ports to close")
    before = open_files(platform)
    for index in range(3):
        await calls_go_through(platform, application, tmp_path / f"good{index}")
        async with sipp("refuse", tmp_path / f"busy{index}", keys={"code": "486", "reason": "Busy Here"}) as callee:
            call = await platform.call(callee.uri, Url=f"{application.url}/never")
            await callee.finish()
            assert (await platform.ended(call["sid"]))["status"] == "busy"
    await eventually_true(lambda: not media_sockets(platform), "the media ports to close")
    await eventually_true(lambda: open_files(platform) <= before + 1, "the open files to be as many as before")


async def test_a_caller_that_nobody_admits_gets_no_answer_of_use(
    platform: Offhook, application: WebApplication
) -> None:
    """A request with an unknown method is answered 405 or 501, and no application is asked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(5)
        here = f"127.0.0.1:{peer.getsockname()[1]}"
        peer.sendto(
            f"DANCE sip:{NUMBER}@{platform.target} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKd\r\n"
            f"From: <sip:a@{here}>;tag=1\r\nTo: <sip:{NUMBER}@{platform.target}>\r\nCall-ID: dance\r\n"
            "CSeq: 1 DANCE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n".encode(),
            ("127.0.0.1", platform.sip_port),
        )
        assert peer.recv(65535).split()[1] in {b"405", b"501"}
    assert not application.asked


def open_files(platform: Offhook) -> int:
    """How many file descriptors the program holds."""
    return len(list(Path(f"/proc/{platform.process.pid}/fd").iterdir()))


def media_sockets(platform: Offhook) -> list[str]:
    """The media ports that are bound; the range belongs to this test's program alone."""
    del platform
    lines = Path("/proc/net/udp").read_text(encoding="utf-8").splitlines()[1:]
    ports = [int(line.split()[1].partition(":")[2], 16) for line in lines]
    return [str(port) for port in ports if 20_000 <= port <= 20_999]
