"""Reliable provisional responses, both roles: 100rel and PRACK (RFC 3262)."""

from offhook.sip.dialog import Dialog
from offhook.sip.errors import MalformedValue
from offhook.sip.fields import RAck
from offhook.sip.grammar import parse_number
from offhook.sip.message import Request, Response
from offhook.sip.methods import INVITE, PRACK
from offhook.sip.session.accept import Accepting
from offhook.sip.session.frame import EarlyDialog
from offhook.sip.session.machine import SessionInput, SessionTimer
from offhook.sip.session.messages import Reply
from offhook.sip.session.within import DialogRequest
from offhook.sip.trace import TraceEntry
from offhook.sip.transaction.server import ServerTransaction

RELIABLY = "100rel"
OK, NO_SUCH, TIMED_OUT = 200, 481, 504
HIGHEST_RSEQ = 2**31 - 1
MAX_WAITING = 8  # provisional responses that wait for the PRACK of an earlier one
MAX_EARLY = 16  # branches of a forked INVITE that are looked after


class Reliable(Accepting):
    """How a session rings so that it is heard, and hears so that it is known."""

    __slots__ = ()

    # --- the caller's part ----------------------------------------------------------------------------------------

    def takes_provisional(self, response: Response, now: float) -> bool:
        """Whether a provisional response is news; a reliable one is confirmed by PRACK, in its order (§4)."""
        if RELIABLY not in response.require or not response.to_tag or self.sent_invite is None:
            return True
        try:
            rseq = parse_number(response.headers.get("RSeq") or "", HIGHEST_RSEQ, "an RSeq")
        except MalformedValue as error:
            self.stack.note(TraceEntry("dropped", f"{response.code}: {error}", self.call_id))
            return False
        early = self.early.get(response.to_tag)
        if early is None:
            if len(self.early) >= MAX_EARLY:
                return False
            request, hop = self.sent_invite
            dialog = Dialog.of_uac(request, response).meet(hop, self.stack.settings.nat)
            early = self.early[response.to_tag] = EarlyDialog(dialog, rseq - 1)
        if rseq != early.rseq + 1:
            self.stack.note(TraceEntry("ignored", f"RSeq {rseq} after {early.rseq}", self.call_id))
            return False
        early.rseq = rseq
        early.has_answer = early.has_answer or bool(response.body)
        rack = RAck(rseq=rseq, cseq=response.cseq)
        DialogRequest(self, early.dialog, PRACK, _no_matter, fields=(("RAck", str(rack)),)).send(now)
        return True

    # --- the callee's part ----------------------------------------------------------------------------------------

    def ring(self, reply: Reply, now: float) -> None:
        """Send a provisional response, reliably when the caller asks for it or when it carries SDP that counts."""
        if self.invite is not None and RELIABLY in self.invite.require and not self.invite.body:
            # §5: the first reliable response to an INVITE without offer would have to make one. It rings unheard.
            self.stack.note(TraceEntry("ignored", f"no reliable {reply.code} without an offer", self.call_id))
            return
        self.feed(SessionInput.RING_RELIABLY if self._is_reliable(reply) else SessionInput.RING, reply, now)

    def accept(self, reply: Reply, now: float) -> None:
        """Answer with 2xx; not before the PRACK of SDP that went ahead (§3)."""
        if self.reliable is not None and self.reliable.body and self.allows(SessionInput.ACCEPT):
            self.held_answer = reply
        else:
            self.feed(SessionInput.ACCEPT, reply, now)

    def take_prack(self, transaction: ServerTransaction, now: float) -> None:
        """A PRACK: of the response that waits for it, or 481."""
        if not self._is_confirmed_by(transaction.request):
            transaction.respond(self.build(transaction, Reply(code=NO_SUCH)), now)
            return
        transaction.respond(self.build(transaction, Reply(code=OK)), now)
        self.feed(SessionInput.PRACK_RECEIVED, transaction.request, now)
        if self.held_answer is not None and self.reliable is None:
            held, self.held_answer = self.held_answer, None
            self.feed(SessionInput.ACCEPT, held, now)

    def _is_reliable(self, reply: Reply) -> bool:
        if self.invite is None:
            return False
        return RELIABLY in self.invite.require or (bool(reply.body) and RELIABLY in self.invite.supported)

    def _is_confirmed_by(self, request: Request) -> bool:
        if self.reliable is None or self.invite is None:
            return False
        try:
            rack = RAck.parse(request.headers.get("RAck") or "")
        except MalformedValue:
            return False
        return rack.rseq == self.rseq and rack.cseq == self.invite.cseq and rack.cseq.method == INVITE

    # --- actions --------------------------------------------------------------------------------------------------

    def send_reliably(self, reply: Reply, now: float) -> None:
        """Send it, or let it wait for the PRACK of the one before (§3)."""
        if self.reliable is not None:
            if len(self.waiting_rings) < MAX_WAITING:
                self.waiting_rings.append(reply)
            return
        if self.offered is None:
            return
        self.rseq = self.rseq + 1 if self.rseq else int(self.stack.token()[:4], 16) + 1
        marks = (("Require", RELIABLY), ("RSeq", str(self.rseq)))
        self.reliable = self.build(
            self.offered, Reply(code=reply.code, reason=reply.reason, headers=(*reply.headers, *marks), body=reply.body)
        )
        self.offered.respond(self.reliable, now)
        self.rung = Reply(code=reply.code, reason=reply.reason, headers=reply.headers)
        timers = self.stack.settings.timers
        self.resend_interval = timers.t1
        self.stack.set_deadline(self, SessionTimer.RELIABLE, now + timers.t1)
        self.stack.set_deadline(self, SessionTimer.PRACK, now + timers.timeout)
        self.stack.clear_deadline(self, SessionTimer.RING)

    def resend_reliable(self, _nothing: None, now: float) -> None:
        """Again, after twice the time (§3)."""
        if self.reliable is None or self.offered is None:
            return
        start_line = f"{self.reliable.code} {self.reliable.reason}"
        self.stack.departures.layer.send(bytes(self.reliable), self.offered.hop, self.call_id, start_line)
        self.resend_interval *= 2
        self.stack.set_deadline(self, SessionTimer.RELIABLE, now + self.resend_interval)

    def confirm_reliable(self, _request: Request, now: float) -> None:
        """The PRACK came: the next one that waits may go."""
        if self.reliable is not None and self.reliable.body:
            self.answered_early = True
        self.reliable = None
        self.stack.clear_deadline(self, SessionTimer.RELIABLE)
        self.stack.clear_deadline(self, SessionTimer.PRACK)
        if self.waiting_rings and self.held_answer is None:
            self.send_reliably(self.waiting_rings.pop(0), now)
        else:
            self.ring_again_later(now)

    def resend_provisional(self, _nothing: None, now: float) -> None:
        """It still rings."""
        if self.rung is None:
            return
        if self._is_reliable(self.rung):
            self.send_reliably(self.rung, now)
        else:
            self.send_provisional(self.rung, now)

    def refuse_unconfirmed(self, _nothing: None, now: float) -> None:
        """The caller does not confirm: its INVITE is refused with a 5xx (§3)."""
        self.send_failure(Reply(code=TIMED_OUT), now)


def _no_matter(_response: Response | None, _now: float) -> None:
    # A PRACK that is refused or lost changes nothing: the INVITE's final response is still to come.
    return
