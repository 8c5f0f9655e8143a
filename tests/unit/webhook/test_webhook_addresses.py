"""Which addresses count as public, and the resolver that lets only those pass."""

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from offhook.webhook.addresses import PrivateAddress, PublicResolver, check_literal, is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_addresses(address: str) -> None:
    """Addresses that the world can reach."""
    assert is_public(address)
    check_literal(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - judged, not bound
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "2002:0a00:0001::1",
        "64:ff9b::a00:1",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    """Loopback, private, link-local, shared, multicast, and IPv6 forms that carry such an IPv4 address."""
    assert not is_public(address)
    with pytest.raises(PrivateAddress):
        check_literal(address)


def test_names_are_left_to_the_resolver() -> None:
    """A host that is no address is not judged before it is resolved."""
    check_literal("localhost")


class FixedResolver(AbstractResolver):
    """Resolves every name to the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The fixed addresses."""
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.asyncio
async def test_only_public_addresses_pass() -> None:
    """Of mixed answers the public ones remain; of private ones nothing does."""
    mixed = await PublicResolver(FixedResolver("10.0.0.1", "8.8.8.8")).resolve("a.example", 80)
    assert [result["host"] for result in mixed] == ["8.8.8.8"]
    with pytest.raises(PrivateAddress, match=r"a\.example is at 10\.0\.0\.1"):
        await PublicResolver(FixedResolver("10.0.0.1")).resolve("a.example", 80)
