"""offhook as it is measured: `offhook serve` with its store and callbacks on, and an application in another process."""

import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bench.processes import free_port, running, until

NUMBER = "+15550100"
ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "benchmark"  # noqa: S105 - of an account that lives for a minute on the loopback
NOTHING: Mapping[str, str] = MappingProxyType({})
CONFIG = """\
[http]
listen = "127.0.0.1:{http}"
[[account]]
sid = "{account}"
auth_token = "{token}"
[[edge]]
name = "ashburn"
sip = "127.0.0.1:{sip}"
media = "127.0.0.1"
media_ports = "20000-29999"
[[number]]
phone_number = "{number}"
voice_url = "http://127.0.0.1:{application}/number"
status_callback = "http://127.0.0.1:{application}/status"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A running offhook: its SIP target, its REST address, its application's authority and its process."""

    target: str
    http: str
    application: str
    pid: int


@contextmanager
def platform(callee_port: int, folder: Path, settings: Mapping[str, str] = NOTHING) -> Iterator[Platform]:
    """Offhook whose number is answered by a document that dials the callee; `settings` by their environment twins."""
    http, sip = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    application = free_port(socket.SOCK_STREAM)
    data = folder / f"data-{sip}"
    data.mkdir()
    config = folder / "offhook.toml"
    values = {
        "http": http,
        "sip": sip,
        "application": application,
        "account": ACCOUNT,
        "token": TOKEN,
        "number": NUMBER,
    }
    config.write_text(CONFIG.format(**values), encoding="utf-8")
    asking = [sys.executable, "-m", "bench.application", str(application), f"127.0.0.1:{callee_port}"]
    serving = [str(Path(sys.executable).with_name("offhook")), "serve", "--config", str(config)]
    environment = {**os.environ, "OFFHOOK_DATA": str(data), **settings}
    with (
        running(asking, folder / "application.log") as app,
        running(serving, folder / "offhook.log", env=environment) as child,
    ):
        until(lambda: says_ok(f"http://127.0.0.1:{application}/times"), "the application", app)
        until(lambda: says_ok(f"http://127.0.0.1:{http}/readyz"), "offhook", child)
        yield Platform(
            target=f"127.0.0.1:{sip}",
            http=f"http://127.0.0.1:{http}",
            application=f"127.0.0.1:{application}",
            pid=child.pid,
        )


def says_ok(url: str) -> bool:
    """Whether this address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - an address of our own
            return int(answer.status) == 200  # noqa: PLR2004 - HTTP
    except (OSError, urllib.error.URLError):
        return False
