"""Requests on their way out: the name is asked for, then each of its hops is tried until one answers (RFC 3263 §4.3).

Fed by sessions with requests without Via; feeds the transaction layer. A departure's sender is told what comes of it
by the endpoint, which takes `failures` after the transactions' news: never while a machine is running.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from offhook.base.deadlines import Deadlines
from offhook.sip.avoided import AvoidedHops
from offhook.sip.errors import MalformedValue
from offhook.sip.events import NextHopAsked, RefusalCause
from offhook.sip.fields import BRANCH_COOKIE, RetryAfter
from offhook.sip.headers import Headers
from offhook.sip.hop import Hop, Transport
from offhook.sip.hop_rules import ANY_HOP, HopRules
from offhook.sip.message import Request, Response
from offhook.sip.methods import ACK, CANCEL, INVITE, NOTIFY, REFER, UPDATE
from offhook.sip.next_hop import next_hop
from offhook.sip.settings import EndpointSettings
from offhook.sip.timers import Timer
from offhook.sip.trace import TraceEntry
from offhook.sip.transaction.client import ClientInput, ClientState, ClientTransaction
from offhook.sip.transaction.layer import TransactionLayer
from offhook.sip.uri import SipUri, print_host

SERVICE_UNAVAILABLE = 503
WITH_CONTACT = frozenset({INVITE, UPDATE, REFER, NOTIFY})  # what may move a remote target (§12.2.1.1)
UNHEARD = frozenset({ClientState.CALLING, ClientState.TRYING})
LONGEST_RETRY_AFTER = 300  # seconds that a 503 may keep us away


class Sender(Protocol):
    """Whoever a request belongs to."""

    def responded(self, response: Response, source: Hop, now: float) -> None:
        """A response came."""

    def failed(self, cause: RefusalCause, now: float) -> None:
        """No hop answered."""


class Watcher(Protocol):
    """Who wants to know how each hop fares; told of each attempt's own copy of the request, Via included."""

    def has_left(self, request: Request, hop: Hop, now: float) -> None:
        """It goes out to this hop."""

    def has_failed(self, hop: Hop, cause: RefusalCause, response: Response | None, reason: str) -> None:
        """This hop came to nothing, and why if anybody said so; others may follow."""

    def answered_late(self, response: Response, source: Hop, now: float) -> None:
        """A 2xx came from a hop that had been given up: it is not wanted any more."""


@dataclass(slots=True, kw_only=True, eq=False)
class Departure:
    """One request on its way: towards a URI, or to hops that are known already.

    `has_left` is told of each attempt; a whole `watcher` of its failures, too. `given_up` are the attempts that another
    hop was preferred to, before they had answered.
    """

    request: Request
    sender: Sender | None = None
    towards: SipUri | None = None
    rules: HopRules = ANY_HOP
    hops: deque[Hop] = field(default_factory=deque)
    has_left: Callable[[Request, Hop, float], None] | None = None
    watcher: Watcher | None = None
    question: int | None = None
    transaction: ClientTransaction | None = None
    given_up: set[ClientTransaction] = field(default_factory=set)
    datagram: Hop | None = None  # where it would have gone, were it not too large (§18.1.1)

    @property
    def may_change_transport(self) -> bool:
        """Whether nobody has said by which transport it goes."""
        return self.towards is not None and self.towards.param("transport") is None


class Departures:
    """Sends requests; holds those that wait for an address."""

    def __init__(self, settings: EndpointSettings, layer: TransactionLayer, tokens: Callable[[], str]) -> None:
        self.settings = settings
        self._failover = settings.failover
        self.layer = layer
        self.questions: deque[NextHopAsked] = deque()
        self.failures: deque[tuple[Sender, RefusalCause]] = deque()
        self.deadlines: Deadlines[Departure | ClientTransaction] = Deadlines()
        self.avoided = AvoidedHops()
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
            departure.hops.extend(self.avoided.last(hops, now))
            self._try_next(departure, RefusalCause.UNRESOLVED, now)

    def withdraw(self, departure: Departure) -> bool:
        """Take back a request that still waits for its address; False when it has left."""
        return departure.question is not None and self._asked.pop(departure.question, None) is not None

    def stay(self, departure: Departure) -> None:
        """It is tried nowhere else."""
        departure.hops.clear()
        departure.datagram = None
        self.deadlines.clear(departure)

    def abandon(self, departure: Departure, now: float) -> None:
        """Its sender has no use for it any more: what still waits or is not answered is forgotten."""
        self.stay(departure)
        self.withdraw(departure)
        transaction = departure.transaction
        if transaction is not None and transaction.allows(ClientInput.ABANDON):
            transaction.feed(ClientInput.ABANDON, None, now)

    # --- what comes of it -----------------------------------------------------------------------------------------

    def responded(self, transaction: ClientTransaction, response: Response, source: Hop, now: float) -> None:
        """Hand a response to its sender, or try the next hop after one that says so (RFC 3263 §4.3)."""
        departure = transaction.user
        if not isinstance(departure, Departure):
            return
        if transaction in departure.given_up:
            self._take_late(departure, transaction, response, source, now)
            return
        self.deadlines.clear(departure)
        is_failure = response.code in self._failover.codes
        if is_failure:
            self._avoid(transaction.hop, now, response)
        else:
            self.avoided.forgive(transaction.hop)
        if departure.watcher is not None and (is_failure or response.code in self._failover.failed_codes):
            departure.watcher.has_failed(transaction.hop, RefusalCause.RESPONSE, response, "")
        if is_failure and departure.hops:
            self._try_next(departure, RefusalCause.RESPONSE, now)
            return
        if response.is_final:
            self.stay(departure)
            departure.transaction = None  # an ACK that cannot be sent does not undo the answer
        if departure.sender is not None:
            departure.sender.responded(response, source, now)

    def lost(self, transaction: ClientTransaction, now: float, *, timed_out: bool, reason: str = "") -> None:
        """A hop did not answer or could not be reached, for this reason: try the next."""
        departure = transaction.user
        if not isinstance(departure, Departure) or departure.transaction is not transaction:
            return
        cause = RefusalCause.TIMEOUT if timed_out else RefusalCause.TRANSPORT
        if departure.datagram is not None and not timed_out:
            # §18.1.1: nobody takes it as a stream; better too large than not at all.
            departure.hops.appendleft(departure.datagram)
        else:
            self._give_up(departure, transaction.hop, cause, now, reason)
        self._try_next(departure, cause, now)

    def handle_timer(self, now: float) -> None:
        """A hop has been silent for so long that the next one is tried; what it still says is heard, and refused."""
        for due in self.deadlines.due(now):
            if isinstance(due, ClientTransaction):
                if due.allows(ClientInput.ABANDON):
                    due.feed(ClientInput.ABANDON, None, now)
                continue
            departure, transaction = due, due.transaction
            if transaction is not None and transaction.state in UNHEARD and departure.hops:
                self.layer.clear_timer(transaction, Timer.A)
                self.layer.clear_timer(transaction, Timer.E)
                departure.given_up.add(transaction)
                self._give_up(departure, transaction.hop, RefusalCause.TIMEOUT, now)
                self._try_next(departure, RefusalCause.TIMEOUT, now)

    def _give_up(self, departure: Departure, hop: Hop, cause: RefusalCause, now: float, reason: str = "") -> None:
        self._avoid(hop, now, None)
        if departure.watcher is not None:
            departure.watcher.has_failed(hop, cause, None, reason)

    def _avoid(self, hop: Hop, now: float, response: Response | None) -> None:
        if self._failover.memory:
            self.avoided.avoid(hop, now + max(self._failover.memory, retry_after(response)))

    def _take_late(
        self, departure: Departure, transaction: ClientTransaction, response: Response, source: Hop, now: float
    ) -> None:
        """An attempt that was given up is answered after all: whoever rings there is called off (§9.1, §13.2.2.4)."""
        if response.is_provisional and transaction.request.method == INVITE and transaction not in self.deadlines:
            self.cancel(transaction.request, transaction.hop, (), now)
            self.deadlines.set(transaction, now + self.settings.timers.timeout)
        elif response.is_success and departure.watcher is not None:
            departure.watcher.answered_late(response, source, now)

    # --- the next attempt -----------------------------------------------------------------------------------------

    def _try_next(self, departure: Departure, cause: RefusalCause, now: float) -> None:
        while departure.hops:
            hop = departure.hops.popleft()
            objection = self._objection(departure, hop)
            if objection is None:
                self._attempt(departure, hop, now)
                return
            cause, why = objection
            self.layer.trace(TraceEntry("no way", f"{hop.host}: {why}", departure.request.call_id))
            if departure.watcher is not None:
                departure.watcher.has_failed(hop, cause, None, why)
        self._fail(departure, cause)

    def _objection(self, departure: Departure, hop: Hop) -> tuple[RefusalCause, str] | None:
        if hop.transport not in self._sent_by:
            return RefusalCause.TRANSPORT, f"this edge has no {hop.transport.value}"
        return departure.rules.objection(hop)

    def _attempt(self, departure: Departure, hop: Hop, now: float) -> None:
        request = self._ready(departure.request, hop)
        if self._is_too_large(departure, request, hop):
            departure.datagram, hop = hop, replace(hop, transport=Transport.TCP)
            request = self._ready(departure.request, hop)
        else:
            departure.datagram = None
        if departure.has_left is not None:
            departure.has_left(request, hop, now)
        if departure.watcher is not None:
            departure.watcher.has_left(request, hop, now)
        if request.method == ACK:
            self.layer.send(bytes(request), hop, request.call_id, f"{ACK} {request.text_uri}")
            return
        departure.transaction = self.layer.request(request.via.branch or "", request, hop, departure, now)
        if departure.hops and self._failover.patience:
            self.deadlines.set(departure, now + self._failover.patience)

    def _ready(self, original: Request, hop: Hop) -> Request:
        """A copy for this hop: a Via of ours with a new branch, asking for rport (RFC 3581), and our Contact."""
        request = Request(original.method, original.text_uri, original.headers.copy(), original.body)
        branch = f"{BRANCH_COOKIE}{self._tokens()}"
        sent_by = self._sent_by[hop.transport]
        request.headers.prepend("Via", f"SIP/2.0/{hop.transport.value} {sent_by};branch={branch};rport")
        if request.method in WITH_CONTACT:
            request.headers.add("Contact", self.contact(hop.transport))
        return request

    def _is_too_large(self, departure: Departure, request: Request, hop: Hop) -> bool:
        """Whether a request is sent as a stream since a datagram of it might not get there whole (§18.1.1)."""
        limit = self._failover.datagram_limit
        if hop.transport is not Transport.UDP or not limit or departure.datagram is hop:
            return False
        if not departure.may_change_transport or Transport.TCP not in self._sent_by:
            return False
        return len(bytes(request)) > limit

    def contact(self, transport: Transport) -> str:
        """Our Contact for requests and responses on this transport."""
        suffix = f";transport={transport.value.lower()}" if transport.is_reliable else ""
        return f"<sip:{self._sent_by[transport]}{suffix}>"

    def _fail(self, departure: Departure, cause: RefusalCause) -> None:
        departure.transaction = None
        self.deadlines.clear(departure)
        if departure.sender is not None:
            self.failures.append((departure.sender, cause))


def retry_after(response: Response | None) -> float:
    """How long a response asks to be left in peace, in seconds, within reason."""
    value = None if response is None else response.headers.get("Retry-After")
    if value is None:
        return 0.0
    try:
        return min(LONGEST_RETRY_AFTER, RetryAfter.parse(value).seconds)
    except MalformedValue:
        return 0.0
