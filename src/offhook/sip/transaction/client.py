"""The client transactions: INVITE (RFC 3261 figure 5 with RFC 6026 §7.2) and non-INVITE (figure 6).

Fed by the layer with responses, timers and transport errors; feeds the layer with transmissions and news.
"""

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Any, ClassVar

from offhook.base.machine import Machine, Step
from offhook.sip.headers import Headers
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.methods import ACK
from offhook.sip.timers import Timer
from offhook.sip.transaction.key import ClientKey
from offhook.sip.transaction.outlet import Outlet


class ClientState(Enum):
    """CALLING and ACCEPTED belong to INVITE, TRYING to the others."""

    CALLING = auto()
    TRYING = auto()
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    TERMINATED = auto()

    __hash__ = object.__hash__  # that of Enum is Python code, and the table is read for every message


class ClientInput(Enum):
    """What happens to a client transaction."""

    PROVISIONAL = auto()
    SUCCESS = auto()
    FAILURE = auto()
    TIMER_A = auto()
    TIMER_B = auto()
    TIMER_D = auto()
    TIMER_E = auto()
    TIMER_F = auto()
    TIMER_K = auto()
    TIMER_M = auto()
    TRANSPORT_ERROR = auto()
    ABANDON = auto()

    __hash__ = object.__hash__  # that of Enum is Python code, and the table is read for every message


S, I = ClientState, ClientInput  # noqa: E741  # the tables read better with one letter

# RFC 3261 figure 5, with the Accepted state of RFC 6026 figure 1.
INVITE_TABLE: Mapping[tuple[ClientState, ClientInput], Step[ClientState]] = MappingProxyType(
    {
        (S.CALLING, I.TIMER_A): Step(S.CALLING, ("resend",)),
        (S.CALLING, I.TIMER_B): Step(S.TERMINATED, ("end", "report_timeout")),
        (S.CALLING, I.TRANSPORT_ERROR): Step(S.TERMINATED, ("end", "report_transport")),
        (S.CALLING, I.ABANDON): Step(S.TERMINATED, ("end",)),
        (S.CALLING, I.PROVISIONAL): Step(S.PROCEEDING, ("stop_calling", "pass_up")),
        (S.CALLING, I.SUCCESS): Step(S.ACCEPTED, ("stop_calling", "linger_accepted", "pass_up")),
        (S.CALLING, I.FAILURE): Step(S.COMPLETED, ("stop_calling", "ack", "linger_completed", "pass_up")),
        (S.PROCEEDING, I.ABANDON): Step(S.TERMINATED, ("end",)),  # §9.1: 64*T1 after a CANCEL
        (S.PROCEEDING, I.PROVISIONAL): Step(S.PROCEEDING, ("pass_up",)),
        (S.PROCEEDING, I.SUCCESS): Step(S.ACCEPTED, ("linger_accepted", "pass_up")),
        (S.PROCEEDING, I.FAILURE): Step(S.COMPLETED, ("ack", "linger_completed", "pass_up")),
        (S.ACCEPTED, I.SUCCESS): Step(S.ACCEPTED, ("pass_up",)),
        (S.ACCEPTED, I.TIMER_M): Step(S.TERMINATED, ("end",)),
        (S.COMPLETED, I.FAILURE): Step(S.COMPLETED, ("ack",)),
        (S.COMPLETED, I.TRANSPORT_ERROR): Step(S.TERMINATED, ("end", "report_transport")),
        (S.COMPLETED, I.TIMER_D): Step(S.TERMINATED, ("end",)),
    }
)

# RFC 3261 figure 6.
NON_INVITE_TABLE: Mapping[tuple[ClientState, ClientInput], Step[ClientState]] = MappingProxyType(
    {
        (S.TRYING, I.TIMER_E): Step(S.TRYING, ("resend",)),
        (S.TRYING, I.TIMER_F): Step(S.TERMINATED, ("end", "report_timeout")),
        (S.TRYING, I.TRANSPORT_ERROR): Step(S.TERMINATED, ("end", "report_transport")),
        (S.TRYING, I.PROVISIONAL): Step(S.PROCEEDING, ("slow_down", "pass_up")),
        (S.TRYING, I.SUCCESS): Step(S.COMPLETED, ("linger_completed", "pass_up")),
        (S.TRYING, I.FAILURE): Step(S.COMPLETED, ("linger_completed", "pass_up")),
        (S.PROCEEDING, I.TIMER_E): Step(S.PROCEEDING, ("resend_slowly",)),
        (S.PROCEEDING, I.TIMER_F): Step(S.TERMINATED, ("end", "report_timeout")),
        (S.PROCEEDING, I.TRANSPORT_ERROR): Step(S.TERMINATED, ("end", "report_transport")),
        (S.PROCEEDING, I.PROVISIONAL): Step(S.PROCEEDING, ("pass_up",)),
        (S.PROCEEDING, I.SUCCESS): Step(S.COMPLETED, ("linger_completed", "pass_up")),
        (S.PROCEEDING, I.FAILURE): Step(S.COMPLETED, ("linger_completed", "pass_up")),
        (S.COMPLETED, I.TIMER_K): Step(S.TERMINATED, ("end",)),
    }
)

INPUT_OF_TIMER = MappingProxyType(
    {timer: ClientInput[f"TIMER_{timer.name}"] for timer in Timer if timer.name in "ABDEFKM"}
)


class ClientTransaction(Machine[ClientState, ClientInput, Any]):
    """What both kinds share: the request on its way to one hop; `timers` are those the outlet has set."""

    __slots__ = ("call_id", "data", "hop", "interval", "key", "outlet", "request", "timers", "user")

    FIRST: ClassVar[ClientState]

    def __init__(self, outlet: Outlet, request: Request, hop: Hop, user: Any, key: ClientKey | None = None) -> None:
        super().__init__(self.FIRST)
        self.outlet = outlet
        self.request = request
        self.hop = hop
        self.user = user
        self.call_id = request.call_id
        self.key = key or ClientKey(request.via.branch or "", request.method)
        self.data = bytes(request)
        self.interval = outlet.timers.t1
        self.timers: set[Timer] = set()

    def start(self, now: float) -> None:
        """Send the request and set its timers."""
        raise NotImplementedError

    def ignored(self, input_: ClientInput, _subject: Any, _now: float) -> None:
        """Leave a remark."""
        self.outlet.note_ignored(self, input_)

    def receive(self, response: Response, now: float) -> None:
        """Take a response that matches this transaction."""
        if response.is_provisional:
            self.feed(ClientInput.PROVISIONAL, response, now)
        elif response.is_success:
            self.feed(ClientInput.SUCCESS, response, now)
        else:
            self.feed(ClientInput.FAILURE, response, now)

    def fire(self, timer: Timer, now: float) -> None:
        """A timer of this transaction fell due."""
        self.feed(INPUT_OF_TIMER[timer], None, now)

    def transmit(self) -> None:
        """Put the request on the wire."""
        request = self.request
        self.outlet.send(self.data, self.hop, self.call_id, f"{request.method} {request.text_uri}")

    # --- actions --------------------------------------------------------------------------------------------------

    def pass_up(self, response: Response, _now: float) -> None:
        """Hand the response to the transaction user."""
        self.outlet.respond_up(self, response)

    def report_timeout(self, _nothing: None, _now: float) -> None:
        """Say that nobody answered."""
        self.outlet.fail_up(self, timed_out=True)

    def report_transport(self, _nothing: None, _now: float) -> None:
        """Say that the message could not be sent."""
        self.outlet.fail_up(self, timed_out=False)

    def end(self, _nothing: None, _now: float) -> None:
        """Leave the layer; every timer goes with the transaction."""
        self.outlet.remove(self)


class ClientInviteTransaction(ClientTransaction):
    """ICT."""

    __slots__ = ()

    TABLE: ClassVar[Mapping[tuple[Any, Any], Step[Any]]] = INVITE_TABLE
    FIRST: ClassVar[ClientState] = ClientState.CALLING

    def start(self, now: float) -> None:
        """Send the INVITE and set timers A (UDP only) and B."""
        self.transmit()
        if not self.hop.transport.is_reliable:
            self.outlet.set_timer(self, Timer.A, now + self.interval)
        self.outlet.set_timer(self, Timer.B, now + self.outlet.timers.timeout)

    # --- actions --------------------------------------------------------------------------------------------------

    def resend(self, _nothing: None, now: float) -> None:
        """Timer A doubles without a bound (§17.1.1.2)."""
        self.transmit()
        self.interval *= 2
        self.outlet.set_timer(self, Timer.A, now + self.interval)

    def stop_calling(self, _response: Response, _now: float) -> None:
        """A response came: no more retransmissions, and how long it may ring is the user's decision."""
        self.outlet.clear_timer(self, Timer.A)
        self.outlet.clear_timer(self, Timer.B)

    def ack(self, response: Response, _now: float) -> None:
        """ACK a failure within the transaction: same branch, same hop (§17.1.1.3)."""
        self.outlet.send(
            bytes(ack_for(self.request, response)), self.hop, self.call_id, f"{ACK} {self.request.text_uri}"
        )

    def linger_accepted(self, _response: Response, now: float) -> None:
        """Stay to take further 2xx, from this fork or others (RFC 6026 §8.4)."""
        self.outlet.set_timer(self, Timer.M, now + self.outlet.timers.timeout)

    def linger_completed(self, _response: Response, now: float) -> None:
        """Stay to ACK retransmitted failures; not at all on a reliable transport."""
        wait = 0.0 if self.hop.transport.is_reliable else self.outlet.timers.response_wait
        self.outlet.set_timer(self, Timer.D, now + wait)


class ClientNonInviteTransaction(ClientTransaction):
    """NICT."""

    __slots__ = ()

    TABLE: ClassVar[Mapping[tuple[Any, Any], Step[Any]]] = NON_INVITE_TABLE
    FIRST: ClassVar[ClientState] = ClientState.TRYING

    def start(self, now: float) -> None:
        """Send the request and set timers E (UDP only) and F."""
        self.transmit()
        if not self.hop.transport.is_reliable:
            self.outlet.set_timer(self, Timer.E, now + self.interval)
        self.outlet.set_timer(self, Timer.F, now + self.outlet.timers.timeout)

    # --- actions --------------------------------------------------------------------------------------------------

    def resend(self, _nothing: None, now: float) -> None:
        """Timer E doubles up to T2 (§17.1.2.2)."""
        self.transmit()
        self.interval = min(self.interval * 2, self.outlet.timers.t2)
        self.outlet.set_timer(self, Timer.E, now + self.interval)

    def resend_slowly(self, _nothing: None, now: float) -> None:
        """In Proceeding the interval is T2."""
        self.transmit()
        self.outlet.set_timer(self, Timer.E, now + self.outlet.timers.t2)

    def slow_down(self, _response: Response, now: float) -> None:
        """A provisional response: the next retransmission waits for T2."""
        if not self.hop.transport.is_reliable:
            self.outlet.set_timer(self, Timer.E, now + self.outlet.timers.t2)

    def linger_completed(self, _response: Response, now: float) -> None:
        """Stay to absorb retransmitted responses; not at all on a reliable transport."""
        self.outlet.clear_timer(self, Timer.E)
        self.outlet.clear_timer(self, Timer.F)
        wait = 0.0 if self.hop.transport.is_reliable else self.outlet.timers.t4
        self.outlet.set_timer(self, Timer.K, now + wait)


def ack_for(invite: Request, response: Response) -> Request:
    """The ACK of a non-2xx: the INVITE's own top Via and Route, the response's To (§17.1.1.3)."""
    headers = Headers()
    headers.add("Via", invite.headers.all("Via")[0])
    headers.carry(invite.headers, "Route", "Max-Forwards", "From")
    headers.carry(response.headers, "To")
    headers.carry(invite.headers, "Call-ID")
    headers.add("CSeq", f"{invite.cseq.number} {ACK}")
    return Request(ACK, invite.text_uri, headers)
