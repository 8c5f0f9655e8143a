"""Kamailio as the peer for calls: a stateful proxy that record-routes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import free_port, running, until

TEMPLATE = Path(__file__).parent / "peers" / "kamailio.cfg"
PIKE = Path(__file__).parent / "peers" / "kamailio_pike.cfg"
OPTIONS = (
    b"OPTIONS sip:ping@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %b;branch=z9hG4bK0;rport\r\nMax-Forwards: 0\r\n"
    b"From: <sip:ping@127.0.0.1>;tag=1\r\nTo: <sip:ping@127.0.0.1>\r\nCall-ID: ping\r\nCSeq: 1 OPTIONS\r\n"
    b"Content-Length: 0\r\n\r\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A running proxy: where it listens and its first process."""

    target: str
    pid: int


@contextmanager
def kamailio(callee_port: int, folder: Path, template: Path = TEMPLATE) -> Iterator[Proxy]:
    """A Kamailio that sends every call to the callee's port, or does what another template says."""
    target = f"127.0.0.1:{free_port()}"
    config = folder / "kamailio.cfg"
    text = template.read_text(encoding="utf-8")
    config.write_text(text.replace("LISTEN", target).replace("CALLEE", f"127.0.0.1:{callee_port}"), encoding="utf-8")
    command = ["kamailio", "-DD", "-f", str(config), "-Y", str(folder), "-m", "64", "-M", "8"]
    with running(command, folder / "kamailio.log") as child:
        until(lambda: answers(target), "Kamailio", child)
        yield Proxy(target=target, pid=child.pid)


def answers(target: str) -> bool:
    """Whether something answers an OPTIONS at this address."""
    host, _, port = target.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind(("127.0.0.1", 0))
        asking.settimeout(0.1)
        asking.connect((host, int(port)))
        try:
            asking.send(OPTIONS % b"127.0.0.1:%d" % asking.getsockname()[1])
            return asking.recv(65535).startswith(b"SIP/2.0")
        except OSError:
            return False
