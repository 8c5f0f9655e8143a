"""offhook in a process that has imported everything already, which takes it a second and a half: tests start many.

Run as a program it waits for an order on its standard input and then is `offhook` with these arguments. While one test
is at work, the process of the next one makes ready.
"""

import asyncio
import atexit
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

READY = [sys.executable, str(Path(__file__))]
_spare: "subprocess.Popen[bytes] | None" = None


class WarmProcess:
    """A running offhook, with what of asyncio.subprocess.Process the tests need, on whichever loop they run."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._process.poll()

    def terminate(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    async def wait(self) -> int:
        """Its end."""
        # Not on a thread, which nobody could cancel.
        while (code := self._process.poll()) is None:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
        return code


def start(*arguments: str, folder: Path, environment: Mapping[str, str], output: Path) -> WarmProcess:
    """`offhook` with these arguments, in a folder, printing into a file; its environment is this and nothing else."""
    global _spare  # noqa: PLW0603 - one for the whole run
    process = _spare if _spare is not None and _spare.poll() is None else _make_ready()
    order = {"arguments": arguments, "folder": str(folder), "environment": dict(environment), "output": str(output)}
    assert process.stdin is not None
    with process.stdin as line:
        line.write(json.dumps(order).encode() + b"\n")
    _spare = _make_ready()
    return WarmProcess(process)


def _make_ready() -> "subprocess.Popen[bytes]":
    made = subprocess.Popen(READY, stdin=subprocess.PIPE)  # noqa: S603 - this file
    atexit.register(_end, made)
    return made


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
        process.wait()


def _main() -> None:
    from offhook.server import cli, compose  # noqa: F401, PLC0415 - what takes the time

    if not (line := sys.stdin.readline()):
        return
    order = json.loads(line)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((0, nothing), (1, output), (2, output)):
        os.dup2(place, descriptor)
    os.close(nothing)
    os.close(output)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    sys.argv = ["offhook", *order["arguments"]]
    cli.main()


if __name__ == "__main__":
    _main()
