"""bridged_call_cpu: CPU per call from a number to a callee, offhook beside Kamailio as a proxy; SIPp is the floor.

Ours includes the webhook, its signature, up to eight callbacks, both legs' media ports, the store and the timeline.
"""

import time
from pathlib import Path

from bench.kamailio import kamailio
from bench.platform import platform
from bench.processes import PeerFailed, free_port, resident_bytes, running, until
from bench.sipp import Load, call_through, callee_command, caller_command, complaints, is_bound

WARM_UP = Load(calls=40, rate=40)
STANDING = Load(calls=100, rate=40)
LOAD = Load(calls=400, rate=40)


def call_run(kind: str, folder: Path) -> float:
    """One run, ours or peer: milliseconds of CPU per call, after some calls to warm up."""
    port = free_port()
    if kind == "ours":
        with platform(port, folder) as ours:
            call_through(ours.target, port, WARM_UP, folder, ours.pid)
            return call_through(ours.target, port, LOAD, folder, ours.pid)
    with kamailio(port, folder) as proxy:
        call_through(proxy.target, port, WARM_UP, folder, proxy.pid)
        return call_through(proxy.target, port, LOAD, folder, proxy.pid)


def bridged_call_memory(folder: Path) -> float:
    """Kibibytes that each of a hundred bridged calls adds, once as many calls have warmed everything up."""
    port = free_port()
    with platform(port, folder) as ours:
        call_through(ours.target, port, STANDING, folder, ours.pid)
        before = resident_bytes(ours.pid)
        with running(callee_command(port, STANDING), folder / "callee.log") as callee:
            until(lambda: is_bound(port), "the SIPp callee", callee)
            command = [*caller_command(ours.target, STANDING), "-d", "6000"]
            with running(command, folder / "caller.log") as caller:
                most = before
                while caller.poll() is None:
                    most = max(most, resident_bytes(ours.pid))
                    time.sleep(0.2)
                if caller.returncode != 0:
                    raise PeerFailed(f"the SIPp caller failed: {complaints(folder)}")
    return (most - before) / STANDING.calls / 1024
