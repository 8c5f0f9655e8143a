"""offhook as people run it: `offhook serve` in a process of its own, on free ports, with its own data folder."""

import asyncio
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp
from eventually import eventually
from free_ports import free_port
from warm_process import WarmProcess, start

ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "interop-test-token"
NUMBER = "+15550100"
DOMAIN = "acme"
SECURE_DOMAIN = "safe"
EDGES = ("ashburn", "umatilla", "dublin", "frankfurt", "singapore", "sao-paulo", "sydney", "tokyo")
NOTHING: Mapping[str, str] = MappingProxyType({})
# Where Python finds offhook is said by a second working copy that shares an environment with the first.
PASSED_ON = {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
FINAL = {"completed", "busy", "no-answer", "failed", "canceled"}
CONFIG = """\
[http]
listen = "127.0.0.1:{http}"

[[account]]
sid = "{account}"
auth_token = "{token}"

[sip]
t1 = {t1}

[webhook]
total_timeout = 3.0

[limits]
ring_buffer = 0.0
drain = 2.0

[[number]]
phone_number = "{number}"
voice_url = "{application}/number"
status_callback = "{application}/number-status"
status_callback_event = ["initiated", "ringing", "answered", "completed"]

[[sip_domain]]
name = "{domain}"
voice_url = "{application}/domain"

[[sip_domain]]
name = "{secure_domain}"
voice_url = "{application}/domain"
secure = true
"""
EDGE = """
[[edge]]
name = "{name}"
sip = "{host}:{port}"
sips = "{host}:{tls_port}"
media = "{host}"
media_ports = "{low}-{high}"
"""


@dataclass(slots=True)
class Offhook:
    """A running offhook and a client of its REST API."""

    http: str
    sip_port: int
    sips_port: int
    client: aiohttp.ClientSession
    process: WarmProcess
    folder: Path
    was_killed: bool = False

    @property
    def target(self) -> str:
        """Host and port of the default edge."""
        return f"127.0.0.1:{self.sip_port}"

    async def call(self, to: str, **parameters: str | list[str]) -> dict[str, Any]:
        """Place a call; fails unless it is accepted."""
        form = [("To", to), ("From", NUMBER)]
        for name, value in parameters.items():
            form += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        async with self.client.post(f"{self._account}/Calls.json", data=form) as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == 201, body
            return body

    async def update(self, sid: str, **parameters: str) -> dict[str, Any]:
        """Change a live call."""
        async with self.client.post(f"{self._account}/Calls/{sid}.json", data=parameters) as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == 200, body
            return body

    async def fetch(self, sid: str) -> dict[str, Any]:
        """A call's record."""
        async with self.client.get(f"{self._account}/Calls/{sid}.json") as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == 200, body
            return body

    async def calls(self, **query: str) -> list[dict[str, Any]]:
        """The records of a list."""
        async with self.client.get(f"{self._account}/Calls.json", params=query) as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == 200, body
            return list(body["calls"])

    async def notifications(self, sid: str) -> list[dict[str, Any]]:
        """The errors and warnings of a call."""
        async with self.client.get(f"{self._account}/Calls/{sid}/Notifications.json") as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == 200, body
            return list(body["notifications"])

    async def timeline(self, sid: str) -> list[dict[str, Any]]:
        """Everything that happened in a call."""
        async with self.client.get(f"{self._account}/Calls/{sid}/Timeline.json") as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == 200, body
            return list(body["timeline"])

    async def ended(self, sid: str, limit: float = 20.0) -> dict[str, Any]:
        """A call's record once its status is final."""

        async def look() -> dict[str, Any] | None:
            record = await self.fetch(sid)
            return record if record["status"] in FINAL else None

        found = await eventually(look, f"the end of {sid}", limit)
        assert found
        return found

    async def kill(self) -> None:
        """End the process without a chance to say anything (SIGKILL)."""
        self.was_killed = True
        self.process.kill()
        await self.process.wait()

    def output(self) -> str:
        """What the program printed and logged."""
        return (self.folder / "output.log").read_text(encoding="utf-8", errors="replace")

    @property
    def tls_target(self) -> str:
        """Host and port of the default edge on TLS."""
        return f"127.0.0.1:{self.sips_port}"

    @property
    def _account(self) -> str:
        return f"{self.http}/2010-04-01/Accounts/{ACCOUNT}"


def write_config(folder: Path, application: str, ports: tuple[int, int, int], t1: float) -> Path:
    """A configuration with one number, two SIP Domains and the eight edges on eight loopback addresses.

    `ports` are those of HTTP, of SIP, and of SIP over TLS.
    """
    http, sip, sips = ports
    values: Mapping[str, object] = {
        "http": http,
        "account": ACCOUNT,
        "token": TOKEN,
        "number": NUMBER,
        "domain": DOMAIN,
        "secure_domain": SECURE_DOMAIN,
        "application": application,
        "t1": t1,
    }
    text = CONFIG.format(**values)
    for index, name in enumerate(EDGES, 1):
        text += EDGE.format(name=name, host=f"127.0.0.{index}", port=sip, tls_port=sips, low=20_000, high=20_999)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "offhook.toml"
    path.write_text(text, encoding="utf-8")
    return path


@asynccontextmanager
async def offhook(
    folder: Path, application: str, *, t1: float = 0.5, environment: Mapping[str, str] = NOTHING
) -> AsyncIterator[Offhook]:
    """`offhook serve`, ready for calls; its output is printed when it does not come up or does not go down well.

    `environment` are further settings, such as OFFHOOK_SIP__ALLOW.
    """
    http, sip, sips = free_port(), free_port(), free_port()
    config = write_config(folder, application, (http, sip, sips), t1)
    (folder / "output.log").touch()
    process = start(
        "serve",
        "--config",
        str(config),
        folder=folder,
        environment={"OFFHOOK_DATA": str(folder / "data"), "HOME": str(folder), **PASSED_ON, **environment},
        output=folder / "output.log",
    )
    credentials = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    async with aiohttp.ClientSession(headers={"Authorization": f"Basic {credentials}"}) as client:
        running = Offhook(f"http://127.0.0.1:{http}", sip, sips, client, process, folder)
        try:
            await eventually(lambda: _is_ready(running), "offhook to be ready")
            yield running
        finally:
            await _stop(running)


async def _is_ready(running: Offhook) -> bool:
    assert running.process.returncode is None, running.output()
    try:
        async with running.client.get(f"{running.http}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def _stop(running: Offhook) -> None:
    if running.was_killed:
        return
    if running.process.returncode is None:
        running.process.terminate()
    async with asyncio.timeout(10):
        code = await running.process.wait()
    assert code == 0, f"offhook ended with {code}:\n{running.output()}"
    assert "Traceback" not in running.output(), running.output()
