"""Whose certificate it is, after RFC 5922 §7."""

import pytest
from tests.unit.net.authority import Authority

from offhook.net.peer_identity import identities_of, is_identity, shown


@pytest.mark.parametrize(
    ("sans", "common_name", "wanted", "strictly", "generously"),
    [
        (["uri:sip:example.com"], "", "example.com", True, True),
        (["uri:SIP:Example.COM"], "", "example.com", True, True),
        (["uri:sip:example.com:5061;transport=tls"], "", "example.com", True, True),
        (["dns:example.com"], "", "EXAMPLE.com.", True, True),
        (["dns:other.example", "dns:example.com"], "", "example.com", True, True),
        # §7.1: a sip URI makes DNS names count for nothing
        (["uri:sip:other.example", "dns:example.com"], "", "example.com", False, False),
        # neither another scheme nor a user is a SIP domain
        (["uri:sips:example.com"], "", "example.com", False, False),
        (["uri:https://example.com"], "", "example.com", False, False),
        (["uri:sip:alice@example.com"], "", "example.com", False, False),
        (["uri:sip:alice@example.com", "dns:example.com"], "", "example.com", True, True),
        (["uri:sip:"], "", "", False, False),
        # §7.2: names are compared as a whole
        (["dns:example.com"], "", "sip.example.com", False, False),
        (["dns:sip.example.com"], "", "example.com", False, False),
        (["dns:example.com.evil.test"], "", "example.com", False, False),
        # §7.2: no wildcards; RFC 9525 §6.3 allows one label
        (["dns:*.example.com"], "", "sip.example.com", False, True),
        (["dns:*.example.com"], "", "a.sip.example.com", False, False),
        (["dns:*.example.com"], "", "example.com", False, False),
        (["dns:*.com"], "", "example.com", False, False),
        (["dns:s*.example.com"], "", "sip.example.com", False, False),
        (["uri:sip:*.example.com"], "", "sip.example.com", False, False),
        # the subject's name counts only without any alternative name
        ([], "example.com", "example.com", True, True),
        (["dns:other.example"], "example.com", "example.com", False, False),
        (["ip:192.0.2.1"], "example.com", "example.com", False, False),
        # URIs with an address
        (["ip:192.0.2.1"], "", "192.0.2.1", True, True),
        (["ip:2001:db8::1"], "", "2001:DB8:0::1", True, True),
        (["uri:sip:192.0.2.1"], "", "192.0.2.1", True, True),
        (["dns:example.com"], "", "192.0.2.1", False, False),
    ],
)
def test_whose_certificate_it_is(
    authority: Authority,
    sans: list[str],
    common_name: str,
    wanted: str,
    strictly: bool,  # noqa: FBT001 - a table's column
    generously: bool,  # noqa: FBT001 - a table's column
) -> None:
    """Strictly as RFC 5922 wants it, and with wildcards."""
    identities = identities_of(authority.issue(*sans, common_name=common_name).der)
    assert is_identity(wanted, identities) is strictly
    assert is_identity(wanted, identities, allow_wildcards=True) is generously


def test_the_identities_are_shown(authority: Authority) -> None:
    """The first few of them; or that there are none."""
    many = identities_of(authority.issue(*(f"dns:{number}.example" for number in range(9))).der)
    assert shown(many) == "0.example, 1.example, 2.example, 3.example, 4.example and others"
    assert shown(identities_of(authority.issue("uri:sips:a@b.example").der)) == "nobody"


@pytest.mark.parametrize("spoilt", [b"", b"\x30\x00", b"not a certificate"])
def test_what_is_no_certificate(spoilt: bytes) -> None:
    """One error, whatever it is."""
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own text
        identities_of(spoilt)


def test_a_certificate_with_flipped_bits_does_no_harm(authority: Authority) -> None:
    """Each byte spoilt in turn: it is read, or it is a ValueError."""
    der = authority.issue("dns:example.com", "uri:sip:example.com").der
    for place in range(len(der)):
        spoilt = der[:place] + bytes([der[place] ^ 0xFF]) + der[place + 1 :]
        try:
            is_identity("example.com", identities_of(spoilt))
        except ValueError:
            continue
