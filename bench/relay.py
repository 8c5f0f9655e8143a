"""relay_packet_cpu: CPU per relayed RTP packet, offhook's media plane beside rtpengine in user space.

The same packets in the same rhythm go through both: calls of two G.711 endpoints, 20 ms a packet, both ways.
"""

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.processes import PeerFailed, cpu_seconds, running
from bench.rtpengine import rtpengine

CALLS = 60
SECONDS = 8.0
WARM_UP = 0.5
PTIME = 0.02
HEADER = 12
PAYLOAD = b"\xd5" * 160
# Loopback loses nothing; a relay that drops packets would look cheap.
LEAST_ARRIVED = 0.99


class Relay(Protocol):
    """A process that joins the endpoints of two SDPs."""

    pid: int

    def join(self, one: bytes, other: bytes) -> tuple[bytes, bytes]:
        """Returns the SDP for each endpoint."""


class PlaneRelay:
    """offhook's plane in a process of its own."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self.pid = child.pid
        self._child = child

    def join(self, one: bytes, other: bytes) -> tuple[bytes, bytes]:
        """Returns the SDP for each endpoint."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps([one.decode(), other.decode()]).encode() + b"\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        if not line:
            raise PeerFailed("the media plane's process ended: see plane.log")
        answers = json.loads(line)
        return answers[0].encode(), answers[1].encode()


@contextmanager
def plane(folder: Path) -> Iterator[PlaneRelay]:
    """A running media plane."""
    command = [sys.executable, "-m", "bench.plane"]
    with running(command, folder / "plane.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with child.stdin, child.stdout:
            yield PlaneRelay(child)


@dataclass(slots=True)
class Endpoint:
    """One side of a call: a socket, an SSRC, and where its packets go."""

    socket: socket.socket
    number: int
    target: tuple[str, int] = ("", 0)
    received: int = 0

    def sdp(self) -> bytes:
        """What this endpoint offers."""
        host, port = self.socket.getsockname()
        lines = [
            "v=0",
            f"o=- {self.number} 1 IN IP4 {host}",
            "s=-",
            f"c=IN IP4 {host}",
            "t=0 0",
            f"m=audio {port} RTP/AVP 8",
            "a=rtpmap:8 PCMA/8000",
            "a=sendrecv",
        ]
        return ("\r\n".join(lines) + "\r\n").encode()

    def send(self, tick: int) -> None:
        """Send the packet of this tick."""
        head = bytes((0x80, 8)) + (tick & 0xFFFF).to_bytes(2, "big") + (tick * 160).to_bytes(4, "big")
        self.socket.sendto(head + self.number.to_bytes(4, "big") + PAYLOAD, self.target)

    def drain(self) -> None:
        """Count what has come."""
        try:
            while len(self.socket.recv(2048)) == HEADER + len(PAYLOAD):
                self.received += 1
        except BlockingIOError:
            return


def measure_relay(relay: Relay) -> float:
    """Microseconds of CPU for each packet that the relay passed on. Raises PeerFailed when packets were lost."""
    with ExitStack() as stack:
        endpoints = [endpoint for _ in range(CALLS) for endpoint in _call(relay, stack)]
        _send(endpoints, 0, WARM_UP)
        for endpoint in endpoints:
            endpoint.received = 0
        before = cpu_seconds(relay.pid)
        sent = _send(endpoints, int(WARM_UP / PTIME), SECONDS)
        used = cpu_seconds(relay.pid) - before
    arrived = sum(endpoint.received for endpoint in endpoints)
    if arrived < sent * LEAST_ARRIVED:
        raise PeerFailed(f"of {sent} packets only {arrived} were relayed")
    return used / arrived * 1e6


def _call(relay: Relay, stack: ExitStack) -> tuple[Endpoint, Endpoint]:
    pair = []
    for _ in range(2):
        bound = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        bound.bind(("127.0.0.1", 0))
        bound.setblocking(False)  # noqa: FBT003 - positional by nature
        pair.append(Endpoint(socket=bound, number=bound.getsockname()[1]))
    one, other = pair
    for endpoint, sdp in zip(pair, relay.join(one.sdp(), other.sdp()), strict=True):
        endpoint.target = ("127.0.0.1", _audio_port(sdp))
    return one, other


def _audio_port(sdp: bytes) -> int:
    for line in sdp.splitlines():
        if line.startswith(b"m=audio "):
            return int(line.split()[1])
    raise PeerFailed(f"no audio in the relay's SDP: {sdp!r}")


def _send(endpoints: list[Endpoint], first: int, seconds: float) -> int:
    """Send one packet from each endpoint every 20 ms and read what comes; returns how many were sent."""
    begun = time.monotonic()
    ticks = int(seconds / PTIME)
    for tick in range(ticks):
        for endpoint in endpoints:
            endpoint.send(first + tick)
        for endpoint in endpoints:
            endpoint.drain()
        time.sleep(max(0.0, begun + (tick + 1) * PTIME - time.monotonic()))
    select.select([], [], [], PTIME)
    for endpoint in endpoints:
        endpoint.drain()
    return ticks * len(endpoints)


def relay_run(kind: str, folder: Path) -> float:
    """One run of a relay of this kind, ours or peer."""
    with (plane if kind == "ours" else rtpengine)(folder) as relay:
        return measure_relay(relay)
