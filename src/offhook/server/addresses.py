"""Reads places as settings and options write them: address and port, port ranges, IP addresses, URLs, SIP hosts."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from offhook.sip.errors import SipError
from offhook.sip.uri import SipUri

MAX_PORT = 65535


def split_address(text: str) -> tuple[str, int] | None:
    """`host:port` or `[v6]:port` as host and port, or None."""
    host, _, port = text.rpartition(":")
    literal = host.removeprefix("[").removesuffix("]")
    number = _port(port)
    return None if not literal or number is None else (literal, number)


def split_ports(text: str) -> tuple[int, int] | None:
    """`low-high` as numbers, or None."""
    low, _, high = text.partition("-")
    first, last = _port(low), _port(high)
    return None if not first or last is None or first >= last else (first, last)


def is_ip_address(text: str) -> bool:
    """Whether it is an address and no name."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_web_url(text: str) -> bool:
    """Whether it is a whole http or https URL."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_sip_host(text: str) -> bool:
    """Whether it can stand behind `sip:`: a host, with port and parameters or without."""
    try:
        uri = SipUri.parse(f"sip:{text}")
    except SipError:
        return False
    return not uri.user and not uri.headers


def proxy_uri(host: str) -> str:
    """The URI of an outbound proxy from its SIP host; it routes loosely (RFC 3261 §16.12). "" for none."""
    if not host:
        return ""
    is_loose = any(word.strip().lower() == "lr" for word in host.split(";")[1:])
    return f"sip:{host}" if is_loose else f"sip:{host};lr"


def _port(text: str) -> int | None:
    """A port's number in ASCII digits, or None."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PORT))) or int(text) > MAX_PORT:
        return None
    return int(text)
