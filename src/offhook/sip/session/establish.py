"""The caller's part: INVITE, answers to challenges, forks, CANCEL, and the ACK of a 2xx (RFC 3261 §13.2, §9.1, §22)."""

from collections import deque
from dataclasses import dataclass, replace

from offhook.sip.address import Address
from offhook.sip.departures import Departure
from offhook.sip.dialog import Dialog, first_uri
from offhook.sip.errors import MalformedValue
from offhook.sip.events import (
    AttemptFailed,
    InviteAnswered,
    InviteRefused,
    ProvisionalReceived,
    RedirectReceived,
    RefusalCause,
)
from offhook.sip.headers import Headers, check_field
from offhook.sip.hop import Hop
from offhook.sip.hop_rules import HopRules
from offhook.sip.message import Request, Response
from offhook.sip.methods import ACK, BYE, INVITE
from offhook.sip.next_hop import over_tls
from offhook.sip.session.machine import SessionInput, SessionState, SessionTimer
from offhook.sip.session.messages import NO_PROOF, OutgoingInvite
from offhook.sip.session.reliable import Reliable
from offhook.sip.settings import METHODS, SUPPORTED
from offhook.sip.trace import TraceEntry
from offhook.sip.uri import SipUri

TRYING = 100
REQUEST_TIMEOUT = 408
REQUEST_TERMINATED = 487
SERVICE_UNAVAILABLE = 503

# How many branches of a forked INVITE are looked after: a peer that invents more is not followed.
MAX_FORKS = 16

__all__ = ["Arrived", "Establishing", "OutgoingInvite"]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A response and where it came from."""

    response: Response
    source: Hop


class Establishing(Reliable):
    """How an outgoing session comes up."""

    __slots__ = ()

    def call(self, order: OutgoingInvite, now: float) -> None:
        """Send the first INVITE. Raises IllegalHeader, IllegalValue, and MalformedValue for a target of no SIP URI."""
        self.order = order
        check_field("Authorization", order.username)  # now, not when the challenge comes
        self._send_invite(1, None, now)

    def _send_invite(self, number: int, hop: Hop | None, now: float) -> None:
        order = self.order
        if order is None:
            return
        # §8.1.3.4: wherever it is sent next, it is still the call to whom it was made to.
        callee = self.invite.headers.get("To") if self.invite is not None else None
        headers = Headers()
        if order.proxy:
            headers.add("Route", f"<{over_tls(order.proxy) if order.needs_tls else order.proxy}>")
        headers.add("Max-Forwards", str(order.max_forwards))
        headers.add("From", f"{order.from_};tag={self.local_tag}")
        headers.add("To", callee or f"<{order.target}>")
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{number} {INVITE}")
        headers.add("Allow", METHODS)
        headers.add("Supported", SUPPORTED)
        headers.add("User-Agent", self.stack.settings.user_agent)
        for name, value in (*self.interval_fields(), *self.proof.fields, *order.headers):
            headers.add(name, value)
        if order.body:
            headers.add("Content-Type", order.content_type)
        request = Request(INVITE, order.target, headers, order.body)
        departure = Departure(
            request=request,
            sender=self,
            towards=first_uri(request),
            rules=HopRules(needs_tls=order.needs_tls, needs_public=order.needs_public and not order.proxy),
            hops=deque(() if hop is None else (hop,)),
            watcher=self,
        )
        self.invite, self.departure = request, departure
        self.stack.departures.send(departure, now)

    # --- Watcher --------------------------------------------------------------------------------------------------

    def has_left(self, request: Request, hop: Hop, now: float) -> None:
        """Our INVITE goes out to this hop."""
        self.sent_invite = (request, hop)
        self.stack.meet(self, hop, is_ours=True)
        self.feed(SessionInput.INVITE_LEFT, None, now)

    def has_failed(self, hop: Hop, cause: RefusalCause, response: Response | None, reason: str) -> None:
        """This hop came to nothing; others may follow."""
        self.stack.tell(AttemptFailed(self.number, hop, cause, response, reason))

    def answered_late(self, response: Response, source: Hop, now: float) -> None:
        """A hop that had been given up answers after all: it is acknowledged and hung up."""
        self.release_fork(Arrived(response, source), now)

    # --- Sender ---------------------------------------------------------------------------------------------------

    def responded(self, response: Response, source: Hop, now: float) -> None:
        """A response to our INVITE."""
        arrived = Arrived(response, source)
        if response.is_provisional:
            if response.to_tag and len(self.early_tags) < MAX_FORKS:
                self.early_tags.add(response.to_tag)
            if self.takes_provisional(response, now):
                self.feed(SessionInput.PROVISIONAL, arrived, now)
        elif response.is_success:
            is_fork = self.dialog is not None and (response.to_tag or "") != self.dialog.remote_tag
            self.feed(SessionInput.FORKED_SUCCESS if is_fork else SessionInput.SUCCESS, arrived, now)
        elif not self._try_again(response, now):
            self.feed(SessionInput.REDIRECT if self._asks_where(response) else SessionInput.FAILURE, arrived, now)

    def failed(self, cause: RefusalCause, now: float) -> None:
        """No hop answered our INVITE."""
        self.feed(SessionInput.NO_ANSWER, cause, now)

    def awaits_again(self, response: Response) -> bool:
        """Whether a response without a transaction may be one more 2xx of the INVITE that brought this session up."""
        if self.dialog is None or self.sent_invite is None or not response.is_success:
            return False
        return response.cseq == self.sent_invite[0].cseq

    def follow(self, target: str, now: float, *, needs_public: bool = False) -> None:
        """Call the target of a redirect that the user has chosen. Raises MalformedValue when it is no SIP URI."""
        if self.order is None or self.invite is None or not self.allows(SessionInput.FOLLOW):
            return
        SipUri.parse(target)
        self.order, self.proof, self.redirect = (
            replace(self.order, target=target, needs_public=needs_public),
            NO_PROOF,
            None,
        )
        self.feed(SessionInput.FOLLOW, None, now)
        self._send_invite(self.invite.cseq.number + 1, None, now)

    def _asks_where(self, response: Response) -> bool:
        if self.order is None or not self.order.asks_redirects or not is_redirect(response):
            return False
        return self.state in (SessionState.CALLING, SessionState.PROCEEDING)

    def _try_again(self, response: Response, now: float) -> bool:
        """Answer a challenge, or ask for the longer interval of a 422 (RFC 4028 §7.3)."""
        if self.invite is None or self.sent_invite is None:
            return False
        if self.state not in (SessionState.CALLING, SessionState.PROCEEDING):
            return False
        proof = self.proof.answer(response, self.invite, self.order, self.stack.token())
        if proof is not None:
            self.proof = proof
        elif not self.raise_interval(response):
            return False
        # §8.1.3.5, RFC 3263 §4: what answers a challenge goes where the challenge came from.
        self._send_invite(self.invite.cseq.number + 1, self.sent_invite[1], now)
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
        dialog = Dialog.of_uac(self.sent_invite[0], arrived.response)
        self.dialog = dialog.meet(arrived.source, self.stack.settings.nat)
        early = self.early.get(self.dialog.remote_tag)
        if early is not None:
            self.dialog.go_on_from(early.dialog)
        self.early.clear()
        self.take_interval(arrived.response)
        self.forks.add(self.dialog.remote_tag)
        ack = self._ack_for(self.dialog, self.sent_invite[0])
        departure = Departure(request=ack, towards=self.dialog.next_uri, has_left=self._ack_left)
        self.stack.departures.send(departure, now)

    def _ack_left(self, request: Request, hop: Hop, _now: float) -> None:
        self.ack = (request, hop)

    @staticmethod
    def _ack_for(dialog: Dialog, invite: Request) -> Request:
        ack = dialog.request(ACK, cseq=invite.cseq.number)
        ack.headers.carry(invite.headers, "Authorization", "Proxy-Authorization")  # §22.1: the same credentials
        return ack

    def ack_again(self, _arrived: Arrived, _now: float) -> None:
        """Each retransmission of the 2xx gets the same ACK."""
        if self.ack is not None:
            request, hop = self.ack
            self.stack.departures.layer.send(bytes(request), hop, self.call_id, f"{ACK} {request.text_uri}")

    def release_fork(self, arrived: Arrived, now: float) -> None:
        """ACK and BYE the 2xx of another fork: one callee is enough."""
        if self.sent_invite is None:
            return
        dialog = Dialog.of_uac(self.sent_invite[0], arrived.response).meet(arrived.source, self.stack.settings.nat)
        is_new = dialog.remote_tag not in self.forks
        if is_new and len(self.forks) >= MAX_FORKS:
            self.stack.note(TraceEntry("dropped", f"2xx of more than {MAX_FORKS} forks", self.call_id))
            return
        self.forks.add(dialog.remote_tag)
        send, towards = self.stack.departures.send, dialog.next_uri
        send(Departure(request=self._ack_for(dialog, self.sent_invite[0]), towards=towards), now)
        if is_new:
            send(Departure(request=dialog.request(BYE), towards=towards), now)

    def send_cancel(self, _arrived: object, now: float) -> None:
        """CANCEL goes the way of the INVITE, hop by hop (§9.1)."""
        if self.sent_invite is not None:
            self.stack.departures.cancel(*self.sent_invite, self.cancel_headers, now)

    def expect_end(self, _subject: object, now: float) -> None:
        """A peer that does not end its INVITE after a CANCEL is waited for 64*T1 at the most."""
        departures, timers = self.stack.departures, self.stack.settings.timers
        has_left = self.departure is not None and not departures.withdraw(self.departure)
        if self.departure is not None:
            departures.stay(self.departure)
        # Of what never left there is nothing to wait for.
        self.stack.set_deadline(self, SessionTimer.CANCEL, now + timers.timeout if has_left else now)

    def tell_answered(self, arrived: Arrived, _now: float) -> None:
        """The session is up."""
        self.stack.tell(InviteAnswered(self.number, arrived.response, arrived.source))

    def tell_redirect(self, arrived: Arrived, _now: float) -> None:
        """The callee is elsewhere: the user says whether to follow."""
        self.redirect = arrived
        self.stack.tell(RedirectReceived(self.number, arrived.response, targets_of(arrived.response)))

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


def is_redirect(response: Response) -> bool:
    """Whether it is of the 3xx."""
    return 300 <= response.code < 400  # noqa: PLR2004  # §21.3


def targets_of(response: Response) -> tuple[str, ...]:
    """The Contact URIs of a redirect, the best first (§8.1.3.4, §20.10); none when they cannot be read."""
    try:
        contacts = response.contacts
    except MalformedValue:
        return ()
    best_first = sorted(contacts[:MAX_FORKS], key=_preference, reverse=True)
    return tuple(str(contact.uri) for contact in best_first if not contact.is_wildcard)


def _preference(contact: Address) -> float:
    try:
        return min(1.0, max(0.0, float(contact.param("q") or 1.0)))
    except ValueError:
        return 0.0
