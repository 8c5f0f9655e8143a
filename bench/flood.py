"""banned_packet_cpu: CPU per datagram of a source that floods, offhook's guard beside Kamailio's pike."""

import socket
import time
from pathlib import Path

from bench.kamailio import PIKE, kamailio
from bench.platform import platform
from bench.processes import PeerFailed, cpu_seconds, free_port

FLOODER = "127.0.0.9"
WARM_UP, DATAGRAMS = 5_000, 40_000
GULP, BREATH = 20, 0.003  # some 6,000 a second: both must keep up, or what is lost would count as cheap
GUARDED = {"OFFHOOK_SIP__ALLOW": '["127.0.0.1/32"]'}


def flood_run(kind: str, folder: Path) -> float:
    """One run, ours or peer: microseconds of CPU per INVITE of a source that is kept out already."""
    if kind == "ours":
        with platform(free_port(), folder, GUARDED) as ours:
            return _flooded(ours.target, ours.pid)
    with kamailio(free_port(), folder, PIKE) as proxy:
        return _flooded(proxy.target, proxy.pid)


def _flooded(target: str, pid: int) -> float:
    _send(target, WARM_UP)
    before, lost = cpu_seconds(pid), _lost(target)
    _send(target, DATAGRAMS)
    time.sleep(0.2)  # until the last is read
    used = cpu_seconds(pid) - before
    if _lost(target) - lost > DATAGRAMS // 100:
        raise PeerFailed(f"{_lost(target) - lost} of {DATAGRAMS} datagrams were never read: the machine is too busy")
    return used / DATAGRAMS * 1e6


def _send(target: str, count: int) -> None:
    host, _, port = target.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flooder:
        flooder.bind((FLOODER, 0))
        flooder.connect((host, int(port)))
        for number in range(count):
            flooder.send(_invite(number, target))
            if number % GULP == 0:
                time.sleep(BREATH)


def _invite(number: int, target: str) -> bytes:
    return (
        f"INVITE sip:{number}@{target} SIP/2.0\r\nVia: SIP/2.0/UDP {FLOODER};branch=z9hG4bKf{number};rport\r\n"
        f"From: <sip:1@{FLOODER}>;tag={number}\r\nTo: <sip:{number}@{target}>\r\nCall-ID: f{number}@{FLOODER}\r\n"
        f"CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:1@{FLOODER}>\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def _lost(target: str) -> int:
    """How many datagrams the kernel has dropped on this port."""
    wanted = f":{int(target.rpartition(':')[2]):04X}"
    lines = Path("/proc/net/udp").read_text(encoding="utf-8").splitlines()[1:]
    return sum(int(line.split()[-1]) for line in lines if line.split()[1].endswith(wanted))
