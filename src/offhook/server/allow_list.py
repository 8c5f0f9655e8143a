"""The edges as a list for firewalls in front of what we call: from which addresses and ports our packets come.

SIP over UDP comes from the edge's own port; over TCP and TLS we connect from any port. RTP comes from the media ports.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from ipaddress import ip_address

from offhook.calls.edge_names import REGION_OF_EDGE
from offhook.server.addresses import split_address
from offhook.server.settings import Edge

ANY_PORT = "1024-65535"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Packets to let in: `ports` are those they come from, one number or `low-high`."""

    edge: str
    region: str
    purpose: str  # signalling or media
    protocol: str  # udp or tcp
    address: str
    ports: str

    @property
    def is_v6(self) -> bool:
        """Whether the address is one of IPv6."""
        return ip_address(self.address).version == 6  # noqa: PLR2004 - IPv6


def allow_list(edges: Iterable[Edge]) -> list[Allowance]:
    """Three lines for each edge, with the address that others see; one more where TLS has an address of its own."""
    return [line for edge in edges for line in _of_edge(edge)]


def _of_edge(edge: Edge) -> list[Allowance]:
    host, port = split_address(edge.sip) or ("", 0)
    signalling = edge.advertise or host
    media = edge.advertise or edge.media or host
    region = edge.region or REGION_OF_EDGE.get(edge.name, "")
    secure = edge.advertise or (split_address(edge.sips) or (host, 0))[0]
    lines = (
        ("signalling", "udp", signalling, str(port) if port else ANY_PORT),
        *(("signalling", "tcp", address, ANY_PORT) for address in dict.fromkeys((signalling, secure))),
        ("media", "udp", media, edge.media_ports),
    )
    return [
        Allowance(edge=edge.name, region=region, purpose=purpose, protocol=protocol, address=address, ports=ports)
        for purpose, protocol, address, ports in lines
    ]


def as_json(lines: Sequence[Allowance]) -> str:
    """A list of objects."""
    return json.dumps([asdict(line) for line in lines], indent=2) + "\n"


def as_csv(lines: Sequence[Allowance]) -> str:
    """A header line, then one line each."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("edge", "region", "purpose", "protocol", "address", "ports"))
    writer.writerows(asdict(line).values() for line in lines)
    return file.getvalue()


def as_nft(lines: Sequence[Allowance]) -> str:
    """A chain for nftables that can be loaded again and again; the input chain has to jump to it once."""
    chain = "inet filter offhook_edges"
    head = (
        "# offhook edges: load with `nft -f`, then once: nft insert rule inet filter input jump offhook_edges",
        "add table inet filter",
        f"add chain {chain}",
        f"flush chain {chain}",
    )
    rules = (
        f"add rule {chain} {'ip6' if line.is_v6 else 'ip'} saddr {line.address} "
        f'{line.protocol} sport {line.ports} accept comment "{line.edge} {line.purpose}"'
        for line in lines
    )
    return "\n".join((*head, *rules)) + "\n"


def as_iptables(lines: Sequence[Allowance]) -> str:
    """Commands for a shell, into a chain of their own; the INPUT chain has to jump to it once."""
    told = ["# offhook edges: run with `sh`, then once: iptables -I INPUT -j OFFHOOK (and ip6tables)"]
    for program in sorted({_program(line) for line in lines}, reverse=True):
        told += [f"{program} -N OFFHOOK 2>/dev/null || true", f"{program} -F OFFHOOK"]
    told += [
        f"{_program(line)} -A OFFHOOK -s {line.address} -p {line.protocol} --sport {line.ports.replace('-', ':')} "
        f'-m comment --comment "{line.edge} {line.purpose}" -j ACCEPT'
        for line in lines
    ]
    return "\n".join(told) + "\n"


def _program(line: Allowance) -> str:
    return "ip6tables" if line.is_v6 else "iptables"


WRITERS: Mapping[str, Callable[[Sequence[Allowance]], str]] = {
    "json": as_json,
    "csv": as_csv,
    "nft": as_nft,
    "iptables": as_iptables,
}
