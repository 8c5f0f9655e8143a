"""SIP, SIPS and tel URIs: parse, print, compare (RFC 3261 §19.1, RFC 3966).

Read from the text of addresses and request lines; users and values stay as they were written, escapes included.
"""

import re
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv6Address

from offhook.sip.errors import MalformedValue
from offhook.sip.grammar import Params, find_param, parse_number, print_params, remembered

HIGHEST_PORT = 65535

HOST = r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.\-]+"  # interop: names with "_" come from container networks

_USER = r"[^\x00-\x20\x7f\"<>@:\\^`{|}\[\]]+"  # interop: "#" and UTF-8 come unescaped from telephones
_PASSWORD = r"[^\x00-\x20\x7f\"<>@\\^`{|}\[\]]*"  # noqa: S105  # its characters
_VALUE = r"[^\x00-\x20\x7f\"<>@;?]"
_SIP = re.compile(
    rf"(sips?):(?:({_USER})(?::({_PASSWORD}))?@)?({HOST})(?::([0-9]{{1,5}}))?((?:;{_VALUE}+)*)(?:\?([^\x00-\x20\x7f\"<>@]+))?",
    re.IGNORECASE,
)
_TEL = re.compile(r"tel:(\+?[0-9A-Fa-f*#\-.()]+)((?:;[^\x00-\x20\x7f\"<>;]+)*)", re.IGNORECASE)
_OTHER = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):[^\x00-\x20\x7f\"<>]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()")
_PLAIN_IN_USER = _UNRESERVED | frozenset(b"&=+$,;?/")
# Two URIs differ when only one of them has one of these (§19.1.4).
_DECISIVE_PARAMS = ("user", "ttl", "method", "maddr", "transport")


def escape_user(text: str) -> str:
    """Text as the user part of a SIP URI, with every character escaped that may not stand there (§19.1.2)."""
    raw = text.encode("utf-8", "surrogateescape")
    return "".join([chr(byte) if byte in _PLAIN_IN_USER else f"%{byte:02X}" for byte in raw])


def unescape(text: str) -> str:
    """The text with %HH resolved and read as UTF-8; bytes that are not UTF-8 become surrogates."""
    if "%" not in text:
        return text
    raw = re.sub(
        rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode("utf-8", "surrogateescape")
    )
    return raw.decode("utf-8", "surrogateescape")


def read_host(text: str) -> str:
    """A host without the brackets of an IPv6 reference. Raises MalformedValue when these hold no IPv6 address."""
    if text[0] != "[":
        return text
    try:
        IPv6Address(text[1:-1])
    except AddressValueError as error:
        raise MalformedValue(f"expected an IPv6 address, found {text!r}") from error
    return text[1:-1]


def print_host(host: str, port: int | None) -> str:
    """Host and port as in a URI or a Via; an IPv6 address gets its brackets."""
    if ":" in host:
        host = f"[{host}]"
    return host if port is None else f"{host}:{port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SipUri:
    """A sip: or sips: URI. `user`, `password`, `params` and `headers` are as written; `host` has no brackets.

    Equality is of the parts as they stand; `equivalent` is the comparison of §19.1.4.
    """

    scheme: str = "sip"
    user: str = ""
    password: str | None = None
    host: str
    port: int | None = None
    params: Params = ()
    headers: Params = ()

    @classmethod
    def parse(cls, text: str) -> "SipUri":
        """Read a SIP URI. Raises MalformedValue; with code 416 when the scheme is another one."""
        return _read_sip_uri(text)

    def __str__(self) -> str:
        text = f"{self.scheme}:"
        if self.user:
            text += self.user if self.password is None else f"{self.user}:{self.password}"
            text += "@"
        text += print_host(self.host, self.port)
        if self.params:
            text += print_params(self.params)
        if self.headers:
            text += "?" + "&".join([f"{name}={value}" for name, value in self.headers])
        return text

    @property
    def user_text(self) -> str:
        """The user with its escapes resolved."""
        return unescape(self.user)

    def param(self, name: str) -> str | None:
        """The parameter's value; "" when it has none, None when it is absent."""
        return find_param(self.params, name) if self.params else None

    @property
    def transport(self) -> str | None:
        """The transport parameter in lower case, or None."""
        value = self.param("transport")
        return value.lower() if value else None

    @property
    def is_loose_router(self) -> bool:
        """Whether the URI has the lr parameter (§19.1.1)."""
        return self.param("lr") is not None

    def with_params(self, **params: str | None) -> "SipUri":
        """A copy with these parameters set; "" sets one without a value and None takes it away."""
        changed = {name.lower() for name in params}
        kept = tuple(pair for pair in self.params if pair[0].lower() not in changed)
        return replace(self, params=kept + tuple((name, value) for name, value in params.items() if value is not None))

    def without_headers(self) -> "SipUri":
        """A copy without headers, as it may stand in a request line (§19.1.5)."""
        return replace(self, headers=()) if self.headers else self

    def equivalent(self, other: "SipUri") -> bool:
        """Whether both mean the same resource (§19.1.4). It is not transitive."""
        return (
            self.scheme == other.scheme
            and _canonical(self.user) == _canonical(other.user)
            and _canonical(self.password or "") == _canonical(other.password or "")
            and self.host.lower() == other.host.lower()
            and self.port == other.port
            and _same_params(_comparable(self.params), _comparable(other.params))
            and sorted(_comparable(self.headers).items()) == sorted(_comparable(other.headers).items())
        )


@remembered
def _read_sip_uri(text: str) -> SipUri:
    match = _SIP.fullmatch(text)
    if match is None:
        scheme = text.partition(":")[0].lower()
        code = 400 if scheme in {"sip", "sips"} or _OTHER.fullmatch(text) is None else 416
        raise MalformedValue(f"expected a SIP URI, found {text[:80]!r}", code=code)
    scheme, user, password, host, port, params, headers = match.groups()
    if "%" in text and _BAD_ESCAPE.search(text):
        raise MalformedValue(f"a percent sign without two hexadecimal digits in {text[:80]!r}")
    return SipUri(
        scheme=scheme.lower(),
        user=user or "",
        password=password,
        host=read_host(host),
        port=None if port is None else parse_number(port, HIGHEST_PORT, "a port"),
        params=_pairs(params[1:], ";") if params else (),
        headers=_pairs(headers, "&") if headers else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TelUri:
    """A tel: URI (RFC 3966): a number as written, with its visual separators."""

    number: str
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> "TelUri":
        """Read a tel URI. Raises MalformedValue."""
        match = _TEL.fullmatch(text)
        if match is None:
            raise MalformedValue(f"expected a tel URI, found {text[:80]!r}")
        return cls(number=match[1], params=_pairs(match[2][1:], ";") if match[2] else ())

    def __str__(self) -> str:
        return f"tel:{self.number}{print_params(self.params)}"

    def param(self, name: str) -> str | None:
        """The parameter's value; "" when it has none, None when it is absent."""
        return find_param(self.params, name)

    @property
    def scheme(self) -> str:
        """Always "tel"."""
        return "tel"

    @property
    def digits(self) -> str:
        """The number without visual separators."""
        return self.number.translate({ord(mark): None for mark in "-.()"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherUri:
    """A URI of a scheme that is only passed through (mailto, http, urn), or the "*" of a Contact."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def scheme(self) -> str:
        """The scheme in lower case; "" for "*"."""
        scheme, colon, _ = self.text.partition(":")
        return scheme.lower() if colon else ""


Uri = SipUri | TelUri | OtherUri


def parse_uri(text: str) -> Uri:
    """Read any URI by its scheme. Raises MalformedValue."""
    scheme = text[:5].lower()
    if scheme.startswith(("sip:", "sips:")):
        return SipUri.parse(text)
    if scheme.startswith("tel:"):
        return TelUri.parse(text)
    if _OTHER.fullmatch(text) is None:
        raise MalformedValue(f"expected a URI, found {text[:80]!r}")
    return OtherUri(text=text)


def _pairs(text: str, separator: str) -> Params:
    pairs = []
    for piece in text.split(separator):
        name, _, value = piece.partition("=")
        if not name:
            raise MalformedValue(f"expected a name before '=', found {piece[:40]!r}")
        pairs.append((name, value))
    return tuple(pairs)


def _canonical(text: str) -> str:
    # "%61" is "a", but "%3B" is not ";": only unreserved characters lose their escapes (§19.1.4).
    if "%" not in text:
        return text

    def resolve(match: re.Match[str]) -> str:
        byte = int(match[1], 16)
        return chr(byte) if byte in _UNRESERVED else match[0].upper()

    return _ESCAPE.sub(resolve, text)


def _comparable(pairs: Params) -> dict[str, str]:
    return {_canonical(name).lower(): _canonical(value).lower() for name, value in reversed(pairs)}


def _same_params(ours: dict[str, str], theirs: dict[str, str]) -> bool:
    shared = ours.keys() & theirs.keys()
    decisive = all((name in ours) == (name in theirs) for name in _DECISIVE_PARAMS)
    return decisive and all(ours[name] == theirs[name] for name in shared)
