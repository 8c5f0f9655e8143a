"""Peers as child processes: started, watched until they are ready, measured in CPU time, ended by their id."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 20.0  # seconds until a peer must be ready, or gone


class PeerFailed(Exception):
    """A peer did not do what it must; says which and what to look at."""


@contextmanager
def running(command: Sequence[str], log: Path, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """A child process with its output in `log`; ended politely, then by force, with all its children."""
    with log.open("wb") as output:
        try:
            child = subprocess.Popen(  # type: ignore[call-overload]
                command, **{"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output, **options}
            )
        except FileNotFoundError as error:
            raise PeerFailed(f"{command[0]} is not installed: run `make bench`, which installs the peers") from error
        try:
            yield child
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def cpu_seconds(pid: int) -> float:
    """CPU time, user and system, that a process and all its living descendants have used."""
    total = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_bytes(pid: int) -> int:
    """Memory that a process and all its living descendants keep resident."""
    pages = (int(Path(f"/proc/{member}/statm").read_text(encoding="utf-8").split()[1]) for member in family(pid))
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def family(pid: int) -> list[int]:
    """The process and its living descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue  # it ended while we looked
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        member = waiting.pop()
        found.append(member)
        waiting += parents.get(member, [])
    return found


def until(ready: Callable[[], bool], what: str, child: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until `ready` says so. Raises PeerFailed when it takes too long or the child ends meanwhile."""
    end = time.monotonic() + PATIENCE
    while not ready():
        if child is not None and child.poll() is not None:
            raise PeerFailed(f"{what}: the process ended with code {child.returncode}")
        if time.monotonic() > end:
            raise PeerFailed(f"{what}: not ready after {PATIENCE:.0f} s")
        time.sleep(0.02)


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM, host: str = "127.0.0.1") -> int:
    """A port that was free a moment ago."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
