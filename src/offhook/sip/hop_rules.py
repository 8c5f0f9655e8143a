"""Which hops a request may take, whatever names and redirects say."""

from dataclasses import dataclass
from ipaddress import ip_address

from offhook.sip.events import RefusalCause
from offhook.sip.hop import Hop, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class HopRules:
    """What a request asks of its hops.

    `needs_tls` keeps what carries keys from being read on the way (RFC 4568 §6.1); `needs_public` keeps calls whose
    target a stranger has chosen out of private networks, where a name may lead as well as an address.
    """

    needs_tls: bool = False
    needs_public: bool = False

    def objection(self, hop: Hop) -> tuple[RefusalCause, str] | None:
        """Why a request may not go there, in a word and in words; None when it may."""
        if self.needs_public and is_private(hop.host):
            return RefusalCause.PRIVATE, f"{hop.host} is a private address"
        if self.needs_tls and hop.transport is not Transport.TLS:
            return RefusalCause.TRANSPORT, f"a secure call does not go by {hop.transport.value}"
        return None


ANY_HOP = HopRules()


def is_private(host: str) -> bool:
    """Whether this is a literal address, in brackets or not, that is nobody's on the Internet; a name is not."""
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return not address.is_global or address.is_multicast
