"""post_to_invite_p50 and webhook_to_invite_p50: milliseconds from a request's arrival to the INVITE on the wire.

The callee is a socket of our own: it notes when the INVITE comes and refuses it.
"""

import base64
import http.client
import json
import re
import socket
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.platform import ACCOUNT, NUMBER, TOKEN, Platform, platform

CALLS = 60
WARM_UP = 10
ECHOED = re.compile(rb"^(?:Via|From|To|Call-ID|CSeq):.*?\r\n", re.MULTILINE)
INVITE = (
    "INVITE sip:{number}@{target} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{call}\r\nMax-Forwards: 70\r\n"
    "From: <sip:+15550101@{here}>;tag={call}\r\nTo: <sip:{number}@{target}>\r\nCall-ID: {call}\r\nCSeq: 1 INVITE\r\n"
    "Contact: <sip:+15550101@{here}>\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{sdp}"
)
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"


def post_to_invite(folder: Path) -> float:
    """The median from sending POST Calls.json to receiving the INVITE; the 201 follows it or goes before."""

    def place(running: Platform, callee: socket.socket) -> float:
        host, port = callee.getsockname()
        form = {"To": f"sip:callee@{host}:{port}", "From": NUMBER, "Twiml": "<Response/>"}
        headers = {
            "Authorization": "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = http.client.HTTPConnection(running.http.removeprefix("http://"))
        connection.connect()
        begun = time.monotonic()
        connection.request("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", urllib.parse.urlencode(form), headers)
        _refuse_invite(callee)
        took = time.monotonic() - begun
        connection.close()
        return took

    return _median_of(place, folder)


def webhook_to_invite(folder: Path) -> float:
    """The median from the arrival of the document's request at the application to the INVITE of its <Dial>."""

    def place(running: Platform, callee: socket.socket) -> float:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.bind(("127.0.0.1", 0))
            host, port = caller.getsockname()
            call = f"bench{time.monotonic_ns()}"
            text = INVITE.format(
                number=NUMBER, target=running.target, here=f"{host}:{port}", call=call, length=len(SDP), sdp=SDP
            )
            to_host, _, to_port = running.target.partition(":")
            caller.sendto(text.encode(), (to_host, int(to_port)))
            _refuse_invite(callee)
            arrived = time.monotonic()
        asked: dict[str, float] = json.loads(_get(running.application, "/times"))
        return arrived - asked[call]

    return _median_of(place, folder)


def _median_of(place: Callable[[Platform, socket.socket], float], folder: Path) -> float:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as callee:
        callee.bind(("127.0.0.1", 0))
        callee.settimeout(5)
        with platform(callee.getsockname()[1], folder) as running:
            times = [place(running, callee) for _ in range(WARM_UP + CALLS)]
    return median(times[WARM_UP:]) * 1000


def _refuse_invite(callee: socket.socket) -> None:
    """Wait for an INVITE and refuse it; anything else that comes (an ACK) is read past."""
    while True:
        data, source = callee.recvfrom(65535)
        if data.startswith(b"INVITE "):
            head = data.partition(b"\r\n\r\n")[0] + b"\r\n"
            echoed = b"".join(
                line.replace(b"\r\n", b";tag=1\r\n") if line.startswith(b"To:") else line
                for line in ECHOED.findall(head)
            )
            callee.sendto(b"SIP/2.0 486 Busy Here\r\n" + echoed + b"Content-Length: 0\r\n\r\n", source)
            return


def _get(authority: str, path: str) -> bytes:
    connection = http.client.HTTPConnection(authority)
    connection.request("GET", path)
    body = connection.getresponse().read()
    connection.close()
    return body
