"""The server transactions: INVITE (RFC 3261 figure 7 with RFC 6026 §7.1) and non-INVITE (figure 8).

Fed by the layer with requests, the user's responses and timers; feeds the layer with transmissions and news.
"""

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, ClassVar

from offhook.base.machine import Machine, Step
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.timers import Timer
from offhook.sip.transaction.key import Identity, ServerKey, server_key
from offhook.sip.transaction.outlet import Outlet


class ServerState(Enum):
    """ACCEPTED and CONFIRMED belong to INVITE, TRYING to the others."""

    TRYING = auto()
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    TERMINATED = auto()

    __hash__ = object.__hash__  # that of Enum is Python code, and the table is read for every message


class ServerInput(Enum):
    """The peer's messages, the user's responses, timers."""

    REQUEST = auto()
    ACK = auto()
    SEND_PROVISIONAL = auto()
    SEND_SUCCESS = auto()
    SEND_FAILURE = auto()
    TIMER_G = auto()
    TIMER_H = auto()
    TIMER_I = auto()
    TIMER_J = auto()
    TIMER_L = auto()
    TRANSPORT_ERROR = auto()

    __hash__ = object.__hash__  # that of Enum is Python code, and the table is read for every message


S, I = ServerState, ServerInput  # noqa: E741  # the tables read better with one letter

# RFC 3261 figure 7, with the Accepted state of RFC 6026 figure 2.
INVITE_TABLE: Mapping[tuple[ServerState, ServerInput], Step[ServerState]] = MappingProxyType(
    {
        (S.PROCEEDING, I.REQUEST): Step(S.PROCEEDING, ("resend",)),
        (S.PROCEEDING, I.SEND_PROVISIONAL): Step(S.PROCEEDING, ("transmit",)),
        (S.PROCEEDING, I.SEND_SUCCESS): Step(S.ACCEPTED, ("transmit", "linger_accepted")),
        (S.PROCEEDING, I.SEND_FAILURE): Step(S.COMPLETED, ("transmit", "await_ack")),
        (S.PROCEEDING, I.TRANSPORT_ERROR): Step(S.TERMINATED, ("end", "report_transport")),
        (S.ACCEPTED, I.REQUEST): Step(S.ACCEPTED),
        (S.ACCEPTED, I.SEND_SUCCESS): Step(S.ACCEPTED, ("transmit",)),
        (S.ACCEPTED, I.ACK): Step(S.ACCEPTED, ("pass_ack",)),
        (S.ACCEPTED, I.TIMER_L): Step(S.TERMINATED, ("end",)),
        (S.COMPLETED, I.REQUEST): Step(S.COMPLETED, ("resend",)),
        (S.COMPLETED, I.TIMER_G): Step(S.COMPLETED, ("resend_later",)),
        (S.COMPLETED, I.TIMER_H): Step(S.TERMINATED, ("end", "report_timeout")),
        (S.COMPLETED, I.TRANSPORT_ERROR): Step(S.TERMINATED, ("end", "report_transport")),
        (S.COMPLETED, I.ACK): Step(S.CONFIRMED, ("linger_confirmed",)),
        (S.CONFIRMED, I.ACK): Step(S.CONFIRMED),
        (S.CONFIRMED, I.REQUEST): Step(S.CONFIRMED),
        (S.CONFIRMED, I.TIMER_I): Step(S.TERMINATED, ("end",)),
    }
)

# RFC 3261 figure 8.
NON_INVITE_TABLE: Mapping[tuple[ServerState, ServerInput], Step[ServerState]] = MappingProxyType(
    {
        (S.TRYING, I.REQUEST): Step(S.TRYING),
        (S.TRYING, I.SEND_PROVISIONAL): Step(S.PROCEEDING, ("transmit",)),
        (S.TRYING, I.SEND_SUCCESS): Step(S.COMPLETED, ("transmit", "linger_completed")),
        (S.TRYING, I.SEND_FAILURE): Step(S.COMPLETED, ("transmit", "linger_completed")),
        (S.PROCEEDING, I.REQUEST): Step(S.PROCEEDING, ("resend",)),
        (S.PROCEEDING, I.SEND_PROVISIONAL): Step(S.PROCEEDING, ("transmit",)),
        (S.PROCEEDING, I.SEND_SUCCESS): Step(S.COMPLETED, ("transmit", "linger_completed")),
        (S.PROCEEDING, I.SEND_FAILURE): Step(S.COMPLETED, ("transmit", "linger_completed")),
        (S.PROCEEDING, I.TRANSPORT_ERROR): Step(S.TERMINATED, ("end", "report_transport")),
        (S.COMPLETED, I.REQUEST): Step(S.COMPLETED, ("resend",)),
        (S.COMPLETED, I.TIMER_J): Step(S.TERMINATED, ("end",)),
        (S.COMPLETED, I.TRANSPORT_ERROR): Step(S.TERMINATED, ("end", "report_transport")),
    }
)

INPUT_OF_TIMER = MappingProxyType(
    {timer: ServerInput[f"TIMER_{timer.name}"] for timer in Timer if timer.name in "GHIJL"}
)


class ServerTransaction(Machine[ServerState, ServerInput, Any]):
    """What both kinds share: a request that came from one hop and the last response that went back."""

    __slots__ = (
        "call_id", "data", "hop", "identity", "interval", "key", "outlet", "request", "start_line", "timers", "user",
    )  # fmt: skip

    FIRST: ClassVar[ServerState]
    COMMANDS: ClassVar[frozenset[Any]] = frozenset({I.SEND_PROVISIONAL, I.SEND_SUCCESS, I.SEND_FAILURE})

    def __init__(self, outlet: Outlet, request: Request, hop: Hop, key: ServerKey | None = None) -> None:
        super().__init__(self.FIRST)
        self.outlet = outlet
        self.request = request
        self.hop = hop
        self.call_id = request.call_id
        self.key = key or server_key(request)
        self.identity: Identity | None = None
        self.user: Any = None
        self.data = b""
        self.start_line = ""
        self.interval = outlet.timers.t1
        self.timers: set[Timer] = set()

    @property
    def is_answered(self) -> bool:
        """Whether no final response can be sent any more."""
        return not self.allows(ServerInput.SEND_FAILURE)

    def ignored(self, input_: ServerInput, _subject: Any, _now: float) -> None:
        """Leave a remark."""
        self.outlet.note_ignored(self, input_)

    def respond(self, response: Response, now: float) -> None:
        """Send the user's response. Raises IllegalInput after a final one."""
        if response.is_provisional:
            self.feed(ServerInput.SEND_PROVISIONAL, response, now)
        elif response.is_success:
            self.feed(ServerInput.SEND_SUCCESS, response, now)
        else:
            self.feed(ServerInput.SEND_FAILURE, response, now)

    def fire(self, timer: Timer, now: float) -> None:
        """A timer of this transaction fell due."""
        self.feed(INPUT_OF_TIMER[timer], None, now)

    # --- actions --------------------------------------------------------------------------------------------------

    def transmit(self, response: Response, _now: float) -> None:
        """Put a response on the wire and keep it for retransmission."""
        self.data = bytes(response)
        self.start_line = f"{response.code} {response.reason}"
        self.outlet.send(self.data, self.hop, self.call_id, self.start_line)

    def resend(self, _request: object, _now: float) -> None:
        """The request came again: so does the last response, if there was one."""
        if self.data:
            self.outlet.send(self.data, self.hop, self.call_id, self.start_line)

    def report_timeout(self, _nothing: None, _now: float) -> None:
        """Say that no ACK came."""
        self.outlet.fail_up(self, timed_out=True)

    def report_transport(self, _nothing: None, _now: float) -> None:
        """Say that the response could not be sent."""
        self.outlet.fail_up(self, timed_out=False)

    def end(self, _nothing: None, _now: float) -> None:
        """Leave the layer; every timer goes with the transaction."""
        self.outlet.remove(self)


class ServerInviteTransaction(ServerTransaction):
    """IST; the 2xx itself is retransmitted by the user (RFC 6026 §8.3)."""

    __slots__ = ()

    TABLE: ClassVar[Mapping[tuple[Any, Any], Step[Any]]] = INVITE_TABLE
    FIRST: ClassVar[ServerState] = ServerState.PROCEEDING

    # --- actions --------------------------------------------------------------------------------------------------

    def linger_accepted(self, _response: Response, now: float) -> None:
        """Stay to absorb retransmitted INVITEs and ACKs while the user waits for its ACK."""
        self.outlet.set_timer(self, Timer.L, now + self.outlet.timers.timeout)

    def pass_ack(self, request: Request, _now: float) -> None:
        """Hand up an ACK that came with the INVITE's own branch."""
        self.outlet.ack_up(self, request)

    def await_ack(self, _response: Response, now: float) -> None:
        """Retransmit the failure until its ACK (UDP only), give up after timer H."""
        if not self.hop.transport.is_reliable:
            self.outlet.set_timer(self, Timer.G, now + self.interval)
        self.outlet.set_timer(self, Timer.H, now + self.outlet.timers.timeout)

    def resend_later(self, _nothing: None, now: float) -> None:
        """Timer G doubles up to T2."""
        self.resend(None, now)
        self.interval = min(self.interval * 2, self.outlet.timers.t2)
        self.outlet.set_timer(self, Timer.G, now + self.interval)

    def linger_confirmed(self, _request: Request, now: float) -> None:
        """Stay to absorb retransmitted ACKs; not at all on a reliable transport."""
        self.outlet.clear_timer(self, Timer.G)
        self.outlet.clear_timer(self, Timer.H)
        wait = 0.0 if self.hop.transport.is_reliable else self.outlet.timers.t4
        self.outlet.set_timer(self, Timer.I, now + wait)


class ServerNonInviteTransaction(ServerTransaction):
    """NIST."""

    __slots__ = ()

    TABLE: ClassVar[Mapping[tuple[Any, Any], Step[Any]]] = NON_INVITE_TABLE
    FIRST: ClassVar[ServerState] = ServerState.TRYING

    # --- actions --------------------------------------------------------------------------------------------------

    def linger_completed(self, _response: Response, now: float) -> None:
        """Stay to answer retransmitted requests; not at all on a reliable transport."""
        wait = 0.0 if self.hop.transport.is_reliable else self.outlet.timers.timeout
        self.outlet.set_timer(self, Timer.J, now + wait)
