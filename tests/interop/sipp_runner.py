"""SIPp as a phone: a scenario of tests/interop/sipp on an address of its own, with its exit code and message log."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType

from eventually import eventually_true
from free_ports import free_port
from sipp_script import Script
from tls_relay import behind_tls, towards_tls

SCENARIOS = Path(__file__).parent / "sipp"
NO_KEYS: Mapping[str, str] = MappingProxyType({})
LIMIT = 12  # seconds until SIPp gives up by itself
# SIPp takes several ports from the one it is given on, audio and video: below those that the kernel hands out.
_media_ports = count(22_000 + os.getpid() % 1000 * 8, 8)  # two runs at once do not meet
MESSAGE = re.compile(
    r"^-{10,} \S+ \S+\n(\w+) message (sent|received) .*?\n\n(.*?)(?=^-{10,} |\Z)", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedMessage:
    """One SIP message as SIPp saw it; `direction` is SIPp's: sent or received."""

    direction: str
    transport: str
    text: str

    @property
    def start_line(self) -> str:
        """The first line."""
        return self.text.partition("\n")[0].strip()

    @property
    def body(self) -> bytes:
        """What follows the empty line."""
        return self.text.replace("\r\n", "\n").partition("\n\n")[2].encode()

    def values(self, name: str) -> list[str]:
        """The values of a header field, in order."""
        head = self.text.replace("\r\n", "\n").partition("\n\n")[0]
        found = re.findall(rf"^{re.escape(name)}[ \t]*:[ \t]*(.*?)[ \t]*$", head, re.MULTILINE | re.IGNORECASE)
        return [str(value) for value in found]


class Sipp:
    """A running SIPp."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, folder: Path, uri: str) -> None:
        self.port = port
        self.uri = uri  # where this phone is called, its transport included
        self._process = process
        self._folder = folder

    async def finish(self) -> None:
        """Wait for the end; fails with SIPp's own words unless the scenario went as written."""
        code = await self._process.wait()
        assert code == 0, f"SIPp ended with {code}: {self.complaints()}\n{self.log()}"

    async def stop(self) -> None:
        """End it, whatever it is doing."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    def complaints(self) -> str:
        """What SIPp says went wrong."""
        path = self._folder / "errors.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else "(nothing)"

    def log(self) -> str:
        """Every message, as text."""
        path = self._folder / "messages.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def messages(self, direction: str = "received") -> list[LoggedMessage]:
        """The messages of one direction, in order."""
        return [
            LoggedMessage(direction=match[2], transport=match[1], text=match[3].strip("\n"))
            for match in MESSAGE.finditer(self.log())
            if match[2] == direction
        ]

    def first(self, method_or_code: str, direction: str = "received") -> LoggedMessage:
        """The first message whose start line begins with this method or has this code."""
        for message in self.messages(direction):
            words = message.start_line.split()
            if method_or_code in (words[0], words[1] if words[0] == "SIP/2.0" else ""):
                return message
        raise AssertionError(f"no {method_or_code} was {direction}:\n{self.log()}")


@asynccontextmanager
async def sipp(
    scenario: str | Script,
    folder: Path,
    *,
    target: str = "",
    transport: str = "udp",
    arguments: tuple[str, ...] = (),
    keys: Mapping[str, str] = NO_KEYS,
) -> AsyncIterator[Sipp]:
    """SIPp with this scenario: a caller when `target` (host:port) is given, else a callee that is ready to be called.

    `scenario` is the name of a file, or a script. `keys` replace [name] in it, in places too where SIPp itself allows
    no key. Debian's SIPp has no TLS: for `tls` it speaks TCP, and a relay puts it behind TLS.
    """
    port = free_port()
    _make(folder)
    async with AsyncExitStack() as stack:
        own, uri = "sip:phone@[local_ip]:[local_port];transport=[transport]", f"sip:callee@127.0.0.1:{port}"
        if transport == "tls" and target:
            host, _, number = target.rpartition(":")
            target = f"{host}:{await stack.enter_async_context(towards_tls(int(number)))}"
        elif transport == "tls":
            own = uri = (
                f"sip:callee@127.0.0.1:{await stack.enter_async_context(behind_tls(folder, port))};transport=tls"
            )
        elif transport == "tcp":
            uri += ";transport=tcp"
        _write(folder, scenario, {"own_uri": own, **keys})
        process = await _start(folder, port, target, transport, arguments)
        running = Sipp(process, port, folder, uri)
        stack.push_async_callback(running.stop)
        if not target:
            await _is_bound(port, "udp" if transport == "udp" else "tcp", running, process)
        yield running


async def _start(
    folder: Path, port: int, target: str, transport: str, arguments: tuple[str, ...]
) -> asyncio.subprocess.Process:
    program = shutil.which("sipp")
    assert program, "SIPp is missing: apt-get install sip-tester"
    command = [
        program,
        *([target] if target else []),
        *("-sf", "scenario.xml", "-i", "127.0.0.1", "-p", str(port), "-mp", str(next(_media_ports))),
        *("-m", "1", "-t", "u1" if transport == "udp" else "t1"),
        *("-nostdin", "-timeout", f"{LIMIT}s", "-timeout_error"),
        *("-trace_msg", "-message_file", "messages.log", "-trace_err", "-error_file", "errors.log"),
        *arguments,
    ]
    return await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _write(folder: Path, scenario: str | Script, keys: Mapping[str, str]) -> None:
    is_file = isinstance(scenario, str)
    text = (SCENARIOS / f"{scenario}.xml").read_text(encoding="utf-8") if is_file else str(scenario)
    for name, value in keys.items():
        text = text.replace(f"[{name}]", value)
    (folder / "scenario.xml").write_text(text, encoding="utf-8")


async def _is_bound(port: int, transport: str, running: Sipp, process: asyncio.subprocess.Process) -> None:
    def bound() -> bool:
        assert process.returncode is None, f"SIPp ended at once: {running.complaints()}"
        lines = Path(f"/proc/net/{transport}").read_text(encoding="utf-8").splitlines()[1:]
        return any(line.split()[1].endswith(f":{port:04X}") for line in lines)

    await eventually_true(bound, f"SIPp on {transport} port {port}")
