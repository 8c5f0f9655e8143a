"""tick_lateness_p999_*, port_memory: how late the ticks of one media thread come under load, and what a leg weighs.

A leg alone is sent a packet of silence in each tick. Legs of bridged calls relay as in relay_packet_cpu, as many as one
core can feed beside the media thread's own.
"""

import socket
import time
from contextlib import ExitStack
from pathlib import Path

from bench.processes import resident_bytes
from bench.relay import PTIME, Endpoint, PlaneRelay, make_call, plane, send_evenly
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
    """The same with so many bridged calls."""
    with plane(folder) as ours, ExitStack() as stack:
        endpoints = [endpoint for _ in range(calls) for endpoint in make_call(ours, stack, Endpoint)]
        send_evenly(endpoints, 0, WARM_UP)
        before = ours.lateness()
        send_evenly(endpoints, int(WARM_UP / PTIME), SECONDS)
        return _quantile(before, ours.lateness())


def memory_run(folder: Path) -> float:
    """One run: KiB of resident memory for each leg that has agreed, what Python keeps of it included."""
    with plane(folder) as ours, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        _open_legs(ours, sink, WARM_LEGS)
        before = resident_bytes(ours.pid)
        _open_legs(ours, sink, MEMORY_LEGS)
        return (resident_bytes(ours.pid) - before) / MEMORY_LEGS / 1024


def _open_legs(ours: PlaneRelay, sink: socket.socket, legs: int) -> None:
    if sink.getsockname()[1] == 0:
        sink.bind(("127.0.0.1", 0))
    offer = Endpoint(sink, 1, "").sdp()
    for _ in range(legs):
        ours.join_all([offer])


def _quantile(before: Lateness, after: Lateness) -> float:
    return after.since(before).quantile(SHARE) * 1000
