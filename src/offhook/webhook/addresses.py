"""Keeps requests out of the operator's own network, when webhook.allow_private_addresses is false.

The check stands where the connection takes its address from, so that a name that resolves differently the second time
gains nothing; names are resolved once for each connection, and each address found is judged.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: carries an IPv4 address in its last 32 bits


class PrivateAddress(OSError):
    """A host lies inside a network that is not public."""


class PublicResolver(AbstractResolver):
    """Another resolver, of whose answers only public addresses pass."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve `host`. Raises PrivateAddress when nothing public is left."""
        found = await self._inner.resolve(host, port, family)
        public = [result for result in found if is_public(result["host"])]
        if not public:
            raise PrivateAddress(f"{host} is at {found[0]['host'] if found else 'no address'}, which is not public")
        return public

    async def close(self) -> None:
        """Close the resolver behind."""
        await self._inner.close()


def check_literal(host: str) -> None:
    """Judge a host that is an address itself, since no resolver sees it. Raises PrivateAddress."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return
    if not is_public(host):
        raise PrivateAddress(f"{host} is not a public address")


def is_public(text: str) -> bool:
    """Whether an address is reachable from everywhere: no loopback, private, link-local, multicast or the like."""
    try:
        address = _inner_address(ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    return address.is_global and not address.is_multicast


def _inner_address(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address carries, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
