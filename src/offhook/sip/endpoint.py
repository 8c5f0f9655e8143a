"""The whole stack of one edge behind receive, commands, next_timer, handle_timer, transmissions and next_event.

Sans-IO: bytes and time come in as arguments. The pump law: after every call of a method marked so, drain
`transmissions`, then `next_event` until None, then wake `handle_timer` at `next_timer`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from offhook.base.deadlines import Deadlines
from offhook.base.errors import IllegalInput
from offhook.sip.departures import Departures
from offhook.sip.errors import FramingError, MalformedMessage, MalformedValue, SipError
from offhook.sip.events import Event
from offhook.sip.framing import KeepAlive, StreamFramer, is_keep_alive
from offhook.sip.hop import Hop, Transmission
from offhook.sip.message import Request, Response, refusal, response_to
from offhook.sip.methods import ACK, CANCEL
from offhook.sip.parse import parse, validate
from offhook.sip.requests import Requests
from offhook.sip.session.machine import INPUT_OF_TIMER, SessionInput, SessionState, SessionTimer
from offhook.sip.session.messages import Fields, OutgoingInvite, Reply
from offhook.sip.session.session import InviteSession
from offhook.sip.settings import EndpointSettings
from offhook.sip.trace import Trace, TraceEntry, no_trace
from offhook.sip.transaction.client import ClientTransaction
from offhook.sip.transaction.layer import (
    News,
    RequestArrived,
    ResponseArrived,
    TransactionFailed,
    TransactionLayer,
    note_source,
    response_hop,
)
from offhook.sip.transaction.server import ServerTransaction

PONG = b"\r\n"
SERVICE_UNAVAILABLE = 503
RETRY_AFTER = "5"  # seconds


class Endpoint:
    """One edge's SIP stack."""

    def __init__(self, settings: EndpointSettings, tokens: Callable[[], str], trace: Trace = no_trace) -> None:
        self.settings = settings
        self.token = tokens
        self.note = trace
        self.layer = TransactionLayer(settings.timers, trace)
        self.departures = Departures(settings, self.layer, tokens)
        self._requests = Requests(self)
        self._sessions: dict[int, InviteSession] = {}
        self._by_dialog: dict[tuple[str, str], InviteSession] = {}
        self._deadlines: Deadlines[tuple[int, SessionTimer]] = Deadlines()
        self._events: deque[Event] = deque()
        self._framers: dict[int, StreamFramer] = {}
        self._number = 0

    # --- from the wire --------------------------------------------------------------------------------------------

    def receive(self, data: bytes, source: Hop, now: float) -> None:
        """Take a datagram. Never raises.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        if is_keep_alive(data):
            return
        try:
            message = parse(data, self.settings.limits)
            if isinstance(message, Request):
                note_source(message, source)
            validate(message)
        except MalformedMessage as error:
            self._refuse(error, source)
        except MalformedValue as error:
            self.note(TraceEntry("refused", f"from {source.host}: {error}"))
        else:
            self._take(message, source, now)
            self._settle(now)

    def receive_stream(self, connection: int, data: bytes, source: Hop, now: float) -> bool:
        """Take the next bytes of a connection; False when it has to be closed. Never raises.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        framer = self._framers.setdefault(connection, StreamFramer(self.settings.limits))
        try:
            pieces = framer.feed(data)
        except FramingError as error:
            self.note(TraceEntry("dropped", f"stream from {source.host}: {error}"))
            return False
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
        self._settle(now)

    def transport_failed(self, hop: Hop, call_id: str, now: float) -> None:
        """A transmission could not be sent.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self.layer.transport_failed(hop, call_id, now)
        self._settle(now)

    # --- time, transmissions, events ------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        """When to call handle_timer, or None."""
        one, other = self.layer.deadlines.next(), self._deadlines.next()
        if one is None or other is None:
            return other if one is None else one
        return min(one, other)

    def handle_timer(self, now: float) -> None:
        """It is that time.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self.layer.handle_timer(now)
        for number, timer in self._deadlines.due(now):
            session = self._sessions.get(number)
            if session is not None:
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
    def session_count(self) -> int:
        """How many sessions there are."""
        return len(self._sessions)

    @property
    def transaction_count(self) -> int:
        """How many transactions there are, those that only linger included."""
        return len(self.layer)

    # --- commands -------------------------------------------------------------------------------------------------

    def invite(self, order: OutgoingInvite, now: float) -> tuple[int, str]:
        """Send an INVITE; its session number and Call-ID. Raises IllegalHeader, IllegalValue.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        host = next(iter(self.settings.sent_by.values()))[0]
        call_id = f"{self.token()}{self.token()}@{host}"
        session = InviteSession(SessionState.CALLING, self, self._next_number(), call_id, self.token())
        session.call(order, now)
        self._enter(session)
        self._settle(now)
        return session.number, call_id

    def cancel(self, session: int, headers: Fields, now: float) -> None:
        """Give up an INVITE that has no final response; any other session is left alone. `headers` are the CANCEL's.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        known = self._sessions.get(session)
        if known is not None:
            known.cancel_headers = headers
        self._command(session, SessionInput.CANCEL, None, now)

    def ring(self, session: int, code: int, body: bytes, now: float) -> None:
        """Send a provisional response. Raises IllegalInput when the INVITE is answered.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self._command(session, SessionInput.RING, Reply(code=code, body=body), now)

    def accept(self, session: int, body: bytes, headers: Fields, now: float) -> None:
        """Answer with 200. Raises IllegalInput when the INVITE is answered.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self._command(session, SessionInput.ACCEPT, Reply(code=200, headers=headers, body=body), now)

    def reject(self, session: int, code: int, reason: str, headers: Fields, now: float) -> None:
        """Refuse. Raises IllegalInput when the INVITE is answered.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self._command(session, SessionInput.REJECT, Reply(code=code, reason=reason or None, headers=headers), now)

    def answer_offer(self, session: int, body: bytes, now: float) -> None:
        """Answer an OfferReceived; nothing happens when the session ended meanwhile.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        known = self._sessions.get(session)
        if known is not None:
            known.answer_offer(body, now)
        self._settle(now)

    def refuse_offer(self, session: int, code: int, now: float) -> None:
        """Refuse an OfferReceived; likewise.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        known = self._sessions.get(session)
        if known is not None:
            known.refuse_offer(code, now)
        self._settle(now)

    def bye(self, session: int, headers: Fields, now: float) -> None:
        """Hang up; one that is over or never was up is left alone.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        known = self._sessions.get(session)
        if known is not None:
            known.bye_headers = headers
        self._command(session, SessionInput.BYE, None, now)

    def answer_next_hop(self, question: int, hops: Sequence[Hop], now: float) -> None:
        """The addresses for a NextHopAsked, best first; none when there are none.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self.departures.answer(question, hops, now)
        self._settle(now)

    # --- what sessions use (Stack, SessionBook) -------------------------------------------------------------------

    def tell(self, event: Event) -> None:
        """Queue news for the user."""
        self._events.append(event)

    def set_deadline(self, session: InviteSession, timer: SessionTimer, at: float) -> None:
        """Wake this session at `at`."""
        self._deadlines.set((session.number, timer), at)

    def clear_deadline(self, session: InviteSession, timer: SessionTimer) -> None:
        """Do not wake it."""
        self._deadlines.clear((session.number, timer))

    def forget(self, session: Any) -> None:
        """The session is over; its transactions may linger and still know it."""
        self._sessions.pop(session.number, None)
        self._by_dialog.pop((session.call_id, session.local_tag), None)

    def find(self, call_id: str, local_tag: str) -> InviteSession | None:
        """The session of a dialog."""
        return self._by_dialog.get((call_id, local_tag))

    def open_inbound(self, transaction: ServerTransaction) -> InviteSession | None:
        """A new session for an INVITE, or None when there are too many. Raises MalformedValue."""
        if len(self._sessions) >= self.settings.max_sessions:
            return None
        session = InviteSession(SessionState.OFFERED, self, self._next_number(), transaction.call_id, self.token())
        session.offer(transaction)
        transaction.user = session
        self._enter(session)
        return session

    # --- inside ---------------------------------------------------------------------------------------------------

    def _take(self, message: Request | Response, source: Hop, now: float) -> None:
        if isinstance(message, Response):
            self.layer.receive_response(message, source, now)
        elif self._has_room_for(message):
            self.layer.receive_request(message, source, now)
        elif message.method != ACK:
            self._answer_statelessly(response_to(message, 503, to_tag=self.token()), source)

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
            self.departures.lost(transaction, now, timed_out=item.timed_out)
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
            answer.headers.add("Retry-After", RETRY_AFTER)
        self.layer.send(
            bytes(answer), response_hop(answer.via, source), answer.call_id, f"{answer.code} {answer.reason}"
        )

    def _answer_ping(self, piece: KeepAlive, source: Hop) -> None:
        if piece is KeepAlive.PING:
            self.layer.send(PONG, source, "", "keep-alive")

    def _command(self, session: int, input_: SessionInput, subject: object, now: float) -> None:
        known = self._sessions.get(session)
        if known is None:
            # The peer ended it while the command was on its way.
            self.note(TraceEntry("ignored", f"{input_.name} for a session that is over"))
        else:
            known.feed(input_, subject, now)
        self._settle(now)

    def _enter(self, session: InviteSession) -> None:
        self._sessions[session.number] = session
        self._by_dialog[session.call_id, session.local_tag] = session

    def _next_number(self) -> int:
        self._number += 1
        return self._number
