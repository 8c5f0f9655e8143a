"""The caller's part: INVITE, answers to challenges, forks, CANCEL, and the ACK of a 2xx (RFC 3261 §13.2, §9.1, §22)."""

from dataclasses import dataclass, field

from offhook.sip import digest
from offhook.sip.departures import cancel_for
from offhook.sip.dialog import MAX_FORWARDS, Dialog
from offhook.sip.errors import SipError
from offhook.sip.events import (
    InviteAnswered,
    InviteRefused,
    ProvisionalReceived,
    RefusalCause,
)
from offhook.sip.headers import Headers
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.methods import ACK, BYE, INVITE
from offhook.sip.session.frame import SessionFrame
from offhook.sip.session.machine import SessionInput, SessionState, SessionTimer
from offhook.sip.settings import METHODS
from offhook.sip.trace import TraceEntry

Fields = tuple[tuple[str, str], ...]
TRYING = 100
UNAUTHORIZED = 401
PROXY_AUTHENTICATION_REQUIRED = 407
REQUEST_TIMEOUT = 408
REQUEST_TERMINATED = 487
SERVICE_UNAVAILABLE = 503
SDP = "application/sdp"

# A first challenge, and one more for a nonce that went stale meanwhile or a second realm on the way (§22.1).
MAX_CHALLENGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingInvite:
    """What an INVITE says; `from_` is a whole From value without tag, `headers` are added as they are."""

    target: str
    from_: str
    headers: Fields = ()
    body: bytes = b""
    content_type: str = SDP
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A response and where it came from."""

    response: Response
    source: Hop


class Establishing(SessionFrame):
    """How an outgoing session comes up."""

    order: OutgoingInvite | None = None
    forks: set[str]

    def call(self, order: OutgoingInvite, now: float) -> None:
        """Send the first INVITE."""
        self.order = order
        self.forks = set()
        self._send_invite(1, (), now)

    def _send_invite(self, number: int, credentials: Fields, now: float) -> None:
        order = self.order
        if order is None:
            return
        headers = Headers()
        headers.add("Max-Forwards", str(MAX_FORWARDS))
        headers.add("From", f"{order.from_};tag={self.local_tag}")
        headers.add("To", f"<{order.target}>")
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{number} {INVITE}")
        headers.add("Allow", METHODS)
        headers.add("User-Agent", self.stack.settings.user_agent)
        for name, value in (*credentials, *order.headers):
            headers.add(name, value)
        if order.body:
            headers.add("Content-Type", order.content_type)
        self.invite = Request(INVITE, order.target, headers, order.body)
        self.departure = self.stack.departures.send(self.invite, self, now, has_left=self._invite_left)

    def _invite_left(self, request: Request, hop: Hop) -> None:
        self.sent_invite = (request, hop)

    # --- Sender ---------------------------------------------------------------------------------------------------

    def responded(self, response: Response, source: Hop, now: float) -> None:
        """A response to our INVITE."""
        arrived = Arrived(response, source)
        if response.is_provisional:
            if response.code == TRYING and self.state is not SessionState.CANCEL_WAITING:
                return
            self.feed(SessionInput.PROVISIONAL, arrived, now)
        elif response.is_success:
            is_fork = self.dialog is not None and response.to_tag != self.dialog.remote_tag
            self.feed(SessionInput.FORKED_SUCCESS if is_fork else SessionInput.SUCCESS, arrived, now)
        elif not self._answer_challenge(response, now):
            self.feed(SessionInput.FAILURE, arrived, now)

    def failed(self, cause: RefusalCause, now: float) -> None:
        """No hop answered our INVITE."""
        self.feed(SessionInput.NO_ANSWER, cause, now)

    def _answer_challenge(self, response: Response, now: float) -> bool:
        order, invite = self.order, self.invite
        if response.code not in (UNAUTHORIZED, PROXY_AUTHENTICATION_REQUIRED) or order is None or invite is None:
            return False
        is_calling = self.state in (SessionState.CALLING, SessionState.PROCEEDING)
        if not order.username or self.challenges_met >= MAX_CHALLENGES or not is_calling:
            return False
        is_proxy = response.code == PROXY_AUTHENTICATION_REQUIRED
        asked, told = (
            ("Proxy-Authenticate", "Proxy-Authorization") if is_proxy else ("WWW-Authenticate", "Authorization")
        )
        challenge = digest.choose(response.headers.all(asked))
        if challenge is None or (told in invite.headers and not challenge.stale):
            return False  # of no scheme that we know, or our credentials were refused
        self.challenges_met += 1
        proof = digest.answer(
            challenge,
            username=order.username,
            password=order.password,
            method=INVITE,
            uri=invite.text_uri,
            cnonce=self.stack.token(),
            nc=1,
            body=order.body,
        )
        earlier = tuple(
            (name, value)
            for name, value in invite.headers.items()
            if name in ("Authorization", "Proxy-Authorization") and name != told
        )
        self._send_invite(invite.cseq.number + 1, (*earlier, (told, proof)), now)
        return True

    # --- actions --------------------------------------------------------------------------------------------------

    def tell_provisional(self, arrived: Arrived, _now: float) -> None:
        """Pass 101 to 199 up; 100 says nothing to the user."""
        if arrived.response.code > TRYING:
            self.stack.tell(ProvisionalReceived(self.number, arrived.response))

    def confirm(self, arrived: Arrived, now: float) -> None:
        """Take the dialog of the first 2xx and ACK it; further forks are hung up (§13.2.2.4)."""
        if self.sent_invite is None:
            return
        self.dialog = Dialog.of_uac(self.sent_invite[0], arrived.response)
        self.forks.add(self.dialog.remote_tag)
        ack = self.dialog.request(ACK, cseq=self.sent_invite[0].cseq.number)
        for name in ("Authorization", "Proxy-Authorization"):
            ack.headers.carry(self.sent_invite[0].headers, name)
        self.stack.departures.send(ack, None, now, has_left=self._ack_left)

    def _ack_left(self, request: Request, hop: Hop) -> None:
        self.ack = (request, hop)

    def ack_again(self, _arrived: Arrived, _now: float) -> None:
        """Each retransmission of the 2xx gets the same ACK."""
        if self.ack is not None:
            request, hop = self.ack
            layer = self.stack.departures.layer
            layer.send(bytes(request), hop, self.call_id, f"{ACK} {request.text_uri}")

    def release_fork(self, arrived: Arrived, now: float) -> None:
        """ACK and BYE the 2xx of another fork: one callee is enough."""
        if self.sent_invite is None:
            return
        try:
            dialog = Dialog.of_uac(self.sent_invite[0], arrived.response)
            self.stack.departures.send(dialog.request(ACK, cseq=self.sent_invite[0].cseq.number), None, now)
            if dialog.remote_tag not in self.forks:
                self.forks.add(dialog.remote_tag)
                self.stack.departures.send(dialog.request(BYE), None, now)
        except SipError as error:
            self.stack.note(TraceEntry("dropped", f"2xx of a fork: {error}", self.call_id))

    def send_cancel(self, _arrived: object, now: float) -> None:
        """CANCEL goes the way of the INVITE, hop by hop (§9.1)."""
        if self.sent_invite is not None:
            request, hop = self.sent_invite
            self.stack.departures.send_to(cancel_for(request), hop, now)

    def expect_end(self, _subject: object, now: float) -> None:
        """A peer that does not end its INVITE after a CANCEL is waited for 64*T1 at the most."""
        if self.departure is not None and self.stack.departures.withdraw(self.departure):
            self.departure = None
            self.stack.set_deadline(self, SessionTimer.CANCEL, now)  # nothing was sent: it is over at once
        else:
            self.stack.set_deadline(self, SessionTimer.CANCEL, now + self.stack.settings.timers.timeout)

    def tell_answered(self, arrived: Arrived, _now: float) -> None:
        """The session is up."""
        self.stack.tell(InviteAnswered(self.number, arrived.response, arrived.source))

    def tell_refused(self, arrived: Arrived, _now: float) -> None:
        """A final response said no."""
        response = arrived.response
        event = InviteRefused(self.number, RefusalCause.RESPONSE, response.code, response.reason, response)
        self.stack.tell(event)

    def tell_unanswered(self, cause: RefusalCause, _now: float) -> None:
        """Nobody could be asked, or nobody answered (§8.1.3.1)."""
        code = REQUEST_TIMEOUT if cause is RefusalCause.TIMEOUT else SERVICE_UNAVAILABLE
        self.stack.tell(InviteRefused(self.number, cause, code, f"no answer ({cause.value})", None))

    def tell_canceled(self, arrived: object, _now: float) -> None:
        """We gave up, and it is over."""
        response = arrived.response if isinstance(arrived, Arrived) else None
        code = response.code if response is not None else REQUEST_TERMINATED
        reason = response.reason if response is not None else "Request Terminated"
        self.stack.tell(InviteRefused(self.number, RefusalCause.CANCELED, code, reason, response))
