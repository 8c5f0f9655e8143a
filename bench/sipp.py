"""SIPp as caller and callee of the measured calls, and both alone as the floor."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.processes import PeerFailed, cpu_seconds, free_port, running, until

SCENARIOS = Path(__file__).parent / "scenarios"
HOST = "127.0.0.1"
COMPLAINT = re.compile(r"^\d{4}-\d\d-\d\d\s+\S+\s+\S+: (.*?)(?:\r?\n\r?\n|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many calls, and how many of them are begun each second."""

    calls: int = 400
    rate: int = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """A SIPp that answers and is hung up on."""

    port: int
    process: "subprocess.Popen[bytes]"


def callee_command(port: int, load: Load) -> list[str]:
    """The command of a callee that ends after so many calls."""
    return [
        "sipp",
        *("-sf", str(SCENARIOS / "callee.xml"), "-i", HOST, "-p", str(port), "-mp", str(free_port())),
        *("-m", str(load.calls), "-nostdin", "-timeout", "120s", "-timeout_error"),
    ]


def caller_command(target: str, load: Load, callee: str = "+15550100") -> list[str]:
    """The command of a caller that places so many calls without length through `target`, host and port."""
    return [
        "sipp",
        target,
        *("-sf", str(SCENARIOS / "caller.xml"), "-i", HOST, "-p", str(free_port()), "-mp", str(free_port())),
        *("-key", "callee", callee, "-key", "caller", "+15550101", "-key", "domain", target),
        *("-m", str(load.calls), "-r", str(load.rate), "-d", "0", "-nostdin", "-timeout", "120s", "-timeout_error"),
    ]


def call_through(target: str, callee_port: int, load: Load, folder: Path, pid: int) -> float:
    """Place the calls through `target` to a callee on `callee_port`; milliseconds of CPU per call of process `pid`.

    Raises PeerFailed unless every call was answered and hung up on both sides.
    """
    with running(callee_command(callee_port, load), folder / "callee.log") as callee:
        until(lambda: is_bound(callee_port), "the SIPp callee", callee)
        before = cpu_seconds(pid)
        with running(caller_command(target, load), folder / "caller.log") as caller:
            codes = caller.wait(180), callee.wait(60)
        used = cpu_seconds(pid) - before
    if codes != (0, 0):
        raise PeerFailed(f"caller and callee ended with {codes}: {complaints(folder)}")
    return used / load.calls * 1000


def floor(load: Load, folder: Path) -> float:
    """Milliseconds of CPU per call of a SIPp callee that is called without anything between."""
    port = free_port()
    with running(callee_command(port, load), folder / "callee.log") as callee:
        until(lambda: is_bound(port), "the SIPp callee", callee)
        with running(caller_command(f"{HOST}:{port}", load), folder / "caller.log") as caller:
            last = before = cpu_seconds(callee.pid)
            while caller.poll() is None and callee.poll() is None:
                last = max(last, cpu_seconds(callee.pid))
                try:
                    callee.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
            if caller.wait(60) != 0:
                raise PeerFailed(f"the SIPp caller failed: {complaints(folder)}")
    return (last - before) / load.calls * 1000


def complaints(folder: Path) -> str:
    """What SIPp said of the calls that failed."""
    said = []
    for name in ("caller", "callee"):
        text = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        said += [f"{name}: {found[1][:300]}" for found in COMPLAINT.finditer(text)]
    return "; ".join(said[:4]) or "SIPp gave no reason"


def is_bound(port: int) -> bool:
    """Whether somebody has bound this UDP port."""
    wanted = f":{port:04X}"
    lines = Path("/proc/net/udp").read_text(encoding="utf-8").splitlines()
    return any(re.search(rf"{wanted}\b", line.split()[1]) for line in lines[1:])
