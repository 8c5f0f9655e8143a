"""A webhook URL as it is put on the wire: absolute, percent-encoded, without fragment and without credentials."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import SplitResult, quote, quote_plus, unquote, urljoin, urlsplit, urlunsplit

from offhook.calls.errors import WebhookFailed
from offhook.webhook.failures import INVALID_URL

# Everything RFC 3986 allows stays as the customer wrote it, since the signature covers it; the rest is encoded.
_KEPT = "!#$%&'()*+,/:;=?@[]~"
_CREDENTIALS = re.compile(r"^([^:/?#]*://)[^/?#]*@")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")  # most names and values of a webhook: nothing to encode
_CONTROL = re.compile(r"[\x00-\x20\x7f]")

Parameters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestUrl:
    """Where a request goes; the password never reaches a log, a timeline or a signature."""

    text: str
    host: str
    origin: str
    username: str = ""
    password: str = field(default="", repr=False)

    def with_query(self, parameters: Parameters) -> "RequestUrl":
        """The same URL with parameters appended to what query it has."""
        if not parameters:
            return self
        joint = "&" if "?" in self.text else "?"
        return replace(self, text=f"{self.text}{joint}{encode_form(parameters)}")

    def follow(self, location: str, length: int) -> "RequestUrl":
        """Where a redirect leads; credentials stay behind when it leaves the origin. Raises WebhookFailed (11100)."""
        target = parse_url(urljoin(self.text, location.partition("#")[0]), length)
        if not target.username and target.origin == self.origin:
            return replace(target, username=self.username, password=self.password)
        return target


@lru_cache(maxsize=1024)
def parse_url(text: str, length: int) -> RequestUrl:
    """Read an absolute http or https URL of at most `length` characters. Raises WebhookFailed (11100)."""
    text = text.strip()
    if len(text) > length:
        raise _invalid(text[:200] + "…", f"it is longer than {length} characters")
    if _CONTROL.search(text):
        raise _invalid(text, "it contains a space or a control character")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = _host(parts)
    except ValueError as error:
        raise _invalid(text, str(error)) from error
    if parts.scheme not in {"http", "https"}:
        raise _invalid(text, "it must begin with http:// or https://")
    if not host:
        raise _invalid(text, "it names no host")
    authority = f"[{host}]" if ":" in host else host
    if port is not None:
        authority += f":{port}"
    return RequestUrl(
        text=urlunsplit((parts.scheme, authority, _encoded(parts.path) or "/", _encoded(parts.query), "")),
        host=host,
        origin=f"{parts.scheme}://{authority}",
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def redact(url: str) -> str:
    """The URL for people, without user and password."""
    return _CREDENTIALS.sub(r"\1", url)


def encode_form(parameters: Parameters) -> str:
    """application/x-www-form-urlencoded in UTF-8."""
    return "&".join([f"{_quoted(name)}={_quoted(value)}" for name, value in parameters])


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    return quote_plus(text, encoding="utf-8", errors="replace")


def _host(parts: SplitResult) -> str:
    """The host in ASCII; raises ValueError when its characters could mean something else in a request."""
    host = parts.hostname or ""
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    if host and not _HOST.fullmatch(host):
        raise ValueError(f"{host!r} is no host name")
    return host


def _encoded(part: str) -> str:
    return quote(part, safe=_KEPT, encoding="utf-8", errors="replace")


def _invalid(url: str, reason: str) -> WebhookFailed:
    shown = redact(url)
    return WebhookFailed(INVALID_URL, f"{shown!r} cannot be requested: {reason}", url=shown)
