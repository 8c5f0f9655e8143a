"""The live transactions: messages in; transmissions, news and deadlines out (RFC 3261 §17, §18.2).

Fed by the endpoint with parsed messages and its user's requests and responses. News waits in `news` until the
endpoint takes it: a transaction never calls its user.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from offhook.base.deadlines import Deadlines
from offhook.sip.hop import Hop, Transmission
from offhook.sip.message import Request, Response
from offhook.sip.methods import ACK, INVITE
from offhook.sip.timers import Timer, TimerValues
from offhook.sip.transaction.client import (
    ClientInput,
    ClientInviteTransaction,
    ClientNonInviteTransaction,
    ClientTransaction,
)
from offhook.sip.transaction.key import ClientKey, ServerKey, client_key, invite_key_of_cancel, server_key
from offhook.sip.transaction.server import (
    ServerInput,
    ServerInviteTransaction,
    ServerNonInviteTransaction,
    ServerTransaction,
)

Transaction = ClientTransaction | ServerTransaction


@dataclass(frozen=True, slots=True)
class RequestArrived:
    """A new request; `transaction` is None for an ACK, which has none."""

    request: Request
    source: Hop
    transaction: ServerTransaction | None


@dataclass(frozen=True, slots=True)
class ResponseArrived:
    """A response to a request of ours; `transaction` is None for a stray one."""

    response: Response
    source: Hop
    transaction: ClientTransaction | None


@dataclass(frozen=True, slots=True)
class TransactionFailed:
    """No answer (or ACK) in time, or the transport failed."""

    transaction: Transaction
    timed_out: bool


News = RequestArrived | ResponseArrived | TransactionFailed


class TransactionLayer:
    """Holds the transactions of one endpoint and is their Outlet."""

    def __init__(self, timers: TimerValues) -> None:
        self.timers = timers
        self.news: deque[News] = deque()
        self.transmissions: list[Transmission] = []
        self.deadlines: Deadlines[tuple[Any, Timer]] = Deadlines()
        self._clients: dict[ClientKey, ClientTransaction] = {}
        self._servers: dict[ServerKey, ServerTransaction] = {}
        self._set: dict[Any, set[Timer]] = {}
        self._source: Hop | None = None

    def __len__(self) -> int:
        return len(self._clients) + len(self._servers)

    @property
    def server_count(self) -> int:
        """How many transactions peers have made us hold."""
        return len(self._servers)

    # --- from the wire --------------------------------------------------------------------------------------------

    def receive_request(self, request: Request, source: Hop, now: float) -> None:
        """Match a request to its transaction, or make one and pass the request up."""
        key = server_key(request)
        known = self._servers.get(key)
        if known is not None:
            known.feed(ServerInput.ACK if request.method == ACK else ServerInput.REQUEST, request, now)
            return
        if request.method == ACK:
            self.news.append(RequestArrived(request, source, None))
            return
        hop = response_hop(request, source)
        kind = ServerInviteTransaction if request.method == INVITE else ServerNonInviteTransaction
        transaction = kind(self, request, hop)
        self._servers[key] = transaction
        self.news.append(RequestArrived(request, source, transaction))

    def receive_response(self, response: Response, source: Hop, now: float) -> None:
        """Match a response to its transaction; a stray 2xx to INVITE may still need its ACK, so strays go up."""
        transaction = self._clients.get(client_key(response))
        if transaction is None:
            self.news.append(ResponseArrived(response, source, None))
            return
        self._source = source
        transaction.receive(response, now)

    def invite_of_cancel(self, cancel: Request) -> ServerTransaction | None:
        """The INVITE transaction that a CANCEL is for (§9.2)."""
        return self._servers.get(invite_key_of_cancel(cancel))

    # --- from the user --------------------------------------------------------------------------------------------

    def request(self, request: Request, hop: Hop, user: Any, now: float) -> ClientTransaction:
        """Send a request, other than ACK, in a new client transaction."""
        kind = ClientInviteTransaction if request.method == INVITE else ClientNonInviteTransaction
        transaction = kind(self, request, hop, user)
        self._clients[transaction.key] = transaction
        transaction.start(now)
        return transaction

    def transport_failed(self, hop: Hop, call_id: str, now: float) -> None:
        """A message of this Call-ID could not be sent to this hop."""
        for client in [one for one in self._clients.values() if _concerns(one, hop, call_id)]:
            client.feed(ClientInput.TRANSPORT_ERROR, None, now)
        for server in [one for one in self._servers.values() if _concerns(one, hop, call_id)]:
            server.feed(ServerInput.TRANSPORT_ERROR, None, now)

    # --- time -----------------------------------------------------------------------------------------------------

    def handle_timer(self, now: float) -> None:
        """Fire every timer that has fallen due."""
        for transaction, timer in self.deadlines.due(now):
            timers = self._set.get(transaction)
            if timers is not None and timer in timers:
                timers.discard(timer)
                transaction.fire(timer, now)

    # --- Outlet ---------------------------------------------------------------------------------------------------

    def send(self, data: bytes, hop: Hop, call_id: str, start_line: str) -> None:
        """Queue bytes for a hop."""
        self.transmissions.append(Transmission(data, hop, call_id, start_line))

    def set_timer(self, transaction: Transaction, timer: Timer, at: float) -> None:
        """Let this timer of this transaction fire at `at`."""
        self._set.setdefault(transaction, set()).add(timer)
        self.deadlines.set((transaction, timer), at)

    def clear_timer(self, transaction: Transaction, timer: Timer) -> None:
        """Forget this timer."""
        self._set.get(transaction, set()).discard(timer)
        self.deadlines.clear((transaction, timer))

    def respond_up(self, transaction: ClientTransaction, response: Response) -> None:
        """A response for the user."""
        self.news.append(ResponseArrived(response, self._source or transaction.hop, transaction))

    def fail_up(self, transaction: Transaction, *, timed_out: bool) -> None:
        """A transaction came to nothing."""
        self.news.append(TransactionFailed(transaction, timed_out))

    def ack_up(self, transaction: ServerTransaction, request: Request) -> None:
        """An ACK that came with its INVITE's branch."""
        self.news.append(RequestArrived(request, transaction.hop, None))

    def remove(self, transaction: Transaction) -> None:
        """Forget an ended transaction and its timers."""
        for timer in self._set.pop(transaction, ()):
            self.deadlines.clear((transaction, timer))
        if isinstance(transaction, ClientTransaction):
            self._clients.pop(transaction.key, None)
        else:
            self._servers.pop(transaction.key, None)


def _concerns(transaction: Transaction, hop: Hop, call_id: str) -> bool:
    one = transaction.hop
    is_same = (one.transport, one.host, one.port) == (hop.transport, hop.host, hop.port)
    return is_same and transaction.request.call_id == call_id


def note_source(request: Request, source: Hop) -> None:
    """Write `received` and `rport` into the top Via as the source address asks for (§18.2.1, RFC 3581 §4)."""
    via = request.via
    wants_rport = via.rport is not None
    if via.host == source.host and not wants_rport:
        return
    noted = replace(via, received=source.host, rport=source.port if wants_rport else None)
    others = request.headers.values("Via")[1:]
    request.headers.remove("Via")
    for value in reversed(others):
        request.headers.prepend("Via", value)
    request.headers.prepend("Via", str(noted))


def response_hop(request: Request, source: Hop) -> Hop:
    """Where the response goes: back on the stream, or to the source at rport or sent-by's port (§18.2.2, RFC 3581)."""
    if source.transport.is_reliable:
        return source
    via = request.via
    if via.rport is not None:
        return source
    return Hop(source.transport, source.host, via.port or source.transport.default_port)
