"""A transaction alone on a desk: its Outlet in virtual time, and the messages to feed it with."""

from dataclasses import dataclass, field
from enum import Enum

from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request, Response, response_to
from offhook.sip.parse import parse
from offhook.sip.timers import Timer, TimerValues
from offhook.sip.transaction.client import ClientInviteTransaction, ClientNonInviteTransaction, ClientTransaction
from offhook.sip.transaction.server import ServerInviteTransaction, ServerNonInviteTransaction, ServerTransaction

UDP = Hop(Transport.UDP, "192.0.2.2", 5060)
TCP = Hop(Transport.TCP, "192.0.2.2", 5060, 1)
Transaction = ClientTransaction | ServerTransaction


def request(method: str, transport: Transport = Transport.UDP) -> Request:
    """A request as it comes from the wire."""
    lines = (
        f"{method} sip:bob@192.0.2.2 SIP/2.0",
        f"Via: SIP/2.0/{transport.value} 192.0.2.1;branch=z9hG4bKone;rport",
        "Max-Forwards: 70",
        "From: <sip:alice@192.0.2.1>;tag=a",
        "To: <sip:bob@192.0.2.2>",
        "Call-ID: one@192.0.2.1",
        f"CSeq: 1 {method}",
        "Contact: <sip:alice@192.0.2.1>",
        "\r\n",
    )
    message = parse("\r\n".join(lines).encode())
    assert isinstance(message, Request)
    return message


@dataclass(slots=True)
class Desk:
    """The Outlet of one transaction; `sent` has times and start lines, `news` what its user would be told."""

    timers: TimerValues = field(default_factory=TimerValues)
    now: float = 0.0
    sent: list[tuple[float, str]] = field(default_factory=list)
    news: list[tuple[float, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    ended_at: float | None = None
    waiting: dict[Timer, float] = field(default_factory=dict)

    def client(self, method: str, hop: Hop = UDP) -> ClientTransaction:
        """A started client transaction."""
        kind = ClientInviteTransaction if method == "INVITE" else ClientNonInviteTransaction
        transaction = kind(self, request(method, hop.transport), hop, None)
        transaction.start(self.now)
        return transaction

    def server(self, method: str, hop: Hop = UDP) -> ServerTransaction:
        """A server transaction that waits for its user."""
        kind = ServerInviteTransaction if method == "INVITE" else ServerNonInviteTransaction
        return kind(self, request(method, hop.transport), hop)

    def run(self, transaction: Transaction, until: float = 1000.0) -> None:
        """Let time pass and fire what falls due."""
        while self.waiting and min(self.waiting.values()) <= until:
            timer = min(self.waiting, key=lambda name: self.waiting[name])
            self.now = max(self.now, self.waiting.pop(timer))
            transaction.fire(timer, self.now)
        self.now = max(self.now, until)

    def times(self, prefix: str) -> list[float]:
        """When messages were sent whose start line begins so."""
        return [at for at, line in self.sent if line.startswith(prefix)]

    # --- Outlet ---------------------------------------------------------------------------------------------------

    def send(self, data: bytes, _hop: Hop, _call_id: str, _start_line: str) -> None:
        """Write down what is sent."""
        self.sent.append((self.now, data.partition(b"\r\n")[0].decode()))

    def set_timer(self, _transaction: object, timer: Timer, at: float) -> None:
        """Let it fire."""
        self.waiting[timer] = at

    def clear_timer(self, _transaction: object, timer: Timer) -> None:
        """Let it not fire."""
        self.waiting.pop(timer, None)

    def respond_up(self, _transaction: object, response: Response) -> None:
        """News for the user."""
        self.news.append((self.now, str(response.code)))

    def fail_up(self, _transaction: object, *, timed_out: bool) -> None:
        """News for the user."""
        self.news.append((self.now, "timeout" if timed_out else "transport"))

    def ack_up(self, _transaction: object, _request: Request) -> None:
        """News for the user."""
        self.news.append((self.now, "ACK"))

    def note_ignored(self, _transaction: object, input_: Enum) -> None:
        """A remark."""
        self.ignored.append(input_.name)

    def remove(self, _transaction: object) -> None:
        """The end: every timer goes with it."""
        assert self.ended_at is None, "a transaction ends once"
        self.ended_at = self.now
        self.waiting.clear()


def response(transaction: Transaction, code: int) -> Response:
    """A response to this transaction's request."""
    return response_to(transaction.request, code, to_tag="b")
