"""What a guard goes by, and the names of what it refuses and holds against a source."""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network

EVERYBODY: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))
# Parts of the User-Agent of programs that look for open exchanges, as they write it themselves.
SCANNERS = (
    "friendly-scanner", "sipvicious", "sipcli", "sipsak", "sip-scan", "sipscan", "sundayddr", "iwar", "smap",
    "pplsip", "vaxsipuseragent", "siparmyknife", "vsipexchange",
)  # fmt: skip


class Refusal(Enum):
    """Why a message was not taken."""

    BANNED = "banned"
    MESSAGES = "messages"  # more a second than one source may send
    DIALOGS = "dialogs"  # more new requests a second
    TRANSACTIONS = "transactions"  # more open at once
    SESSIONS = "sessions"
    STRANGERS = "strangers"  # more transactions open of all sources that are not trusted
    SCANNER = "scanner"
    OVERLOADED = "overloaded"

    __hash__ = object.__hash__  # that of Enum is Python code, and refusals are counted by the thousand


class Strike(Enum):
    """What is held against a source."""

    MALFORMED = "malformed"
    REFUSED = "refused"  # it called what is not here, or what it may not call
    CREDENTIALS = "credentials"  # wrong ones
    CHALLENGED = "challenged"  # it was asked for credentials; taken back when they come
    SCANNER = "scanner"
    FLOOD = "flood"

    __hash__ = object.__hash__  # likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """What one source may do; a source is an IPv4 address or an IPv6 /64, over datagrams or over streams.

    `trusted` networks have no limits. Rates are per second, durations in seconds. `strikes` within `strike_window`
    bring a ban of `ban`. `sources` and `bans` are how many are remembered; `strangers` is how many transactions all
    sources that are not trusted may have open together, so that forged addresses cannot take everybody's place.
    """

    trusted: tuple[Network, ...] = ()
    messages: float = 100.0
    messages_burst: float = 400.0
    dialogs: float = 10.0
    dialogs_burst: float = 50.0
    transactions: int = 500
    sessions: int = 250
    strangers: int = 5000
    strikes: int = 10
    strike_window: float = 60.0
    ban: float = 600.0
    sources: int = 20_000
    bans: int = 20_000
    scanners: tuple[str, ...] = SCANNERS


UNGUARDED = GuardSettings(trusted=EVERYBODY)
