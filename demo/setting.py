"""Where the demonstration takes place: free ports, a folder of its own, a configuration with two or more edges."""

import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from offhook.calls.edge_names import REGION_OF_EDGE
from offhook.sip.uri import print_host

LOOPBACK = "127.0.0.1"
ATTEMPTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Addresses, ports, credentials; `edges` maps the name of an edge to the host and port that calls leave from."""

    folder: Path
    account_sid: str
    auth_token: str
    http: int
    application: int
    reception: int
    agent: int
    edges: dict[str, tuple[str, int]]

    @property
    def api_url(self) -> str:
        """Where the REST API is."""
        return f"http://{LOOPBACK}:{self.http}"

    @property
    def application_url(self) -> str:
        """Where the application is."""
        return f"http://{LOOPBACK}:{self.application}"

    @property
    def config(self) -> Path:
        """The configuration file of the platform."""
        return self.folder / "offhook.toml"

    @property
    def data(self) -> Path:
        """The data folder of the platform."""
        return self.folder / "data"


def make_setting(folder: Path) -> Setting:
    """Find free ports and write the configuration."""
    made = Setting(
        folder=folder,
        account_sid=f"AC{secrets.token_hex(16)}",
        auth_token=secrets.token_hex(16),
        http=free_port(socket.SOCK_STREAM),
        application=free_port(socket.SOCK_STREAM),
        reception=free_port(socket.SOCK_STREAM),
        agent=free_port(socket.SOCK_STREAM),
        edges=find_edges(),
    )
    lines = [
        f'[http]\nlisten = "{LOOPBACK}:{made.http}"\n',
        f'[[account]]\nsid = "{made.account_sid}"\nauth_token = "{made.auth_token}"\n',
    ]
    for name, (host, port) in made.edges.items():
        lines.append(
            f'[[edge]]\nname = "{name}"\nregion = "{REGION_OF_EDGE[name]}"\nsip = "{print_host(host, port)}"\n'
        )
    made.config.write_text("\n".join(lines), encoding="utf-8")
    made.config.chmod(0o600)
    return made


def find_edges() -> dict[str, tuple[str, int]]:
    """Each edge on a loopback address of its own, as the embedded defaults have it, on a port that is free on all.

    A Mac has only one loopback address unless told otherwise: there each edge gets a port of its own.
    """
    names = list(REGION_OF_EDGE)
    hosts = [f"127.0.0.{number}" for number in range(1, len(names) + 1)]
    for _ in range(ATTEMPTS):
        port = free_port(socket.SOCK_DGRAM)
        if all(is_free(host, port) for host in hosts):
            return {name: (host, port) for name, host in zip(names, hosts, strict=True)}
        if not is_free(hosts[-1], 0):
            break
    return {name: (LOOPBACK, free_port(socket.SOCK_DGRAM)) for name in names}


def free_port(kind: socket.SocketKind) -> int:
    """A port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind((LOOPBACK, 0))
        return int(found.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    """Whether UDP and TCP can be bound there."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as tried:
            try:
                tried.bind((host, port))
            except OSError:
                return False
    return True
