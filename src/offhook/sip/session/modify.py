"""Offers within the session: re-INVITE and UPDATE from the peer, one at a time (RFC 3261 §14.2, RFC 3311 §5.2)."""

from offhook.sip.events import OfferReceived
from offhook.sip.message import Request, Response
from offhook.sip.methods import INVITE
from offhook.sip.session.accept import REQUEST_TERMINATED, Accepting
from offhook.sip.session.machine import SessionInput, SessionState
from offhook.sip.session.messages import Reply
from offhook.sip.session.refresh import TOO_BRIEF, refusal_of_interval
from offhook.sip.transaction.server import ServerTransaction

OK = 200
NO_DIALOG = Reply(code=481)
REQUEST_PENDING = Reply(code=491)
# §14.2 and RFC 3311 §5.2: an earlier offer is still to be answered; the peer may try again in a moment.
BUSY_WITH_OFFER = Reply(code=500, headers=(("Retry-After", "1"),))

REFUSED_IN = {
    SessionState.CALLING: BUSY_WITH_OFFER,
    SessionState.PROCEEDING: BUSY_WITH_OFFER,
    SessionState.CANCELING: NO_DIALOG,
    SessionState.OFFERED: BUSY_WITH_OFFER,
    SessionState.ACCEPTED: REQUEST_PENDING,  # our 2xx waits for its ACK, which this request has overtaken
    SessionState.BYE_WAITING: NO_DIALOG,
    SessionState.CLOSING: NO_DIALOG,
}


class Modifying(Accepting):
    """How a session that is up changes."""

    __slots__ = ()

    def take_offer(self, transaction: ServerTransaction, now: float) -> None:
        """A re-INVITE or UPDATE: ask the user, or say why not."""
        request = transaction.request
        refusal = None if self._is_settled_early(request) else REFUSED_IN.get(self.state)
        too_brief = refusal_of_interval(request, self.stack.settings)
        if self.offering is not None and (request.body or request.method == INVITE):
            refusal = REQUEST_PENDING  # §14.2: ours is on its way
        if too_brief is not None:
            self._refuse(transaction, Reply(code=TOO_BRIEF, headers=too_brief), now)
        elif refusal is NO_DIALOG:
            self._refuse(transaction, refusal, now)
        elif request.method != INVITE and not request.body:
            self._accept(transaction, self.build(transaction, Reply(code=OK)), now)  # it only refreshes the target
        elif refusal is not None or self.reoffered is not None:
            self._refuse(transaction, refusal or BUSY_WITH_OFFER, now)
        else:
            self.reoffered = transaction
            self.stack.tell(OfferReceived(self.number, request))

    def _is_settled_early(self, request: Request) -> bool:
        """Whether an UPDATE may make an offer before the INVITE is answered: the first offer is (RFC 3311 §5.2)."""
        if request.method == INVITE:
            return False
        if self.state is SessionState.OFFERED:
            return self.answered_early
        early = self.early.get(request.from_tag or "")
        return early is not None and early.has_answer

    def answer_offer(self, body: bytes, now: float) -> bool:
        """200 with our SDP; False when there is nothing to answer."""
        transaction = self.reoffered
        if transaction is None or transaction.is_answered:
            return False
        response = self.build(transaction, Reply(code=OK, body=body))
        self._accept(transaction, response, now)
        if transaction.request.method == INVITE:
            self.success = response
            self.resend_until_ack(Reply(code=OK), now)
        else:
            self.reoffered = None
        return True

    def refuse_offer(self, code: int, now: float) -> bool:
        """Refuse; the session stays as it was. False when there is nothing to refuse."""
        transaction = self.reoffered
        if transaction is None or transaction.is_answered:
            return False
        self.reoffered = None
        self._refuse(transaction, Reply(code=code), now)
        return True

    def drop_offer(self, now: float) -> None:
        """An offer that nobody will answer any more is refused with 487 (§15.1.2, §9.2)."""
        self.refuse_offer(REQUEST_TERMINATED, now)
        self.reoffered = None

    def transaction_lost(self, transaction: ServerTransaction, now: float) -> None:
        """A response could not be sent, or a failure was never acknowledged."""
        if transaction is self.offered:
            self.feed(SessionInput.TRANSACTION_LOST, transaction.request, now)
        elif transaction is self.reoffered:
            self.reoffered = None

    def _accept(self, transaction: ServerTransaction, response: Response, now: float) -> None:
        # RFC 6141 §3: a request that is refused does not move the remote target.
        dialog = self.dialog_of(transaction.request.from_tag or "")
        if dialog is not None:
            dialog.refresh_target(transaction.request)
        transaction.respond(response, now)
        if self.state is SessionState.CONFIRMED:
            self.keep_alive(None, now)

    def _refuse(self, transaction: ServerTransaction, reply: Reply, now: float) -> None:
        transaction.respond(self.build(transaction, reply), now)

    # --- actions --------------------------------------------------------------------------------------------------

    def settle_offer(self, request: Request, now: float) -> None:
        """The ACK of a re-INVITE; any other ACK is a retransmission."""
        if self.reoffered is None or request.cseq.number != self.reoffered.request.cseq.number:
            return
        self.stop_resending(None, now)
        self.reoffered = None
        self.tell_ack(request, now)
