"""Requests on their way out: the name is asked for, then each of its hops is tried until one answers.

Fed by sessions with requests without Via; feeds the transaction layer. A departure's sender is told what comes of it
by the endpoint, which takes `failures` after the transactions' news: never while a machine is running.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from offhook.sip.events import NextHopAsked, RefusalCause
from offhook.sip.fields import BRANCH_COOKIE
from offhook.sip.headers import Headers
from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request, Response
from offhook.sip.methods import ACK, CANCEL, INVITE, NOTIFY, REFER, UPDATE
from offhook.sip.next_hop import next_hop
from offhook.sip.settings import EndpointSettings
from offhook.sip.transaction.client import ClientInput, ClientTransaction
from offhook.sip.transaction.layer import TransactionLayer
from offhook.sip.uri import SipUri, print_host

SERVICE_UNAVAILABLE = 503
WITH_CONTACT = frozenset({INVITE, UPDATE, REFER, NOTIFY})  # what may move a remote target (§12.2.1.1)


class Sender(Protocol):
    """Whoever a request belongs to."""

    def responded(self, response: Response, source: Hop, now: float) -> None:
        """A response came."""

    def failed(self, cause: RefusalCause, now: float) -> None:
        """No hop answered."""


@dataclass(slots=True, kw_only=True, eq=False)
class Departure:
    """One request on its way: towards a URI, or to hops that are known already.

    `has_left` is told of each attempt's own copy, Via included.
    """

    request: Request
    sender: Sender | None = None
    towards: SipUri | None = None
    hops: deque[Hop] = field(default_factory=deque)
    has_left: Callable[[Request, Hop, float], None] | None = None
    question: int | None = None
    transaction: ClientTransaction | None = None


class Departures:
    """Sends requests; holds those that wait for an address."""

    def __init__(self, settings: EndpointSettings, layer: TransactionLayer, tokens: Callable[[], str]) -> None:
        self.settings = settings
        self.layer = layer
        self.questions: deque[NextHopAsked] = deque()
        self.failures: deque[tuple[Sender, RefusalCause]] = deque()
        self._tokens = tokens
        self._asked: dict[int, Departure] = {}
        self._number = 0
        self._sent_by = {transport: print_host(host, port) for transport, (host, port) in settings.sent_by.items()}

    def __len__(self) -> int:
        return len(self._asked)

    def send(self, departure: Departure, now: float) -> Departure:
        """Send a request to its hops, or where its URI leads."""
        step = None if departure.hops or departure.towards is None else next_hop(departure.towards)
        if isinstance(step, Hop):
            departure.hops.append(step)
        if departure.hops:
            self._try_next(departure, RefusalCause.TRANSPORT, now)
        elif step is None or len(self._asked) >= self.settings.max_questions:
            self._fail(departure, RefusalCause.UNRESOLVED)
        else:
            self._number += 1
            departure.question = self._number
            self._asked[self._number] = departure
            call_id = departure.request.call_id
            self.questions.append(NextHopAsked(self._number, step.host, step.port, step.transport, call_id))
        return departure

    def cancel(self, invite: Request, hop: Hop, headers: Sequence[tuple[str, str]], now: float) -> None:
        """CANCEL an INVITE as it was sent: same hop, Via, Request-URI, Route, From, To, Call-ID and number (§9.1)."""
        request = Request(CANCEL, invite.text_uri, Headers())
        request.headers.add("Via", invite.headers.all("Via")[0])
        request.headers.carry(invite.headers, "Route", "Max-Forwards", "From", "To", "Call-ID")
        request.headers.add("CSeq", f"{invite.cseq.number} {CANCEL}")
        for name, value in headers:
            request.headers.add(name, value)
        self.layer.request(invite.via.branch or "", request, hop, None, now)

    def answer(self, question: int, hops: Sequence[Hop], now: float) -> None:
        """The addresses of a name, best first; none when it has none."""
        departure = self._asked.pop(question, None)
        if departure is not None:
            departure.question = None
            departure.hops.extend(hops)
            self._try_next(departure, RefusalCause.UNRESOLVED, now)

    def withdraw(self, departure: Departure) -> bool:
        """Take back a request that still waits for its address; False when it has left."""
        return departure.question is not None and self._asked.pop(departure.question, None) is not None

    def abandon(self, departure: Departure, now: float) -> None:
        """Its sender has no use for it any more: what still waits or is not answered is forgotten."""
        departure.hops.clear()
        self.withdraw(departure)
        transaction = departure.transaction
        if transaction is not None and transaction.allows(ClientInput.ABANDON):
            transaction.feed(ClientInput.ABANDON, None, now)

    def responded(self, transaction: ClientTransaction, response: Response, source: Hop, now: float) -> None:
        """Hand a response to its sender, or try the next hop after a 503 (RFC 3263 §4.3)."""
        departure = transaction.user
        if not isinstance(departure, Departure):
            return
        if response.code == SERVICE_UNAVAILABLE and departure.hops:
            self._try_next(departure, RefusalCause.RESPONSE, now)
            return
        if response.is_final:
            departure.hops.clear()
            departure.transaction = None  # an ACK that cannot be sent does not undo the answer
        if departure.sender is not None:
            departure.sender.responded(response, source, now)

    def lost(self, transaction: ClientTransaction, now: float, *, timed_out: bool) -> None:
        """A hop did not answer or could not be reached: try the next."""
        departure = transaction.user
        if isinstance(departure, Departure) and departure.transaction is transaction:
            self._try_next(departure, RefusalCause.TIMEOUT if timed_out else RefusalCause.TRANSPORT, now)

    def _try_next(self, departure: Departure, cause: RefusalCause, now: float) -> None:
        while departure.hops:
            hop = departure.hops.popleft()
            if hop.transport in self._sent_by:
                self._attempt(departure, hop, now)
                return
        self._fail(departure, cause)

    def _attempt(self, departure: Departure, hop: Hop, now: float) -> None:
        original = departure.request
        request = Request(original.method, original.text_uri, original.headers.copy(), original.body)
        # A Via of ours with a new branch, asking for rport (RFC 3581).
        branch = f"{BRANCH_COOKIE}{self._tokens()}"
        sent_by = self._sent_by[hop.transport]
        request.headers.prepend("Via", f"SIP/2.0/{hop.transport.value} {sent_by};branch={branch};rport")
        if request.method in WITH_CONTACT:
            request.headers.add("Contact", self.contact(hop.transport))
        if departure.has_left is not None:
            departure.has_left(request, hop, now)
        if request.method == ACK:
            self.layer.send(bytes(request), hop, request.call_id, f"{ACK} {request.text_uri}")
        else:
            departure.transaction = self.layer.request(branch, request, hop, departure, now)

    def contact(self, transport: Transport) -> str:
        """Our Contact for requests and responses on this transport."""
        suffix = f";transport={transport.value.lower()}" if transport.is_reliable else ""
        return f"<sip:{self._sent_by[transport]}{suffix}>"

    def _fail(self, departure: Departure, cause: RefusalCause) -> None:
        departure.transaction = None
        if departure.sender is not None:
            self.failures.append((departure.sender, cause))
