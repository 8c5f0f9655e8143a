"""Addresses with parameters (RFC 3261 §20.10)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.address import WILDCARD, Address, read_tag
from offhook.sip.errors import IllegalValue, MalformedValue
from offhook.sip.grammar import quote
from offhook.sip.uri import SipUri

_tokens = st.text(string.ascii_letters + string.digits + "-.!%*_+`'~", min_size=1, max_size=10)
_values = st.one_of(st.just(""), _tokens, st.text(max_size=8).map(quote))
_addresses = st.builds(
    Address,
    uri=st.builds(SipUri, user=_tokens.filter(lambda text: not set(text) & set("%`")), host=st.just("example.com")),
    display_name=st.text(max_size=12),
    params=st.lists(st.tuples(_tokens, _values), max_size=4).map(tuple),
)


@given(_addresses)
def test_parsing_undoes_printing(address: Address) -> None:
    """An address that was printed reads back as the same value, whatever its display name holds."""
    assert Address.parse(str(address)) == address


@given(st.lists(_addresses, min_size=1, max_size=4))
def test_lists_are_read_in_order(addresses: list[Address]) -> None:
    """Several addresses on one line come out in order, whatever commas they hold."""
    assert Address.parse_many([", ".join(map(str, addresses))]) == addresses


@given(_addresses)
def test_the_tag_is_read_without_the_rest(address: Address) -> None:
    """The quick way to the tag finds what the whole grammar finds."""
    assert read_tag(str(address)) == address.tag


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("<sip:a@b>;tag=x", "x"),
        ("<sip:a@b;tag=uri>", None),
        ("<sip:a@b;tag=uri> ; TAG = y ;z", "y"),
        ('"a;tag=name" <sip:a@b>;x=";tag=no";tag=yes', "yes"),
        ('"<>;tag=name" <sip:a@b>', None),
        ("sip:a@b;tag=x;y", "x"),
        ("sip:a@b", None),
        ("<sip:a@b>;tag", None),
    ],
)
def test_tags(text: str, tag: str | None) -> None:
    """The tag is the header's parameter, never the URI's and never quoted text."""
    assert read_tag(text) == tag
    assert Address.parse(text).tag == tag


@pytest.mark.parametrize(
    ("text", "name", "uri", "params"),
    [
        ('"A. G. Bell" <sip:agb@bell.com> ;tag=a48s', "A. G. Bell", "sip:agb@bell.com", (("tag", "a48s"),)),
        ("sip:+12125551212@server.phone2net.com;tag=887s", "", "sip:+12125551212@server.phone2net.com",
         (("tag", "887s"),)),
        ("Anonymous <sip:c8oqz84zk7z@privacy.org>", "Anonymous", "sip:c8oqz84zk7z@privacy.org", ()),
        ("caller<sip:caller@example.com>;tag=323", "caller", "sip:caller@example.com", (("tag", "323"),)),
        (r'"J Rosenberg \\\""       <sip:j@example.com>', 'J Rosenberg \\"', "sip:j@example.com", ()),
        ("José Ñ. (work) <sip:j@example.com>", "José Ñ. (work)", "sip:j@example.com", ()),
        ('"" <sip:a@b;x=1,2?y=z>', "", "sip:a@b;x=1,2?y=z", ()),
        ("<tel:+12015550123>", "", "tel:+12015550123", ()),
    ],
)  # fmt: skip
def test_forms_of_an_address(text: str, name: str, uri: str, params: tuple[tuple[str, str], ...]) -> None:
    """Quoted, bare and absent display names; with < > the URI keeps its parameters, without they are the header's."""
    address = Address.parse(text)
    assert (address.display_name, str(address.uri), address.params) == (name, uri, params)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "<>",
        "<sip:a@b",
        "sip:a@b>",
        '"Joe <sip:a@b>',
        "Bell, Alexander <sip:a@b>",
        '"Joe" <sip:a@b>;;;',
        '"Joe" <sip:a@b> x',
        "< sip:a@b >",
        "sip:a@b?Route=%3Csip:c%3E",
        "Joe sip:a@b",
        "<<sip:a@b>>",
        "<sip:a@b>, <sip:c@d>",
    ],
)
def test_malformed_addresses_are_refused(text: str) -> None:
    """What is no address raises a remote error."""
    with pytest.raises(MalformedValue):
        Address.parse(text)


def test_the_wildcard_stands_alone() -> None:
    """A "*" is read where a list of contacts may stand, alone, and prints as it came."""
    assert Address.parse_many(["*"]) == [WILDCARD]
    assert WILDCARD.is_wildcard
    assert str(WILDCARD) == "*"
    assert not Address.parse("<sip:a@b>").is_wildcard
    with pytest.raises(MalformedValue):
        Address.parse_many(["*, <sip:a@b>"])


def test_several_lines_are_one_list() -> None:
    """Header lines of one name are one list, in order (§7.3.1)."""
    addresses = Address.parse_many(["<sip:p1;lr>, <sip:p2;lr>", "<sip:p3>"])
    assert [str(address.uri) for address in addresses] == ["sip:p1;lr", "sip:p2;lr", "sip:p3"]
    assert Address.parse_many([]) == []


def test_a_tag_is_set_replaced_and_taken_away() -> None:
    """with_tag leaves one tag or none, and refuses what is no token."""
    address = Address.parse("<sip:a@b>;Tag=old;x=1")
    assert str(address.with_tag("new")) == "<sip:a@b>;x=1;tag=new"
    assert str(address.with_tag(None)) == "<sip:a@b>;x=1"
    with pytest.raises(IllegalValue):
        address.with_tag("a;b")


def test_only_sip_uris_are_sip_uris() -> None:
    """sip_uri gives the SIP URI, or 416 for another scheme."""
    assert Address.parse("<sips:a@b>").sip_uri.scheme == "sips"
    with pytest.raises(MalformedValue) as caught:
        _ = Address.parse("<tel:1>").sip_uri
    assert caught.value.code == 416


def test_params_are_found() -> None:
    """A header parameter is found in any case and without its quotes."""
    address = Address.parse('<sip:a@b>;+sip.instance="<urn:uuid:1>";Q=0.5')
    assert (address.param("+sip.instance"), address.param("q"), address.param("none")) == ("<urn:uuid:1>", "0.5", None)
