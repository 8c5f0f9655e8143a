"""Where a request goes: its next URI as a list of hops to try, or as a question to ask (RFC 3261 §8.1.2, RFC 3263)."""

from dataclasses import dataclass
from ipaddress import ip_address

from offhook.sip.hop import Hop, Transport
from offhook.sip.uri import SipUri


@dataclass(frozen=True, slots=True)
class Question:
    """A name to look up; None where the URI leaves port or transport open."""

    host: str
    port: int | None
    transport: Transport | None


def next_hop(uri: SipUri) -> Hop | Question:
    """A hop when the URI names an address, else the question to ask. `maddr` wins over the host (§19.1.1)."""
    host = uri.param("maddr") or uri.host
    named = TRANSPORTS.get((uri.transport or "").lower())
    if uri.scheme == "sips":
        named = Transport.TLS
    literal = host.removeprefix("[").removesuffix("]")
    try:
        ip_address(literal)
    except ValueError:
        return Question(host, uri.port, named)
    transport = named or Transport.UDP
    return Hop(transport, literal, uri.port or transport.default_port)


TRANSPORTS = {transport.value.lower(): transport for transport in Transport}
