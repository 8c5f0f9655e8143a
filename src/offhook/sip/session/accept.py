"""The callee's part: provisional responses, the 2xx repeated until its ACK, refusals (RFC 3261 §13.3, RFC 6026 §8)."""

from offhook.sip.dialog import Dialog
from offhook.sip.events import AckMissed, AckReceived, CancelReceived
from offhook.sip.message import Request, Response, response_to
from offhook.sip.methods import INVITE, UPDATE
from offhook.sip.session.machine import SessionTimer
from offhook.sip.session.messages import SDP, Reply
from offhook.sip.session.reoffer import Reoffering
from offhook.sip.settings import METHODS, SUPPORTED
from offhook.sip.transaction.server import ServerTransaction

OK = 200
REQUEST_TERMINATED = 487
RING_AGAIN = 60.0  # §13.3.1.1


class Accepting(Reoffering):
    """How an incoming session comes up, or does not."""

    __slots__ = ()

    def take_invite(self, transaction: ServerTransaction) -> None:
        """Take the INVITE that made this session. Raises MalformedValue when its caller could not be reached."""
        self.dialog = Dialog.of_uas(transaction.request, self.local_tag).meet(transaction.hop, self.stack.settings.nat)
        self.offered = transaction
        self.invite = transaction.request

    def limit_ringing(self, now: float) -> None:
        """An INVITE may say how long it is good for (§13.3.1)."""
        expires = self.invite.headers.get("Expires") if self.invite is not None else None
        if expires is not None and expires.isascii() and expires.isdigit() and len(expires) <= len("4294967295"):
            self.stack.set_deadline(self, SessionTimer.INVITE, now + int(expires))

    def build(self, transaction: ServerTransaction, reply: Reply) -> Response:
        """A response of this session: with our tag, Contact where it refreshes the target, and what we can do."""
        request = transaction.request
        response = response_to(request, reply.code, reply.reason, to_tag=self.local_tag, body=reply.body)
        headers = response.headers
        if reply.code < 300:  # noqa: PLR2004  # 1xx and 2xx carry our Contact (§12.1.1)
            headers.add("Contact", self.stack.departures.contact(transaction.hop.transport))
            headers.add("Allow", METHODS)
            headers.add("Supported", SUPPORTED)
            if reply.code >= OK and request.method in (INVITE, UPDATE):
                for name, value in self.grant_interval(request):
                    headers.add(name, value)
        headers.add("User-Agent", self.stack.settings.user_agent)
        for name, value in reply.headers:
            headers.add(name, value)
        if reply.body:
            headers.add("Content-Type", SDP)
        return response

    def ring_again_later(self, now: float) -> None:
        """A proxy gives a call up that has not rung for three minutes."""
        self.stack.set_deadline(self, SessionTimer.RING, now + RING_AGAIN)

    # --- actions --------------------------------------------------------------------------------------------------

    def send_provisional(self, reply: Reply, now: float) -> None:
        """180 or 183."""
        if self.offered is not None:
            self.offered.respond(self.build(self.offered, reply), now)
            self.rung = reply
            self.ring_again_later(now)

    def send_success(self, reply: Reply, now: float) -> None:
        """The 2xx."""
        if self.offered is not None:
            self.success = self.build(self.offered, reply)
            self.offered.respond(self.success, now)

    def send_failure(self, reply: Reply, now: float) -> None:
        """A final response of 300 to 699."""
        if self.offered is not None:
            self.offered.respond(self.build(self.offered, reply), now)

    def refuse_canceled(self, _request: Request, now: float) -> None:
        """487 to the INVITE that was given up."""
        self.send_failure(Reply(code=REQUEST_TERMINATED), now)

    def resend_until_ack(self, _reply: Reply, now: float) -> None:
        """The 2xx goes out again after T1, doubling up to T2, on every transport, until its ACK (§13.3.1.4)."""
        timers = self.stack.settings.timers
        self.resend_interval = timers.t1
        self.stack.set_deadline(self, SessionTimer.RESEND, now + timers.t1)
        self.stack.set_deadline(self, SessionTimer.ACK, now + timers.timeout)

    def resend_success(self, _nothing: None, now: float) -> None:
        """Once more."""
        transaction = self.reoffered or self.offered
        if transaction is None or self.success is None:
            return
        layer = self.stack.departures.layer
        start_line = f"{self.success.code} {self.success.reason}"
        # Not through the transaction: it may have left its Accepted state by the last of the repetitions.
        layer.send(bytes(self.success), transaction.hop, self.call_id, start_line)
        self.resend_interval = min(self.resend_interval * 2, self.stack.settings.timers.t2)
        self.stack.set_deadline(self, SessionTimer.RESEND, now + self.resend_interval)

    def tell_ack(self, request: Request, _now: float) -> None:
        """The session is confirmed."""
        self.stack.tell(AckReceived(self.number, request))

    def tell_ack_missed(self, _nothing: None, _now: float) -> None:
        """No ACK came."""
        self.stack.tell(AckMissed(self.number))

    def tell_lost(self, _nothing: None, _now: float) -> None:
        """The caller is not heard of any more."""
        if self.invite is not None:
            self.stack.tell(CancelReceived(self.number, self.invite))

    def tell_cancel(self, request: Request, _now: float) -> None:
        """The caller gave up."""
        self.stack.tell(CancelReceived(self.number, request))
