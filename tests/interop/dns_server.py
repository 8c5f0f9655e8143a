"""dnsmasq as the name server of a zone of ours: NAPTR, SRV, A and AAAA records, and a log of what it was asked."""

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from eventually import eventually

HOST = "127.0.0.1"
ZONE = "voice.test"
CONFIG = """\
no-daemon
no-resolv
no-hosts
bind-interfaces
listen-address={host}
port={port}
local=/{zone}/
log-queries
log-facility={log}
{records}
"""
ASKED = re.compile(r"query\[(\w+)\] (\S+) from")
PROBE = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05probe\x05voice\x04test\x00\x00\x01\x00\x01"


def naptr(name: str, service: str, order: int, preference: int = 10) -> str:
    """A NAPTR record that leads to the SRV records of this name, SIP+D2T to those of TCP."""
    transport = {"SIP+D2U": "_sip._udp", "SIP+D2T": "_sip._tcp", "SIPS+D2T": "_sips._tcp"}[service]
    return f"naptr-record={name}.{ZONE},{order},{preference},s,{service},,{transport}.{name}.{ZONE}"


def srv(name: str, port: int, *, priority: int = 10, weight: int = 0, host: str = "host", service: str = "") -> str:
    """An SRV record, of SIP over UDP unless `service` says otherwise, whose target is a host of the zone."""
    return f"srv-host={service or '_sip._udp'}.{name}.{ZONE},{host}.{ZONE},{port},{priority},{weight}"


def address(name: str, *addresses: str) -> str:
    """A and AAAA records."""
    return f"host-record={name}.{ZONE},{','.join(addresses)}"


@dataclass(frozen=True, slots=True)
class DnsServer:
    """A running server."""

    log: Path

    def asked(self) -> list[tuple[str, str]]:
        """The type and the name of each query so far; not those that this module made."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        found = [(kind, name) for kind, name in ASKED.findall(text) if not name.startswith("probe.")]
        # A record type that dnsmasq has no word for is shown by its number.
        return [({"type=35": "NAPTR"}.get(kind, kind), name) for kind, name in found]


@asynccontextmanager
async def dns_server(folder: Path, port: int, *records: str) -> AsyncIterator[DnsServer]:
    """A dnsmasq on this port of the loopback, with these records."""
    program = shutil.which("dnsmasq") or shutil.which("dnsmasq", path="/usr/sbin")
    assert program, "dnsmasq is missing: apt-get install dnsmasq-base"
    config, log = _write(folder, port, records)
    with (folder / "output.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(program, f"--conf-file={config}", "--user=", "--group=", "--pid-file="),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    async def answers() -> bool:
        assert process.returncode is None, (folder / "output.log").read_text(encoding="utf-8", errors="replace")
        return await asyncio.to_thread(_answers, port)

    try:
        await eventually(answers, "dnsmasq to answer")
        yield DnsServer(log)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _write(folder: Path, port: int, records: tuple[str, ...]) -> tuple[Path, Path]:
    """The configuration, and the log that it names."""
    folder.mkdir(parents=True, exist_ok=True)
    log, config = folder / "queries.log", folder / "dnsmasq.conf"
    log.touch()
    text = CONFIG.format(host=HOST, port=port, zone=ZONE, log=log, records="\n".join(records))
    config.write_text(text, encoding="utf-8")
    return config, log


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.1)
        asking.connect((HOST, port))
        try:
            asking.send(PROBE)
            return asking.recv(512)[:2] == PROBE[:2]
        except OSError:
            return False
