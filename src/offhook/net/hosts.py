"""The hosts file, read anew now and then, and the loopback names that need no file (RFC 6761 §6.3)."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from offhook.net.udp import is_address

HOSTS_FILE = Path("/etc/hosts")
LOOPBACK = ("127.0.0.1",)


class HostsFile:
    """The addresses that this machine gives names by itself; what was read is good for `life` seconds."""

    def __init__(self, path: Path = HOSTS_FILE, *, life: float = 5.0) -> None:
        self.path = path
        self.life = life
        self._hosts: Mapping[str, tuple[str, ...]] = {}
        self._until = 0.0

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a name in lower case, IPv4 first; empty when it is not there."""
        now = asyncio.get_running_loop().time()
        if now >= self._until:
            self._hosts = await asyncio.to_thread(read_hosts, self.path)
            self._until = now + self.life
        found = self._hosts.get(host, ())
        if not found and (host == "localhost" or host.endswith(".localhost")):
            return LOOPBACK
        return found


def read_hosts(path: Path) -> dict[str, tuple[str, ...]]:
    """The names of a hosts file with their addresses, IPv4 first; empty when there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found: dict[str, list[str]] = {}
    for line in lines:
        address, *names = line.partition("#")[0].split() or [""]
        if is_address(address):
            for name in names:
                found.setdefault(name.lower(), []).append(address)
    return {name: tuple(sorted(addresses, key=lambda text: ":" in text)) for name, addresses in found.items()}
