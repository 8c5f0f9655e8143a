"""The user agent of an endpoint: its sessions, and the commands that their user gives."""

from collections import deque
from collections.abc import Callable
from typing import Any

from offhook.base.deadlines import Deadlines
from offhook.sip.departures import Departures
from offhook.sip.events import Event
from offhook.sip.session.machine import SessionInput, SessionState, SessionTimer
from offhook.sip.session.messages import Fields, OutgoingInvite, Reply
from offhook.sip.session.session import InviteSession
from offhook.sip.settings import EndpointSettings
from offhook.sip.trace import Trace, TraceEntry
from offhook.sip.transaction.layer import TransactionLayer
from offhook.sip.transaction.server import ServerTransaction


class UserAgent:
    """Sessions by number and by dialog; what endpoint.Endpoint has besides its wire and its clock.

    The pump law holds for every command: drain transmissions, then events, then re-arm the timer.
    """

    def __init__(self, settings: EndpointSettings, tokens: Callable[[], str], trace: Trace) -> None:
        self.settings = settings
        self.token = tokens
        self.note = trace
        self.layer = TransactionLayer(settings.timers, trace)
        self.departures = Departures(settings, self.layer, tokens)
        self._sessions: dict[int, InviteSession] = {}
        self._by_dialog: dict[tuple[str, str], InviteSession] = {}
        self._deadlines: Deadlines[tuple[int, SessionTimer]] = Deadlines()
        self._events: deque[Event] = deque()
        self._number = 0

    @property
    def session_count(self) -> int:
        """How many sessions there are."""
        return len(self._sessions)

    def _settle(self, now: float) -> None:
        """Act on what a command or a message has brought about, until nothing is left of it."""
        raise NotImplementedError

    # --- commands -------------------------------------------------------------------------------------------------

    def invite(self, order: OutgoingInvite, now: float) -> tuple[int, str]:
        """Send an INVITE; its session number and Call-ID. Raises IllegalHeader, IllegalValue."""
        host = next(iter(self.settings.sent_by.values()))[0]
        call_id = f"{self.token()}{self.token()}@{host}"
        session = InviteSession(SessionState.CALLING, self, self._next_number(), call_id, self.token())
        session.call(order, now)
        self._enter(session)
        self._settle(now)
        return session.number, call_id

    def cancel(self, session: int, headers: Fields, now: float) -> None:
        """Give up an INVITE that has no final response; any other session is left alone. `headers` are the CANCEL's."""
        known = self._sessions.get(session)
        if known is not None:
            known.cancel_headers = headers
        self._command(session, SessionInput.CANCEL, None, now)

    def ring(self, session: int, code: int, body: bytes, now: float) -> None:
        """Send a provisional response. Raises IllegalInput when the INVITE is answered."""
        self._command(session, SessionInput.RING, Reply(code=code, body=body), now)

    def accept(self, session: int, body: bytes, headers: Fields, now: float) -> None:
        """Answer with 200. Raises IllegalInput when the INVITE is answered."""
        self._command(session, SessionInput.ACCEPT, Reply(code=200, headers=headers, body=body), now)

    def reject(self, session: int, code: int, reason: str, headers: Fields, now: float) -> None:
        """Refuse. Raises IllegalInput when the INVITE is answered."""
        self._command(session, SessionInput.REJECT, Reply(code=code, reason=reason or None, headers=headers), now)

    def answer_offer(self, session: int, body: bytes, now: float) -> None:
        """Answer an OfferReceived; nothing happens when the session ended meanwhile."""
        known = self._sessions.get(session)
        if known is not None:
            known.answer_offer(body, now)
        self._settle(now)

    def refuse_offer(self, session: int, code: int, now: float) -> None:
        """Refuse an OfferReceived; likewise."""
        known = self._sessions.get(session)
        if known is not None:
            known.refuse_offer(code, now)
        self._settle(now)

    def bye(self, session: int, headers: Fields, now: float) -> None:
        """Hang up; one that is over or never was up is left alone."""
        known = self._sessions.get(session)
        if known is not None:
            known.bye_headers = headers
        self._command(session, SessionInput.BYE, None, now)

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

    # --- inside -------------------------------------------------------------------------------------------------------

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
