"""Offers within the session: re-INVITE and UPDATE from the peer, one at a time (RFC 3261 §14.2, RFC 3311 §5.2)."""

from offhook.sip.events import OfferReceived
from offhook.sip.message import Request
from offhook.sip.methods import INVITE
from offhook.sip.session.accept import Accepting, Reply
from offhook.sip.session.machine import SessionState
from offhook.sip.transaction.server import ServerTransaction

OK = 200
REQUEST_PENDING = 491
SERVER_INTERNAL_ERROR = 500
NOT_ACCEPTABLE_HERE = 488


class Modifying(Accepting):
    """How a session that is up changes."""

    def take_offer(self, transaction: ServerTransaction, now: float) -> None:
        """A re-INVITE or UPDATE: ask the user, or say why not."""
        request = transaction.request
        if self.dialog is not None:
            self.dialog.refresh_target(request)
        if self.state is not SessionState.CONFIRMED:
            # §14.2: our own INVITE is still open (its ACK is not here), so this one has to wait.
            self.refuse(transaction, Reply(code=REQUEST_PENDING), now)
        elif self.reoffered is not None:
            retry = (("Retry-After", "1"),)
            self.refuse(transaction, Reply(code=SERVER_INTERNAL_ERROR, headers=retry), now)
        elif request.method != INVITE and not request.body:
            # An UPDATE without SDP only refreshes the target.
            transaction.respond(self.build(transaction, Reply(code=OK)), now)
        else:
            self.reoffered = transaction
            self.stack.tell(OfferReceived(self.number, request))

    def answer_offer(self, body: bytes, now: float) -> bool:
        """200 with our SDP; False when nothing was asked."""
        transaction = self.reoffered
        if transaction is None:
            return False
        self.success = self.build(transaction, Reply(code=OK, body=body))
        transaction.respond(self.success, now)
        if transaction.request.method == INVITE:
            self.resend_until_ack(Reply(code=OK), now)
        else:
            self.reoffered = None
        return True

    def refuse_offer(self, code: int, now: float) -> bool:
        """Refuse; the session stays as it was. False when nothing was asked."""
        transaction = self.reoffered
        if transaction is None:
            return False
        self.reoffered = None
        self.refuse(transaction, Reply(code=code), now)
        return True

    def refuse(self, transaction: ServerTransaction, reply: Reply, now: float) -> None:
        """Send a failure for a request within the session."""
        transaction.respond(self.build(transaction, reply), now)

    # --- actions --------------------------------------------------------------------------------------------------

    def settle_offer(self, request: Request, now: float) -> None:
        """The ACK of a re-INVITE; any other ACK is a retransmission."""
        if self.reoffered is None or request.cseq.number != self.reoffered.request.cseq.number:
            return
        self.stop_timers(None, now)
        self.reoffered = None
        self.tell_ack(request, now)
