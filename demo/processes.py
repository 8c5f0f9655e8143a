"""The processes of the demonstration: started with a log each, waited for, and ended whatever happens."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError
from urllib.request import urlopen

BIN = Path(sys.executable).parent
STEP = 0.05
GRACE = 8.0  # seconds that a process may take to end by itself


class DemoFailed(Exception):
    """The demonstration cannot go on; the text says why."""


class Cast:
    """Starts processes in a folder and ends them with the context; `limit` is how many seconds all may take."""

    def __init__(self, folder: Path, limit: float) -> None:
        self.folder = folder
        self._ends_at = time.monotonic() + limit
        self._stack = ExitStack()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, name: str, *command: str | Path, **environment: str) -> None:
        """Start a process; what it prints goes to <name>.log."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=inherited() | environment,
                # Ctrl-C is for us alone: we end them in order.
                start_new_session=True,
            )
        self._running[name] = process
        self._stack.callback(_end, process)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something. Raises DemoFailed when it does not come in time, or when a process ends before."""
        while not condition():
            for name, process in self._running.items():
                if process.poll() not in {None, 0}:
                    raise DemoFailed(f"{name} ended while {what} was awaited; it said:\n{self.said(name)}")
            if time.monotonic() > self._ends_at:
                raise DemoFailed(f"{what} did not come in time")
            time.sleep(STEP)

    def said(self, name: str) -> str:
        """The end of what a process printed."""
        text = (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-15:])


def inherited() -> dict[str, str]:
    """Our environment without what configures the platform."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")}


def json_lines(path: Path) -> list[Mapping[str, Any]]:
    """What a process wrote so far, one object for each whole line."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def answers(url: str) -> bool:
    """Whether something says 200 at this URL."""
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310 - our own http URLs
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except (URLError, OSError):
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
