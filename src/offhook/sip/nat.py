"""Where the requests of a dialog go when the peer's Contact names an address that only it can see (RFC 6314 §5.1).

Fed by dialogs with the remote target and the address that the peer really sends from.
"""

from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from offhook.sip.hop import Hop, Transport
from offhook.sip.uri import SipUri, print_host

# Networks that exist many times over: two addresses of one of them may see each other, of two different ones not.
REALMS = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
)


class NatPolicy(Enum):
    """When the source of a peer's messages is believed rather than its Contact."""

    AUTO = "auto"  # when the Contact is an address that cannot be reached from here
    ALWAYS = "always"
    NEVER = "never"

    __hash__ = object.__hash__  # that of Enum is Python code


def way_back(target: SipUri, source: Hop | None, policy: NatPolicy) -> SipUri:
    """The URI to send to: the target, or one of the source when the target cannot be reached."""
    if source is None or policy is NatPolicy.NEVER:
        return target
    if policy is NatPolicy.AUTO and not is_hidden(target.param("maddr") or target.host, source.host):
        return target
    transport = "" if source.transport is Transport.UDP else f";transport={source.transport.value.lower()}"
    return SipUri.parse(f"sip:{print_host(source.host, source.port)}{transport}")


def is_hidden(host: str, source: str) -> bool:
    """Whether a Contact's host is an address that cannot be where `source` sends from; a name is none."""
    named, real = _address(host), _address(source)
    if named is None or real is None or named == real:
        return False
    if named.is_unspecified or named.is_multicast:
        return True
    if named.is_loopback or real.is_loopback:
        return named.is_loopback and not real.is_loopback
    realm = _realm(named)
    return realm is not None and realm != _realm(real)


def _realm(address: IPv4Address | IPv6Address) -> int | None:
    return next((number for number, network in enumerate(REALMS) if address in network), None)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]").partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
