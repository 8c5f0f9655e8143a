"""tick_lateness_p999_*, port_memory: how late the ticks of one media thread come under load, and what a leg weighs.

A leg alone is sent a packet of silence in each tick. The far ends of bridged calls are such legs of another plane, in a
process of its own: nothing else here could make packets so fast.
"""

import socket
import time
from pathlib import Path

from bench.processes import PeerFailed, resident_bytes
from bench.relay import LEAST_ARRIVED, PTIME, Endpoint, PlaneRelay, plane
from offhook.media.lateness import Lateness

SECONDS = 20.0  # 1,000 ticks
WARM_UP = 1.0
SHARE = 0.999
MEMORY_LEGS = 1000
WARM_LEGS = 100  # what the process takes once, for its first legs


def legs_run(legs: int, folder: Path) -> float:
    """One run: milliseconds that all ticks but one in a thousand kept within, with so many legs."""
    with plane(folder) as ours, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        _open_legs(ours, sink, legs)
        time.sleep(WARM_UP)
        before = ours.lateness()
        time.sleep(SECONDS)
        return _quantile(before, ours.lateness())


def calls_run(calls: int, folder: Path) -> float:
    """The same with so many bridged calls. Raises PeerFailed when the machine could not carry all their packets."""
    (folder / "far").mkdir(exist_ok=True)
    with plane(folder) as ours, plane(folder / "far") as far, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        for _ in range(calls):
            ends = [_open_leg(far, sink) for _ in range(2)]
            ours.join_all(ends)  # and the far legs latch onto what comes from there
        time.sleep(WARM_UP)
        before, datagrams = ours.lateness(), _datagrams()
        time.sleep(SECONDS)
        after, datagrams = ours.lateness(), _datagrams() - datagrams
    carried = datagrams / (calls * 4 * SECONDS / PTIME)
    if carried < LEAST_ARRIVED:
        raise PeerFailed(f"only {carried:.0%} of the packets of {calls} calls were carried")
    return _quantile(before, after)


def memory_run(folder: Path) -> float:
    """One run: KiB of resident memory for each leg that has agreed, what Python keeps of it included."""
    with plane(folder) as ours, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        _open_legs(ours, sink, WARM_LEGS)
        before = resident_bytes(ours.pid)
        _open_legs(ours, sink, MEMORY_LEGS)
        return (resident_bytes(ours.pid) - before) / MEMORY_LEGS / 1024


def _open_leg(ours: PlaneRelay, sink: socket.socket) -> bytes:
    """The SDP of a leg that sends to the sink until it hears from elsewhere."""
    if sink.getsockname()[1] == 0:
        sink.bind(("127.0.0.1", 0))
    (answer,) = ours.join_all([Endpoint(sink, 1, "").sdp()])
    return answer


def _open_legs(ours: PlaneRelay, sink: socket.socket, legs: int) -> None:
    for _ in range(legs):
        _open_leg(ours, sink)


def _datagrams() -> int:
    """How many datagrams all programs of this machine have been given."""
    lines = [line.split() for line in Path("/proc/net/snmp").read_text(encoding="ascii").splitlines()]
    names, counts = (line for line in lines if line[0] == "Udp:")
    return int(counts[names.index("InDatagrams")])


def _quantile(before: Lateness, after: Lateness) -> float:
    return after.since(before).quantile(SHARE) * 1000
