"""Who a message came from, as far as limits go: an address, or the network that one peer can have to itself."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from offhook.sip.guard_settings import Network
from offhook.sip.hop import Hop, Transport


def source_of(hop: Hop) -> str:
    """The name of a source: the IPv4 address or the IPv6 /64.

    Datagrams and streams count apart: the source of a datagram can be forged, and what a forger brings upon an address
    must not close the connections that really come from there.
    """
    host = hop.host
    if ":" in host:
        host = _network_of(host)
    return host if hop.transport is Transport.UDP else f"{host} by stream"


def is_within(host: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address literal is in one of the networks; one that cannot be read is in none."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


@lru_cache(maxsize=4096)
def _network_of(host: str) -> str:
    try:
        address = IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{int(address) >> 64:x}::/64"
