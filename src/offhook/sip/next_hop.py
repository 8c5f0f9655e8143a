"""Where a request goes: its next URI as a hop, or as a question to ask (RFC 3261 §8.1.2, RFC 3263)."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from offhook.sip.hop import Hop, Transport
from offhook.sip.uri import SipUri

TRANSPORTS = {transport.value.lower(): transport for transport in Transport}


@dataclass(frozen=True, slots=True)
class Question:
    """A name to look up; None where the URI leaves port or transport open."""

    host: str
    port: int | None
    transport: Transport | None


def next_hop(uri: SipUri) -> Hop | Question:
    """A hop when the URI names an address, else the question to ask. `maddr` wins over the host (§19.1.1)."""
    host = uri.param("maddr") or uri.host
    named = TRANSPORTS.get(uri.transport or "")
    if uri.scheme == "sips":
        named = Transport.TLS
    literal = host.removeprefix("[").removesuffix("]")
    if not _is_address(literal):
        return Question(host, uri.port, named)
    transport = named or Transport.UDP
    return Hop(transport, literal, uri.port or transport.default_port)


def over_tls(uri: str) -> str:
    """The same SIP URI, asked for by TLS."""
    return str(SipUri.parse(uri).with_params(transport="tls"))


@lru_cache(maxsize=1024)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
