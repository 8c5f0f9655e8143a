"""Kamailio as a proxy on a port of its own: record-routing, loose or strict, forking, asking for credentials."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from eventually import eventually
from free_ports import free_port

TEMPLATE = Path(__file__).parent / "peers" / "kamailio.cfg"
PING = (
    "OPTIONS sip:ping@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKping;rport\r\nMax-Forwards: 0\r\n"
    "From: <sip:ping@127.0.0.1>;tag=1\r\nTo: <sip:ping@127.0.0.1>\r\nCall-ID: ping\r\nCSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n"
)


@asynccontextmanager
async def kamailio(folder: Path, first: str, second: str = "", *, does: tuple[str, ...] = ()) -> AsyncIterator[int]:
    """A proxy that sends calls to `first`, a host and port with a transport if need be; its own port, of UDP and TCP.

    `does` has words of the template: STRICT for routes without lr, FORK to both at once, FAILOVER from the first to the
    second, AUTHENTICATE for digest with the password "open sesame".
    """
    program = shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin")
    assert program, "Kamailio is missing: apt-get install kamailio"
    port = free_port()
    config = _write(folder, port, first, second or first)
    with (folder / "output.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(program, "-DD", "-f", config, "-Y", folder, "-m", "32", "-M", "4"),
            *(word for name in does for word in ("-A", name)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    async def answers() -> bool:
        assert process.returncode is None, (folder / "output.log").read_text(encoding="utf-8", errors="replace")
        return await asyncio.to_thread(_answers, port)

    try:
        await eventually(answers, "Kamailio to answer")
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _write(folder: Path, port: int, first: str, second: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = TEMPLATE.read_text(encoding="utf-8")
    config = folder / "kamailio.cfg"
    text = text.replace("LISTEN", f"127.0.0.1:{port}").replace("FIRST", first).replace("SECOND", second)
    config.write_text(text, encoding="utf-8")
    return config


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.1)
        asking.connect(("127.0.0.1", port))
        try:
            asking.send(PING.format(here=f"127.0.0.1:{asking.getsockname()[1]}").encode())
            return asking.recv(65535).startswith(b"SIP/2.0")
        except OSError:
            return False
