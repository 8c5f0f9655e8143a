"""Requests on their way out: the name is asked for, then each of its hops is tried until one answers.

Fed by sessions with requests without Via; feeds the transaction layer. Whoever sends gets `responded` or `failed`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from offhook.sip.dialog import next_uri
from offhook.sip.errors import SipError
from offhook.sip.events import Event, NextHopAsked, RefusalCause
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.methods import ACK, CANCEL, INVITE, UPDATE
from offhook.sip.next_hop import next_hop
from offhook.sip.settings import EndpointSettings
from offhook.sip.transaction.client import ClientTransaction
from offhook.sip.transaction.layer import TransactionLayer
from offhook.sip.uri import print_host

SERVICE_UNAVAILABLE = 503
WITH_CONTACT = frozenset({INVITE, UPDATE})
MAGIC_COOKIE = "z9hG4bK"


class Sender(Protocol):
    """Whoever a request belongs to."""

    def responded(self, response: Response, source: Hop, now: float) -> None:
        """A response came."""

    def failed(self, cause: RefusalCause, now: float) -> None:
        """No hop answered."""


@dataclass(slots=True, kw_only=True)
class Departure:
    """One request and what is left to try; `went_to` is the hop of the present attempt."""

    request: Request
    sender: Sender | None
    hops: deque[Hop] = field(default_factory=deque)
    transaction: ClientTransaction | None = None
    went_to: Hop | None = None
    has_left: Callable[[Request, Hop], None] | None = None


class Departures:
    """Sends requests; holds those that wait for an address."""

    def __init__(self, settings: EndpointSettings, layer: TransactionLayer, tokens: Callable[[], str]) -> None:
        self.settings = settings
        self.layer = layer
        self.events: deque[Event] = deque()
        self._tokens = tokens
        self._asked: dict[int, Departure] = {}
        self._number = 0

    def __len__(self) -> int:
        return len(self._asked)

    def send(
        self,
        request: Request,
        sender: Sender | None,
        now: float,
        *,
        has_left: Callable[[Request, Hop], None] | None = None,
    ) -> Departure:
        """Send a request where its Route or Request-URI says; `has_left` is told of each attempt's own copy."""
        departure = Departure(request=request, sender=sender, has_left=has_left)
        try:
            step = next_hop(next_uri(request))
        except SipError:
            self._fail(departure, RefusalCause.UNRESOLVED, now)
            return departure
        if isinstance(step, Hop):
            departure.hops.append(step)
            self._try_next(departure, RefusalCause.TRANSPORT, now)
        elif len(self._asked) >= self.settings.max_questions:
            self._fail(departure, RefusalCause.UNRESOLVED, now)
        else:
            self._number += 1
            self._asked[self._number] = departure
            asked = NextHopAsked(self._number, step.host, step.port, step.transport, request.call_id)
            self.events.append(asked)
        return departure

    def send_to(self, request: Request, hop: Hop, now: float) -> None:
        """Send a request that has its Via to a known hop, for a CANCEL."""
        self.layer.request(request, hop, None, now)

    def answer(self, question: int, hops: Sequence[Hop], now: float) -> None:
        """The addresses of a name, best first; none when it has none."""
        departure = self._asked.pop(question, None)
        if departure is not None:
            departure.hops.extend(hops)
            self._try_next(departure, RefusalCause.UNRESOLVED, now)

    def withdraw(self, departure: Departure) -> bool:
        """Take back a request that still waits for its address; False when it has left."""
        for number, waiting in self._asked.items():
            if waiting is departure:
                del self._asked[number]
                return True
        return False

    def responded(self, transaction: ClientTransaction, response: Response, source: Hop, now: float) -> None:
        """Hand a response to its sender, or try the next hop after a 503 (RFC 3263 §4.3)."""
        departure = transaction.user
        if not isinstance(departure, Departure):
            return
        if response.code == SERVICE_UNAVAILABLE and departure.hops:
            self._try_next(departure, RefusalCause.RESPONSE, now)
        elif departure.sender is not None:
            departure.sender.responded(response, source, now)

    def lost(self, transaction: ClientTransaction, now: float, *, timed_out: bool) -> None:
        """A hop did not answer or could not be reached: try the next."""
        departure = transaction.user
        if isinstance(departure, Departure) and departure.transaction is transaction:
            self._try_next(departure, RefusalCause.TIMEOUT if timed_out else RefusalCause.TRANSPORT, now)

    def _try_next(self, departure: Departure, cause: RefusalCause, now: float) -> None:
        while departure.hops:
            hop = departure.hops.popleft()
            if hop.transport in self.settings.sent_by:
                self._attempt(departure, hop, now)
                return
        self._fail(departure, cause, now)

    def _attempt(self, departure: Departure, hop: Hop, now: float) -> None:
        original = departure.request
        request = Request(original.method, original.text_uri, original.headers.copy(), original.body)
        request.headers.prepend("Via", self.via(hop))
        if request.method in WITH_CONTACT:
            request.headers.add("Contact", self.contact(hop))
        departure.went_to = hop
        if departure.has_left is not None:
            departure.has_left(request, hop)
        if request.method == ACK:
            self.layer.send(bytes(request), hop, request.call_id, f"{ACK} {request.text_uri}")
        else:
            departure.transaction = self.layer.request(request, hop, departure, now)

    def via(self, hop: Hop) -> str:
        """A Via of ours with a new branch, asking for rport (RFC 3581)."""
        host, port = self.settings.sent_by[hop.transport]
        return f"SIP/2.0/{hop.transport.value} {print_host(host, port)};branch={MAGIC_COOKIE}{self._tokens()};rport"

    def contact(self, hop: Hop) -> str:
        """Our Contact for requests and responses on this hop's transport."""
        host, port = self.settings.sent_by[hop.transport]
        suffix = "" if not hop.transport.is_reliable else f";transport={hop.transport.value.lower()}"
        return f"<sip:{print_host(host, port)}{suffix}>"

    @staticmethod
    def _fail(departure: Departure, cause: RefusalCause, now: float) -> None:
        if departure.sender is not None:
            departure.sender.failed(cause, now)


def cancel_for(invite: Request) -> Request:
    """The CANCEL of an INVITE as it was sent: same Via, Request-URI, Route, From, To, Call-ID and number (§9.1)."""
    cancel = Request(CANCEL, invite.text_uri, type(invite.headers)())
    cancel.headers.add("Via", str(invite.via))
    cancel.headers.carry(invite.headers, "Route", "Max-Forwards", "From", "To", "Call-ID")
    cancel.headers.add("CSeq", f"{invite.cseq.number} {CANCEL}")
    return cancel
