"""relay_packet_cpu, relay_srtp_packet_cpu: CPU per relayed packet, offhook's media plane beside rtpengine's user space.

The same packets in the same rhythm go through both: calls of two G.711 endpoints, 20 ms a packet, both ways. With SRTP
one endpoint has a suite with a tag of 32 bits and the other one of 80, so that every packet must be authenticated,
decrypted, encrypted and signed anew: between equal suites rtpengine hands the keys on and does none of it.
"""

import base64
import json
import re
import secrets
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pylibsrtp import Policy, Session

from bench.processes import PeerFailed, cpu_seconds, running
from bench.rtpengine import rtpengine
from offhook.media.lateness import Lateness

CALLS = 60
SECONDS = 8.0
WARM_UP = 0.5
PTIME = 0.02
HEADER = 12
MASTER = 30  # octets of an SRTP key and its salt
SUITES = {  # and the octets of their tags
    "AES_CM_128_HMAC_SHA1_32": (Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 4),
    "AES_CM_128_HMAC_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 10),
}
READ_FIRST = 20  # packets that are also decrypted, before the measurement
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
        first, second = self.join_all([one, other])
        return first, second

    def join_all(self, offers: list[bytes]) -> list[bytes]:
        """The same of any number."""
        return [answer.encode() for answer in self._ask([offer.decode() for offer in offers])]

    def lateness(self) -> Lateness:
        """How late its ticks have come since the start."""
        told = self._ask(None)
        return Lateness(**told | {"buckets": tuple((bound, count) for bound, count in told["buckets"])})

    def _ask(self, question: list[str] | None) -> Any:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(question).encode() + b"\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        if not line:
            raise PeerFailed("the media plane's process ended: see plane.log")
        return json.loads(line)


@contextmanager
def plane(folder: Path) -> Iterator[PlaneRelay]:
    """A running media plane."""
    command = [sys.executable, "-m", "bench.plane"]
    with running(command, folder / "plane.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with child.stdin, child.stdout:
            yield PlaneRelay(child)


MakeEndpoint = Callable[[socket.socket, int, str], "Endpoint"]


@dataclass
class Endpoint:
    """One side of a call: a socket, an SSRC, and where its packets go."""

    socket: socket.socket
    number: int
    suite: str
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
            f"m=audio {port} RTP/AVP 8 101",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000",  # as all telephones do: without, each packet is searched for tones
            "a=sendrecv",
        ]
        return ("\r\n".join(lines) + "\r\n").encode()

    def send(self, tick: int) -> None:
        """Send the packet of this tick."""
        head = bytes((0x80, 8)) + (tick & 0xFFFF).to_bytes(2, "big") + (tick * 160).to_bytes(4, "big")
        self.socket.sendto(self.protect(head + self.number.to_bytes(4, "big") + PAYLOAD), self.target)

    def protect(self, packet: bytes) -> bytes:
        """The packet as it is sent."""
        return packet

    def take(self, sdp: bytes) -> None:
        """Aim at where the relay's SDP says."""
        self.target = ("127.0.0.1", _audio_port(sdp))

    def drain(self) -> None:
        """Count what has come."""
        try:
            while self.is_media(self.socket.recv(2048)):
                self.received += 1
        except BlockingIOError:
            return

    def is_media(self, packet: bytes) -> bool:
        """Whether this is what the other endpoint sent."""
        return len(packet) == HEADER + len(PAYLOAD)


class SecureEndpoint(Endpoint):
    """An endpoint that speaks SRTP (RFC 4568) under a key of its own, and reads the first packets.

    `keys` are those of all endpoints.
    """

    keys: ClassVar[set[bytes]] = set()

    def __init__(self, bound: socket.socket, number: int, suite: str) -> None:
        super().__init__(bound, number, suite)
        self._key = secrets.token_bytes(MASTER)
        self.keys.add(self._key)
        self._sending = self._session(self._key, Policy.SSRC_ANY_OUTBOUND)
        self._receiving: Session | None = None

    def sdp(self) -> bytes:
        """What this endpoint offers."""
        key = base64.b64encode(self._key).decode()
        return super().sdp().replace(b"RTP/AVP", b"RTP/SAVP") + f"a=crypto:1 {self.suite} inline:{key}\r\n".encode()

    def take(self, sdp: bytes) -> None:
        """Learn the relay's key, which must not be the other endpoint's: packets passed on untouched are cheap."""
        super().take(sdp)
        found = re.search(rb"a=crypto:\d+ " + self.suite.encode() + rb" inline:([A-Za-z0-9+/]{40})", sdp)
        if found is None:
            raise PeerFailed(f"no key for {self.suite} in the relay's SDP: {sdp!r}")
        key = base64.b64decode(found[1])
        if key in self.keys:
            raise PeerFailed("the relay passes the endpoints' keys on")
        self._receiving = self._session(key, Policy.SSRC_ANY_INBOUND)

    def _session(self, key: bytes, ssrc_type: int) -> Session:
        return Session(Policy(key=key, ssrc_type=ssrc_type, srtp_profile=SUITES[self.suite][0]))

    def protect(self, packet: bytes) -> bytes:
        """The packet as SRTP."""
        return self._sending.protect(packet)

    def is_media(self, packet: bytes) -> bool:
        """Whether this is what the other endpoint sent, and for the first packets, whether it can be read."""
        if len(packet) != HEADER + len(PAYLOAD) + SUITES[self.suite][1] or self._receiving is None:
            return False
        return self.received >= READ_FIRST or self._receiving.unprotect(packet).endswith(PAYLOAD)


def measure_relay(relay: Relay, make: MakeEndpoint, calls: int = CALLS) -> float:
    """Microseconds of CPU for each packet that the relay passed on. Raises PeerFailed when packets were lost."""
    with ExitStack() as stack:
        endpoints = [endpoint for _ in range(calls) for endpoint in _call(relay, stack, make)]
        send_evenly(endpoints, 0, WARM_UP)
        for endpoint in endpoints:
            endpoint.received = 0
        before = cpu_seconds(relay.pid)
        sent = send_evenly(endpoints, int(WARM_UP / PTIME), SECONDS)
        used = cpu_seconds(relay.pid) - before
    arrived = sum(endpoint.received for endpoint in endpoints)
    if arrived < sent * LEAST_ARRIVED:
        raise PeerFailed(f"of {sent} packets only {arrived} were relayed")
    return used / arrived * 1e6


def _call(relay: Relay, stack: ExitStack, make: MakeEndpoint) -> tuple[Endpoint, Endpoint]:
    pair = []
    for suite in SUITES:
        bound = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        bound.bind(("127.0.0.1", 0))
        bound.setblocking(False)  # noqa: FBT003 - positional by nature
        pair.append(make(bound, bound.getsockname()[1], suite))
    one, other = pair
    for endpoint, sdp in zip(pair, relay.join(one.sdp(), other.sdp()), strict=True):
        endpoint.take(sdp)
    return one, other


def _audio_port(sdp: bytes) -> int:
    for line in sdp.splitlines():
        if line.startswith(b"m=audio "):
            return int(line.split()[1])
    raise PeerFailed(f"no audio in the relay's SDP: {sdp!r}")


def send_evenly(endpoints: Sequence[Endpoint], first: int, seconds: float) -> int:
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
        return measure_relay(relay, Endpoint)


def secure_relay_run(kind: str, folder: Path) -> float:
    """One run with SRTP on both sides."""
    with (plane if kind == "ours" else rtpengine)(folder) as relay:
        return measure_relay(relay, SecureEndpoint)
