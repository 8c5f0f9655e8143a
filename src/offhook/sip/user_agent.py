"""The user agent of an endpoint: its sessions, and the commands that their user gives."""

from collections import deque
from collections.abc import Callable
from typing import Any

from offhook.base.deadlines import Deadlines
from offhook.base.errors import IllegalInput
from offhook.sip.authenticator import Authenticator, Checked, Passwords, Proof
from offhook.sip.departures import Departures
from offhook.sip.events import AckReceived, Event
from offhook.sip.guard_settings import Strike
from offhook.sip.hop import Hop
from offhook.sip.peers import Peers
from offhook.sip.protection import Protection
from offhook.sip.replaces import Replaces
from offhook.sip.session.machine import SessionInput, SessionState, SessionTimer
from offhook.sip.session.messages import Fields, OutgoingInvite, Reply
from offhook.sip.session.session import InviteSession
from offhook.sip.settings import EndpointSettings
from offhook.sip.trace import Trace, TraceEntry
from offhook.sip.transaction.layer import TransactionLayer
from offhook.sip.transaction.server import ServerTransaction

OK, CHALLENGED = 200, 407
CHALLENGE, AUTHORIZATION = "Proxy-Authenticate", "Proxy-Authorization"  # contract 1 §6.2: 407, though we are no proxy
REFUSALS = (300, 699)


class UserAgent:
    """Sessions by number and by dialog; what endpoint.Endpoint has besides its wire and its clock.

    The pump law holds for every command: drain transmissions, then events, then re-arm the timer.
    """

    def __init__(
        self, settings: EndpointSettings, tokens: Callable[[], str], trace: Trace, protection: Protection
    ) -> None:
        self.settings = settings
        self.token = tokens
        self.note = trace
        self.protection = protection
        self.layer = TransactionLayer(settings.timers, trace, protection.guard)
        self.departures = Departures(settings, self.layer, tokens)
        self._sessions: dict[int, InviteSession] = {}
        self._by_dialog: dict[tuple[str, str], InviteSession] = {}
        self._deadlines: Deadlines[tuple[int, SessionTimer]] = Deadlines()
        self._events: deque[Event] = deque()
        self.peers = Peers(protection.guard)
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
        if session.sent_invite is not None:
            self.meet(session, session.sent_invite[1], is_ours=True)
        self._settle(now)
        return session.number, call_id

    def cancel(self, session: int, headers: Fields, now: float) -> None:
        """Give up an INVITE that has no final response; any other session is left alone. `headers` are the CANCEL's."""
        known = self._sessions.get(session)
        if known is not None:
            known.cancel_headers = headers
        self._command(session, SessionInput.CANCEL, None, now)

    def ring(self, session: int, code: int, body: bytes, now: float) -> None:
        """Send a provisional response, reliably where the caller wants it. Raises IllegalInput once it is answered."""
        self._order(session, lambda known: known.ring(Reply(code=code, body=body), now), now)

    def accept(self, session: int, body: bytes, headers: Fields, now: float) -> None:
        """Answer with 200. Raises IllegalInput when the INVITE is answered."""
        self._order(session, lambda known: known.accept(Reply(code=OK, headers=headers, body=body), now), now)

    def reject(self, session: int, code: int, reason: str, headers: Fields, now: float) -> None:
        """Refuse with 300 to 699. Raises IllegalInput for another code, and when the INVITE is answered."""
        if not REFUSALS[0] <= code <= REFUSALS[1]:
            raise IllegalInput(f"a refusal is a response of {REFUSALS[0]} to {REFUSALS[1]}, not {code}")
        known = self._sessions.get(session)
        if known is not None and known.rung is None:
            self.peers.refuse(session, code, now)
        self._command(session, SessionInput.REJECT, Reply(code=code, reason=reason or None, headers=headers), now)

    def verify(self, session: int, realm: str, passwords: Passwords, now: float) -> Checked:
        """What the credentials of a received INVITE prove; whatever it is, the INVITE still waits for an answer."""
        known = self._sessions.get(session)
        if known is None or known.offered is None:
            return Checked(Proof.MISSING)
        request = known.offered.request
        values = [*request.headers.all(AUTHORIZATION), *request.headers.all("Authorization")]
        checked = self._authenticator.verify(values, request, realm, passwords, now)
        if checked.proof is Proof.WRONG:
            self.peers.strike(session, Strike.CREDENTIALS, now)
        elif checked.proof is Proof.GIVEN:
            self.peers.pardon(session)
        return checked

    def challenge(self, session: int, realm: str, now: float, *, is_stale: bool) -> None:
        """Ask the caller for credentials with 407; the session is over, and its next INVITE is another."""
        self.peers.strike(session, Strike.CHALLENGED, now)
        values = self._authenticator.challenge(realm, now, is_stale=is_stale)
        self.reject(session, CHALLENGED, "", tuple((CHALLENGE, value) for value in values), now)

    def follow_redirect(self, session: int, target: str, now: float, *, needs_public: bool = False) -> None:
        """Call a target of a RedirectReceived; `needs_public` lets it lead to no private address.

        Raises MalformedValue when it is no SIP URI.
        """
        self._order(session, lambda known: known.follow(target, now, needs_public=needs_public), now)

    def refuse_redirect(self, session: int, now: float) -> None:
        """Go nowhere: the 3xx is the end of the session."""
        self._order(session, lambda known: known.feed(SessionInput.GIVE_UP, known.redirect, now), now)

    def offer(self, session: int, body: bytes, now: float) -> None:
        """Send a re-INVITE with this SDP; OfferAnswered follows, or the end of the session."""
        self._order(session, lambda known: known.offer(body, now), now)

    def answer_offer(self, session: int, body: bytes, now: float) -> None:
        """Answer an OfferReceived; nothing happens when the session ended meanwhile."""
        self._order(session, lambda known: known.answer_offer(body, now), now)

    def refuse_offer(self, session: int, code: int, now: float) -> None:
        """Refuse an OfferReceived; likewise."""
        self._order(session, lambda known: known.refuse_offer(code, now), now)

    def refer(self, session: int, target: str, headers: Fields, now: float) -> None:
        """Ask the peer to call this URI; ReferAnswered follows. Raises IllegalHeader."""
        self._order(session, lambda known: known.refer(target, headers, now), now)

    def accept_refer(self, session: int, now: float) -> None:
        """Answer a ReferReceived with 202 and its first NOTIFY."""
        self._order(session, lambda known: known.accept_refer(now), now)

    def refuse_refer(self, session: int, code: int, now: float) -> None:
        """Refuse a ReferReceived."""
        self._order(session, lambda known: known.refuse_refer(code, now), now)

    def notify_refer(self, session: int, code: int, reason: str, now: float) -> None:
        """Tell the sender of an accepted REFER how its call goes; a final code is the last word."""
        self._order(session, lambda known: known.notify_refer(code, reason, now), now)

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
        if isinstance(event, AckReceived):
            self.peers.confirm(event.session)

    def set_deadline(self, session: InviteSession, timer: SessionTimer, at: float) -> None:
        """Wake this session at `at`."""
        session.timers.add(timer)
        self._deadlines.set((session.number, timer), at)

    def clear_deadline(self, session: InviteSession, timer: SessionTimer) -> None:
        """Do not wake it."""
        if timer in session.timers:
            session.timers.discard(timer)
            self._deadlines.clear((session.number, timer))

    def forget(self, session: Any) -> None:
        """The session is over; its transactions may linger and still know it."""
        self._sessions.pop(session.number, None)
        self.peers.end(session.number)
        self._by_dialog.pop((session.call_id, session.local_tag), None)

    def find(self, call_id: str, local_tag: str) -> InviteSession | None:
        """The session of a dialog."""
        return self._by_dialog.get((call_id, local_tag))

    def find_replaced(self, replaces: Replaces) -> InviteSession | None:
        """The session that a Replaces names from its peer's side (RFC 3891 §3)."""
        found = self.find(replaces.call_id, replaces.to_tag)
        if found is None or found.dialog is None or found.dialog.remote_tag != replaces.from_tag:
            return None
        return found

    def open_inbound(self, transaction: ServerTransaction) -> InviteSession | None:
        """A new session for an INVITE, or None when there are too many. Raises MalformedValue."""
        if len(self._sessions) >= self.settings.max_sessions:
            return None
        if not self.protection.guard.has_room_for_session(transaction.hop):
            return None
        session = InviteSession(SessionState.OFFERED, self, self._next_number(), transaction.call_id, self.token())
        session.take_invite(transaction)
        transaction.user = session
        self._enter(session)
        self.meet(session, transaction.hop, is_ours=False)
        return session

    def meet(self, session: InviteSession, peer: Hop, *, is_ours: bool) -> None:
        """A session's INVITE went to this peer, or came from it."""
        if session.number in self._sessions:
            self.peers.begin(session.number, peer, is_ours=is_ours)

    @property
    def _authenticator(self) -> Authenticator:
        if self.protection.authenticator is None:
            raise IllegalInput("nobody can be asked for credentials without an authenticator")
        return self.protection.authenticator

    # --- inside -------------------------------------------------------------------------------------------------------

    def _command(self, session: int, input_: SessionInput, subject: object, now: float) -> None:
        self._order(session, lambda known: known.feed(input_, subject, now), now)

    def _order(self, session: int, give: Callable[[InviteSession], object], now: float) -> None:
        known = self._sessions.get(session)
        if known is None:
            # The peer ended it while the command was on its way.
            self.note(TraceEntry("ignored", f"a command for session {session}, which is over"))
        else:
            give(known)
        self._settle(now)

    def _enter(self, session: InviteSession) -> None:
        self._sessions[session.number] = session
        self._by_dialog[session.call_id, session.local_tag] = session

    def _next_number(self) -> int:
        self._number += 1
        return self._number
