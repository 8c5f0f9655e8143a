"""Where a SIP call goes, from the text of <Sip> or of a REST `To` (contract 1 §2.1, §2.2, §4.5, §4.7).

Read by routing for every outbound SIP leg and by the REST face, which refuses what TwiML only warns about.
"""

import re
from dataclasses import dataclass, replace

from offhook.calls.edge_names import DEFAULT_EDGE, canonical_edge, is_interconnect
from offhook.calls.errors import CallError
from offhook.calls.events import HeaderList
from offhook.calls.uri_headers import Warnings, parse_headers
from offhook.sip.errors import MalformedValue
from offhook.sip.uri import SipUri

MAX_URI_LENGTH = 255  # §4.1: the URI without its headers must be shorter

UNSUPPORTED_PARAMETER = 32114

_WHITESPACE = " \t\r\n\v\f"
_INNER_WHITESPACE = re.compile(f"[{_WHITESPACE}]")
_SCHEME = re.compile(r"sips?:", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"(tel|client|sim|https?|wss?|mailto|whatsapp|im|pres|urn):", re.IGNORECASE)
_TRANSPORTS = frozenset({"udp", "tcp", "tls"})
# Read here and never sent on; `method` may not stand in a request line (RFC 3261 §19.1.1).
_CONSUMED = ("edge", "region", "secure", "tnx", "method")


class InvalidTarget(CallError):
    """The text names no SIP destination at all: 13243 in TwiML; REST answers 21211."""

    sip_code = 404
    error_code = 13243


@dataclass(frozen=True, slots=True, kw_only=True)
class SipTarget:
    """A SIP destination: `uri` is as it goes into the request line, `headers` are decoded and safe to send.

    `port` is None when the URI leaves it to the transport. `is_secure` asks for SRTP besides TLS. Each warning is
    (error code, text) about something that was ignored or left off.
    """

    uri: str
    user: str
    host: str
    port: int | None = None
    transport: str = "udp"
    is_secure: bool = False
    edge: str = DEFAULT_EDGE
    headers: HeaderList = ()
    warnings: Warnings = ()


def parse_target(text: str) -> SipTarget:
    """Read a SIP destination; white space around it is dropped and its scheme may be missing. Raises InvalidTarget."""
    address, _, header_part = split_target(_trimmed(text))
    uri = _parse_uri(address)
    headers, header_warnings = parse_headers(header_part)
    warnings: list[tuple[int, str]] = []
    is_secure = _read_secure(uri, warnings)
    edge = _read_edge(uri, warnings)
    transport = _read_transport(uri, warnings)
    if uri.scheme == "sips" or is_secure:
        if is_secure and uri.param("transport") is not None and transport not in {None, "tls"}:
            warnings.append((UNSUPPORTED_PARAMETER, f"transport={transport} is ignored: a secure call goes by TLS"))
        transport = "tls"
    return SipTarget(
        uri=str(_as_sent(uri, transport)),
        user=uri.user,
        host=uri.host,
        port=uri.port,
        transport=transport or "udp",
        is_secure=is_secure,
        edge=edge,
        headers=headers,
        warnings=(*warnings, *header_warnings),
    )


def _trimmed(text: str) -> str:
    trimmed = text.strip(_WHITESPACE)
    if not trimmed:
        raise InvalidTarget("expected a SIP URI such as sip:jack@example.com, found nothing")
    if any("\ud800" <= character <= "\udfff" for character in trimmed):
        raise InvalidTarget("the SIP URI is not well-formed Unicode")
    gap = _INNER_WHITESPACE.search(trimmed)
    if gap is not None:
        raise InvalidTarget(
            f"white space at character {gap.start() + 1} of the SIP URI {trimmed[:80]!r}: write it as %20 in a header"
        )
    return trimmed


def split_target(text: str) -> tuple[str, str, str]:
    """The address, the question mark, and the headers."""
    # A user part may hold "?", a host may not: the headers begin at the first one behind the "@".
    user, at_sign, rest = text.partition("@")
    if not at_sign:
        return text.partition("?")
    host, question_mark, headers = rest.partition("?")
    return user + at_sign + host, question_mark, headers


def _parse_uri(address: str) -> SipUri:
    if len(address) >= MAX_URI_LENGTH:
        raise InvalidTarget(f"a SIP URI must be shorter than {MAX_URI_LENGTH} characters, this one has {len(address)}")
    if not _SCHEME.match(address):
        if _OTHER_SCHEME.match(address):
            raise InvalidTarget(f"expected a SIP URI, found {address[:80]!r}")
        address = f"sip:{address}"
    try:
        uri = SipUri.parse(address)
    except MalformedValue as error:
        raise InvalidTarget(str(error)) from error
    # A resolver reads a bare number as an IPv4 address: "14155550100" would be called at 51.250.240.196.
    if uri.host.isdecimal() or not any(character.isalnum() for character in uri.host):
        raise InvalidTarget(f"{uri.host!r} is no host: expected user@host")
    if uri.port == 0:
        raise InvalidTarget("port 0 cannot be called")
    return uri


def _as_sent(uri: SipUri, transport: str | None) -> SipUri:
    consumed: dict[str, str | None] = dict.fromkeys(_CONSUMED)
    if transport != uri.transport:
        consumed["transport"] = transport
    return replace(uri, scheme="sip").with_params(**consumed)


def _read_transport(uri: SipUri, warnings: list[tuple[int, str]]) -> str | None:
    transport = uri.transport
    if uri.param("transport") is None or transport in _TRANSPORTS:
        return transport
    warnings.append((UNSUPPORTED_PARAMETER, f"transport={_shown(transport)}: expected udp, tcp or tls; udp is used"))
    return None


def _read_secure(uri: SipUri, warnings: list[tuple[int, str]]) -> bool:
    value = uri.param("secure")
    if value is not None and value.lower() not in {"true", "false"}:
        warnings.append((UNSUPPORTED_PARAMETER, f"secure={_shown(value)}: expected true or false; false is used"))
    return value is not None and value.lower() == "true"


def _read_edge(uri: SipUri, warnings: list[tuple[int, str]]) -> str:
    if uri.param("tnx") is not None:
        warnings.append((UNSUPPORTED_PARAMETER, "tnx: there are no interconnect connections here; it is ignored"))
    for name in ("edge", "region"):
        value = uri.param(name)
        if value is None:
            continue
        edge = canonical_edge(value)
        if edge is None:
            warnings.append((UNSUPPORTED_PARAMETER, f"{name}={_shown(value)}: no such edge; {DEFAULT_EDGE} is used"))
        elif is_interconnect(value):
            warnings.append((UNSUPPORTED_PARAMETER, f"{name}={_shown(value)}: no interconnect here; {edge} is used"))
        return edge or DEFAULT_EDGE
    return DEFAULT_EDGE


def _shown(value: str | None) -> str:
    return repr((value or "")[:40])
