"""The live transactions: messages in; transmissions, news and deadlines out (RFC 3261 §17, §18.2).

Fed by the endpoint with parsed messages and its user's requests and responses. News waits in `news` until the
endpoint takes it: a transaction never calls its user.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Any

from offhook.base.deadlines import Deadlines
from offhook.sip.fields import Via
from offhook.sip.grammar import split_list
from offhook.sip.guard import Guard
from offhook.sip.hop import Hop, Transmission
from offhook.sip.message import Request, Response
from offhook.sip.methods import ACK, INVITE
from offhook.sip.timers import Timer, TimerValues
from offhook.sip.trace import Trace, TraceEntry
from offhook.sip.transaction.client import (
    ClientInput,
    ClientInviteTransaction,
    ClientNonInviteTransaction,
    ClientState,
    ClientTransaction,
)
from offhook.sip.transaction.key import ClientKey, Identity, ServerKey, client_key, identity, quoted_key, server_key
from offhook.sip.transaction.key import invite_key_of_cancel as invite_key
from offhook.sip.transaction.server import (
    ServerInput,
    ServerInviteTransaction,
    ServerNonInviteTransaction,
    ServerTransaction,
)

Transaction = ClientTransaction | ServerTransaction

UNHEARD = frozenset({ClientState.CALLING, ClientState.TRYING})


@dataclass(frozen=True, slots=True)
class RequestArrived:
    """A new request; `transaction` is None for an ACK. A merged one came by another way before (§8.2.2.2)."""

    request: Request
    source: Hop
    transaction: ServerTransaction | None
    is_merged: bool = False


@dataclass(frozen=True, slots=True)
class ResponseArrived:
    """A response to a request of ours; `transaction` is None for a stray one."""

    response: Response
    source: Hop
    transaction: ClientTransaction | None


@dataclass(frozen=True, slots=True)
class TransactionFailed:
    """No answer (or ACK) in time, or the transport failed; `reason` says how, when that is known."""

    transaction: Transaction
    timed_out: bool
    reason: str = ""


News = RequestArrived | ResponseArrived | TransactionFailed


class TransactionLayer:
    """Holds the transactions of one endpoint and is their Outlet."""

    def __init__(self, timers: TimerValues, trace: Trace, guard: Guard | None = None) -> None:
        self.timers = timers
        self.trace = trace
        self._guard = guard or Guard()
        self.news: deque[News] = deque()
        self.transmissions: list[Transmission] = []
        self.deadlines: Deadlines[tuple[Transaction, Timer]] = Deadlines()
        self._clients: dict[ClientKey, ClientTransaction] = {}
        self._servers: dict[ServerKey, ServerTransaction] = {}
        self._first: dict[Identity, ServerTransaction] = {}
        self._by_call: dict[str, dict[Transaction, None]] = {}
        self._source: Hop | None = None
        self._reason = ""

    def __len__(self) -> int:
        return len(self._clients) + len(self._servers)

    @property
    def server_count(self) -> int:
        """How many transactions peers have made us hold."""
        return len(self._servers)

    # --- from the wire --------------------------------------------------------------------------------------------

    def holds(self, request: Request) -> bool:
        """Whether a request belongs to a transaction that is there already."""
        return server_key(request) in self._servers

    def receive_request(self, request: Request, source: Hop, now: float) -> None:
        """Match a request to its transaction, or make one and pass the request up."""
        key = server_key(request)
        known = self._servers.get(key)
        if known is not None:
            known.feed(ServerInput.ACK if request.method == ACK else ServerInput.REQUEST, request, now)
        elif request.method == ACK:
            self.news.append(RequestArrived(request, source, None))
        else:
            kind = ServerInviteTransaction if request.method == INVITE else ServerNonInviteTransaction
            transaction = kind(self, request, response_hop(request.via, source), key)
            self._servers[key] = transaction
            self._by_call.setdefault(transaction.call_id, {})[transaction] = None
            self._guard.transaction_opened(source)
            self.news.append(RequestArrived(request, source, transaction, self._is_merged(transaction)))

    def _is_merged(self, transaction: ServerTransaction) -> bool:
        transaction.identity = identity(transaction.request)
        return (
            transaction.identity is not None
            and self._first.setdefault(transaction.identity, transaction) is not transaction
        )

    def receive_response(self, response: Response, source: Hop, now: float) -> None:
        """Match a response to its transaction; a stray 2xx to INVITE may still need its ACK, so strays go up."""
        if not _is_for_us_alone(response):
            self.trace(TraceEntry("dropped", f"{response.code} with a second Via", response.call_id))
            return
        transaction = self._clients.get(client_key(response))
        if transaction is None:
            self.news.append(ResponseArrived(response, source, None))
            return
        self._source = source
        transaction.receive(response, now)

    def invite_of_cancel(self, cancel: Request) -> ServerTransaction | None:
        """The INVITE transaction that a CANCEL is for (§9.2)."""
        return self._servers.get(invite_key(cancel))

    # --- from the user --------------------------------------------------------------------------------------------

    def request(self, branch: str, request: Request, hop: Hop, user: Any, now: float) -> ClientTransaction:
        """Send a request, other than ACK, in a new client transaction; `branch` is that of its Via."""
        kind = ClientInviteTransaction if request.method == INVITE else ClientNonInviteTransaction
        transaction = kind(self, request, hop, user, ClientKey(branch, request.method))
        self._clients[transaction.key] = transaction
        self._by_call.setdefault(transaction.call_id, {})[transaction] = None
        self._guard.expect_answers(hop)
        transaction.start(now)
        return transaction

    def transport_failed(self, hop: Hop, call_id: str, now: float, reason: str = "") -> None:
        """A message of this Call-ID could not be sent to this hop, for this reason."""
        self._reason = reason
        for transaction in [one for one in self._by_call.get(call_id, ()) if _is_towards(one, hop)]:
            if isinstance(transaction, ClientTransaction):
                transaction.feed(ClientInput.TRANSPORT_ERROR, None, now)
            else:
                transaction.feed(ServerInput.TRANSPORT_ERROR, None, now)
        self._reason = ""

    def unreachable(self, hop: Hop, quote: bytes, now: float) -> None:
        """An ICMP error says that our datagram, whose beginning it quotes, did not get to this hop (§18.4).

        Anybody can forge one who knows our port: only a request that has no answer yet is given up, and only when the
        quote knows its branch.
        """
        key = quoted_key(quote)
        client = None if key is None else self._clients.get(key)
        if client is not None and client.state in UNHEARD and _is_towards(client, hop):
            self._reason = "the network says that nobody is there"
            client.feed(ClientInput.TRANSPORT_ERROR, None, now)
            self._reason = ""

    # --- time -----------------------------------------------------------------------------------------------------

    def handle_timer(self, now: float) -> None:
        """Fire every timer that has fallen due."""
        for transaction, timer in self.deadlines.due(now):
            # One that fell due at the same time may have ended the transaction or cleared this one.
            if timer in transaction.timers:
                transaction.timers.discard(timer)
                transaction.fire(timer, now)

    # --- Outlet ---------------------------------------------------------------------------------------------------

    def send(self, data: bytes, hop: Hop, call_id: str, start_line: str) -> None:
        """Queue bytes for a hop."""
        self.transmissions.append(Transmission(data, hop, call_id, start_line))

    def set_timer(self, transaction: Transaction, timer: Timer, at: float) -> None:
        """Let this timer of this transaction fire at `at`."""
        transaction.timers.add(timer)
        self.deadlines.set((transaction, timer), at)

    def clear_timer(self, transaction: Transaction, timer: Timer) -> None:
        """Forget this timer."""
        transaction.timers.discard(timer)
        self.deadlines.clear((transaction, timer))

    def respond_up(self, transaction: ClientTransaction, response: Response) -> None:
        """A response for the user."""
        self.news.append(ResponseArrived(response, self._source or transaction.hop, transaction))

    def fail_up(self, transaction: Transaction, *, timed_out: bool) -> None:
        """A transaction came to nothing."""
        self.news.append(TransactionFailed(transaction, timed_out, "" if timed_out else self._reason))

    def ack_up(self, transaction: ServerTransaction, request: Request) -> None:
        """An ACK that came with its INVITE's branch."""
        self.news.append(RequestArrived(request, transaction.hop, None))

    def note_ignored(self, transaction: Transaction, input_: Enum) -> None:
        """A remark."""
        text = f"{input_.name} while {transaction.request.method} is {transaction.state.name}"
        self.trace(TraceEntry("ignored", text, transaction.call_id))

    def remove(self, transaction: Transaction) -> None:
        """Forget an ended transaction and its timers."""
        for timer in transaction.timers:
            self.deadlines.clear((transaction, timer))
        transaction.timers.clear()
        self._strike(transaction)
        if isinstance(transaction, ClientTransaction):
            self._clients.pop(transaction.key, None)
            return
        if self._servers.pop(transaction.key, None) is not None:
            self._guard.transaction_closed(transaction.hop)
        if transaction.identity is not None and self._first.get(transaction.identity) is transaction:
            del self._first[transaction.identity]

    def _strike(self, transaction: Transaction) -> None:
        """Take it out of the transactions of its call."""
        others = self._by_call.get(transaction.call_id)
        if others is not None:
            others.pop(transaction, None)
            if not others:
                del self._by_call[transaction.call_id]


def _is_for_us_alone(response: Response) -> bool:
    """Whether its only Via is ours: one with more was sent to somebody behind us, and there is nobody (§8.1.3.3)."""
    lines = response.headers.all("Via")
    return len(lines) == 1 and len(split_list(lines[0])) == 1


def _is_towards(transaction: Transaction, hop: Hop) -> bool:
    one = transaction.hop
    return (one.transport, one.host, one.port) == (hop.transport, hop.host, hop.port)


def note_source(request: Request, source: Hop) -> None:
    """Write `received` and `rport` into the top Via as the source address asks for (§18.2.1, RFC 3581 §4).

    Raises MalformedValue when the Via cannot be read.
    """
    via = request.via
    wants_rport = via.rport is not None
    if via.host == source.host and not wants_rport:
        return
    noted = Via(
        transport=via.transport,
        host=via.host,
        port=via.port,
        branch=via.branch,
        received=source.host,
        rport=source.port if wants_rport else None,
        params=via.params,
    )
    request.replace_via(noted)


def response_hop(via: Via, source: Hop) -> Hop:
    """Where the response goes: back on the stream, or to the source at rport or sent-by's port (§18.2.2, RFC 3581)."""
    if source.transport.is_reliable:
        return source
    if via.rport is not None:
        return source
    return Hop(source.transport, source.host, via.port or source.transport.default_port)
