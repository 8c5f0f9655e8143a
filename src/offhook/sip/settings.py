"""What an endpoint goes by: its edge, the addresses it writes down, its limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from offhook.sip.hop import Transport
from offhook.sip.nat import NatPolicy
from offhook.sip.parse import Limits
from offhook.sip.timers import TimerValues

METHODS = "INVITE, ACK, CANCEL, OPTIONS, BYE, INFO, UPDATE, PRACK, REFER, NOTIFY"
# What a peer may require of us (RFC 3262, 4028, 3891, 4488).
EXTENSIONS = ("100rel", "replaces", "timer", "norefersub")
SUPPORTED = ", ".join(EXTENSIONS)


FAILED_CODES = frozenset({408, *range(500, 600)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failover:
    """When another target is tried (RFC 3263 §4.3); durations in seconds, each of the last three may be 0 for never.

    After a response of `codes` the next one is; `failed_codes` are told as failed attempts. A target that stays silent
    for `patience` is passed over when there is another; one that failed is tried last for `memory`. A request of more
    than `datagram_limit` octets prefers TCP (RFC 3261 §18.1.1).
    """

    codes: frozenset[int] = frozenset({503})
    failed_codes: frozenset[int] = FAILED_CODES
    patience: float = 4.0
    memory: float = 30.0
    datagram_limit: int = 1300


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSettings:
    """One edge's stack; `sent_by` is what Via and Contact say for each transport.

    `session_expires` and `min_se` are the session interval that we ask for and the shortest that we take, in seconds
    (RFC 4028); 0 leaves session timers off.
    """

    edge: str
    sent_by: Mapping[Transport, tuple[str, int]]
    user_agent: str = "offhook"
    timers: TimerValues = field(default_factory=TimerValues)
    failover: Failover = field(default_factory=Failover)
    session_expires: int = 1800
    min_se: int = 90
    limits: Limits = field(default_factory=Limits)
    nat: NatPolicy = NatPolicy.AUTO
    max_transactions: int = 20_000  # that peers make us hold; a request beyond gets 503
    max_sessions: int = 10_000
    max_questions: int = 5_000  # names waiting for their addresses
