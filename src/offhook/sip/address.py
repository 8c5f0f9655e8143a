"""Addresses with parameters: From, To, Contact, Route, Record-Route, Refer-To (name-addr, RFC 3261 §20.10, §25.1).

Read from header values by message; printed by whoever builds a header.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from offhook.sip.errors import IllegalValue, MalformedValue
from offhook.sip.grammar import (
    TOKEN,
    WHITESPACE,
    Params,
    find_param,
    is_token,
    parse_params,
    print_params,
    quote,
    remembered,
    split_list,
    unquote,
)
from offhook.sip.uri import OtherUri, SipUri, Uri, parse_uri

# The unquoted display name is *(token LWS); interop: telephones put UTF-8 and dots, @ and brackets there unquoted.
_NAME_ADDR = re.compile(r'[ \t]*+("(?:[^"\\]++|\\.)*+"|[^"<>;,]*+)[ \t]*+<([^<>]*+)>(.*)', re.DOTALL)
_ADDR_SPEC = re.compile(r"([^;,?<>\"\s]+)[ \t]*(;.*)?", re.DOTALL)
_PLAIN_NAME = re.compile(rf"{TOKEN}(?: {TOKEN})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A URI with an optional display name (without its quotes) and the header field's parameters (as written)."""

    uri: Uri
    display_name: str = ""
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read one name-addr or addr-spec. Raises MalformedValue."""
        return _read_address(text)

    @classmethod
    def parse_many(cls, values: Iterable[str]) -> "list[Address]":
        """Read a header's values, each perhaps a list; a lone "*" is WILDCARD. Raises MalformedValue."""
        pieces = [piece for value in values for piece in split_list(value)]
        if pieces == ["*"]:
            return [WILDCARD]
        return [cls.parse(piece) for piece in pieces]

    def __str__(self) -> str:
        if self is WILDCARD or self.uri == WILDCARD.uri:
            return "*"
        name = self.display_name
        if name:
            name = f"{name} " if _PLAIN_NAME.fullmatch(name) else f"{quote(name)} "
        return f"{name}<{self.uri}>{print_params(self.params)}"

    @property
    def is_wildcard(self) -> bool:
        """Whether this is the "*" of a Contact that removes every binding (§10.2.2)."""
        return self.uri == WILDCARD.uri

    @property
    def sip_uri(self) -> SipUri:
        """The URI when it is a SIP or SIPS URI. Raises MalformedValue with code 416 for any other."""
        if isinstance(self.uri, SipUri):
            return self.uri
        raise MalformedValue(f"expected a SIP URI, found {str(self.uri)[:80]!r}", code=416)

    @property
    def tag(self) -> str | None:
        """The tag parameter, or None."""
        return find_param(self.params, "tag") or None

    def param(self, name: str) -> str | None:
        """The header parameter's value, unquoted; "" when it has none, None when it is absent."""
        return find_param(self.params, name)

    def with_tag(self, tag: str | None) -> "Address":
        """A copy with this tag, or without one. Raises IllegalValue when it is not a token."""
        params = tuple(pair for pair in self.params if pair[0].lower() != "tag")
        if tag is None:
            return replace(self, params=params)
        if not is_token(tag):
            raise IllegalValue(f"a tag is a token, not {tag!r}")
        return replace(self, params=(*params, ("tag", tag)))


WILDCARD = Address(uri=OtherUri(text="*"))


@remembered  # every message of a dialog repeats its addresses
def _read_address(text: str) -> Address:
    match = _NAME_ADDR.fullmatch(text)
    if match is not None:
        name, uri, params = match.groups()
        return Address(uri=parse_uri(uri), display_name=_display_name(name), params=parse_params(params))
    # Without <>, parameters belong to the header and the URI has neither comma nor question mark (§20.10).
    bare = _ADDR_SPEC.fullmatch(text.strip(WHITESPACE))
    if bare is None:
        raise MalformedValue(f"expected an address, found {text[:80]!r}")
    return Address(uri=parse_uri(bare[1]), params=parse_params(bare[2] or ""))


def read_tag(text: str) -> str | None:
    """The tag of an address as it stands in a From or To, with as little reading as can be. Raises MalformedValue."""
    params = text.rpartition(">")[2]
    _, found, rest = params.partition(";tag=")
    tag = rest.partition(";")[0]
    # Quotes, white space or another spelling of "tag" want the full grammar.
    return tag if found and '"' not in params and is_token(tag) else Address.parse(text).tag


def _display_name(text: str) -> str:
    text = text.strip(WHITESPACE)
    return unquote(text) if text.startswith('"') else text
