"""The whole stack of one edge behind receive, commands, next_timer, handle_timer, transmissions and next_event.

Sans-IO: bytes and time come in as arguments. The pump law: after every call of a method marked so, drain
`transmissions`, then `next_event` until None, then wake `handle_timer` at `next_timer`.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from offhook.base.errors import IllegalInput
from offhook.sip.errors import FramingError, MalformedMessage, MalformedValue, SipError
from offhook.sip.events import Event
from offhook.sip.framing import KeepAlive, StreamFramer, is_keep_alive
from offhook.sip.guard_settings import Strike
from offhook.sip.hop import Hop, Transmission
from offhook.sip.message import Request, Response, refusal, response_to
from offhook.sip.methods import ACK, CANCEL
from offhook.sip.overload import retry_after
from offhook.sip.parse import parse, validate
from offhook.sip.protection import WITHOUT_ANSWER, Protection
from offhook.sip.requests import Requests
from offhook.sip.session.machine import INPUT_OF_TIMER
from offhook.sip.session.session import InviteSession
from offhook.sip.settings import EndpointSettings
from offhook.sip.trace import Trace, TraceEntry, no_trace
from offhook.sip.transaction.client import ClientTransaction
from offhook.sip.transaction.layer import (
    News,
    RequestArrived,
    ResponseArrived,
    TransactionFailed,
    note_source,
    response_hop,
)
from offhook.sip.user_agent import UserAgent

PONG = b"\r\n"
SERVICE_UNAVAILABLE = 503

Heard = Callable[[bytes, Hop], None]


class Endpoint(UserAgent):
    """One edge's SIP stack; `heard` is told of each message that is let in, before it is read."""

    def __init__(
        self,
        settings: EndpointSettings,
        tokens: Callable[[], str],
        trace: Trace = no_trace,
        *,
        protection: Protection | None = None,
        heard: Heard | None = None,
    ) -> None:
        super().__init__(settings, tokens, trace, protection or Protection())
        self._heard = heard
        self._requests = Requests(self)
        self._framers: dict[int, StreamFramer] = {}
        self._began: dict[int, float] = {}

    # --- from the wire --------------------------------------------------------------------------------------------

    def receive(self, data: bytes, source: Hop, now: float) -> None:
        """Take a datagram. Never raises.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        if is_keep_alive(data) or not self.protection.guard.admits(source, now):
            return
        if self._heard is not None:
            self._heard(data, source)
        try:
            message = parse(data, self.settings.limits)
            if isinstance(message, Request):
                with suppress(MalformedValue):  # validate judges the Via; the answer echoes it as it came
                    note_source(message, source)
            validate(message)
        except MalformedMessage as error:
            self.protection.guard.strike(source, Strike.MALFORMED, now)
            self._refuse(error, source)
        else:
            self._take(message, source, now)
            self._settle(now)

    def receive_stream(self, connection: int, data: bytes, source: Hop, now: float) -> bool:
        """Take the next bytes of a connection; False when it has to be closed. Never raises.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        if self.protection.guard.is_banned(source, now):
            return False
        framer = self._framers.setdefault(connection, StreamFramer(self.settings.limits))
        try:
            pieces = framer.feed(data)
        except FramingError as error:
            self.protection.guard.strike(source, Strike.MALFORMED, now)
            self.note(TraceEntry("dropped", f"stream from {source.host}: {error}"))
            return False
        if not framer.is_within_message:
            self._began.pop(connection, None)
        elif pieces or connection not in self._began:
            self._began[connection] = now
        for piece in pieces:
            if isinstance(piece, KeepAlive):
                self._answer_ping(piece, source)
            else:
                self.receive(piece, source, now)
        return True

    def connection_closed(self, connection: int, now: float) -> None:
        """A connection is gone; what waits for an answer on it goes on until its timer.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self._framers.pop(connection, None)
        self._began.pop(connection, None)
        self._settle(now)

    def transport_failed(self, hop: Hop, call_id: str, now: float, *, reason: str = "") -> None:
        """A transmission could not be sent; `reason` is for people.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self.layer.transport_failed(hop, call_id, now, reason)
        self._settle(now)

    def unreachable(self, hop: Hop, quote: bytes, now: float) -> None:
        """A datagram of ours, whose beginning is quoted, did not get there, says the network.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self.layer.unreachable(hop, quote, now)
        self._settle(now)

    def message_began(self, connection: int) -> float | None:
        """Since when a message of this connection is on its way and not whole; None between messages."""
        return self._began.get(connection)

    # --- time, transmissions, events ------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        """When to call handle_timer, or None."""
        queues = (self.layer.deadlines, self._deadlines, self.departures.deadlines)
        return min((at for queue in queues if (at := queue.next()) is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """It is that time.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self.layer.handle_timer(now)
        self.departures.handle_timer(now)
        for number, timer in self._deadlines.due(now):
            session = self._sessions.get(number)
            if session is not None and timer in session.timers:  # one that fell due before may have cleared it
                session.timers.discard(timer)
                session.feed(INPUT_OF_TIMER[timer], None, now)
        self._settle(now)

    def transmissions(self) -> list[Transmission]:
        """What to send; drains."""
        taken, self.layer.transmissions = self.layer.transmissions, []
        return taken

    def next_event(self) -> Event | None:
        """What happened; drains one, questions for addresses first."""
        if self.departures.questions:
            return self.departures.questions.popleft()
        return self._events.popleft() if self._events else None

    @property
    def transaction_count(self) -> int:
        """How many transactions there are, those that only linger included."""
        return len(self.layer)

    def answer_next_hop(self, question: int, hops: Sequence[Hop], now: float) -> None:
        """The addresses for a NextHopAsked, best first; none when there are none.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self.departures.answer(question, hops, now)
        self._settle(now)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _take(self, message: Request | Response, source: Hop, now: float) -> None:
        if isinstance(message, Response):
            self.layer.receive_response(message, source, now)
        elif not self._has_room_for(message):
            self._send_away(message, source)
        else:
            refusal = self.protection.judge(message, source, self.layer, now)
            if refusal is None:
                self.layer.receive_request(message, source, now)
                return
            self.note(TraceEntry("refused", f"{message.method} from {source.host}: {refusal.value}", message.call_id))
            if refusal not in WITHOUT_ANSWER:
                self._send_away(message, source)

    def _send_away(self, request: Request, source: Hop) -> None:
        if request.method != ACK:
            self._answer_statelessly(response_to(request, SERVICE_UNAVAILABLE, to_tag=self.token()), source)

    def _has_room_for(self, request: Request) -> bool:
        """Whether a request may open a transaction; those of transactions and sessions that are there always may."""
        if self.layer.server_count < self.settings.max_transactions or self.layer.holds(request):
            return True
        if request.method == CANCEL:
            return self.layer.invite_of_cancel(request) is not None
        return request.to_tag is not None and self.find(request.call_id, request.to_tag) is not None

    def _settle(self, now: float) -> None:
        """Act on the news of transactions and departures until there is none."""
        news, failures = self.layer.news, self.departures.failures
        while news or failures:
            try:
                if news:
                    self._act_on(news.popleft(), now)
                else:
                    sender, cause = failures.popleft()
                    sender.failed(cause, now)
            except (SipError, IllegalInput) as error:
                self.note(TraceEntry("dropped", str(error)))

    def _act_on(self, item: News, now: float) -> None:
        if isinstance(item, RequestArrived):
            self._requests.take(item, now)
        elif isinstance(item, ResponseArrived):
            self._take_response(item, now)
        else:
            self._take_failure(item, now)

    def _take_response(self, item: ResponseArrived, now: float) -> None:
        if item.transaction is not None:
            self.departures.responded(item.transaction, item.response, item.source, now)
            return
        response = item.response
        session = self.find(response.call_id, response.from_tag or "")
        if session is not None and session.awaits_again(response):
            # §13.2.2.4: the transaction is over, and yet a 2xx wants its ACK.
            session.responded(response, item.source, now)
        else:
            self.note(TraceEntry("stray", f"{response.code} of no transaction", response.call_id))

    def _take_failure(self, item: TransactionFailed, now: float) -> None:
        transaction = item.transaction
        if isinstance(transaction, ClientTransaction):
            self.departures.lost(transaction, now, timed_out=item.timed_out, reason=item.reason)
        elif isinstance(transaction.user, InviteSession):
            transaction.user.transaction_lost(transaction, now)

    def _refuse(self, error: MalformedMessage, source: Hop) -> None:
        self.note(TraceEntry("refused", f"from {source.host}: {error}"))
        answer = refusal(error, self.token())
        if answer is not None:
            self._answer_statelessly(answer, source)

    def _answer_statelessly(self, answer: Response, source: Hop) -> None:
        """Answer without a transaction (§8.2.7)."""
        if answer.code == SERVICE_UNAVAILABLE:
            answer.headers.add("Retry-After", retry_after(answer.call_id))
        try:
            hop = response_hop(answer.via, source)
        except MalformedValue:
            hop = source  # RFC 4475 §3.1.2.1, §3.1.2.16: a Via that cannot be read is no reason for silence
        call_id = answer.headers.get("Call-ID") or ""
        self.layer.send(bytes(answer), hop, call_id, f"{answer.code} {answer.reason}")

    def _answer_ping(self, piece: KeepAlive, source: Hop) -> None:
        if piece is KeepAlive.PING:
            self.layer.send(PONG, source, "", "keep-alive")
