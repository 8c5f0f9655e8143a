"""Transfers: REFER received and sent, and the NOTIFYs that tell its course (RFC 3515, RFC 4488)."""

import re

from offhook.sip.address import Address
from offhook.sip.events import ReferAnswered, ReferProgressed, ReferReceived
from offhook.sip.message import Request, Response
from offhook.sip.methods import NOTIFY, REFER
from offhook.sip.session.accept import Accepting
from offhook.sip.session.machine import SessionState
from offhook.sip.session.messages import Body, Fields, Reply
from offhook.sip.session.within import DialogRequest
from offhook.sip.status import reason_phrase
from offhook.sip.transaction.server import ServerTransaction

OK, ACCEPTED, TRYING, FINAL = 200, 202, 100, 200
BAD_REQUEST, NO_DIALOG, BAD_EVENT, BUSY = 400, 481, 489, 500
UNKNOWN = 487  # what a subscription came to that ended without a word, or a REFER whose session did
SIPFRAG = "message/sipfrag;version=2.0"
PACKAGE = "refer"
RETRY_SOON: Fields = (("Retry-After", "1"),)
ACTIVE = "active;expires=180"
ENDED = "terminated;reason=noresource"
_STATUS_LINE = re.compile(rb"\s*SIP/2\.0 ([1-6][0-9]{2})(?: ([^\r\n]{0,200}))?")


class Referring(Accepting):
    """How a session passes its peer on, or is asked to."""

    __slots__ = ()

    # --- the peer asks --------------------------------------------------------------------------------------------

    def take_refer(self, transaction: ServerTransaction, now: float) -> None:
        """A REFER: ask the user, or say why not."""
        targets = transaction.request.headers.all("Refer-To")
        if self.state is not SessionState.CONFIRMED:
            self._refuse_refer(transaction, Reply(code=NO_DIALOG), now)
        elif len(targets) != 1 or not targets[0].strip():
            self._refuse_refer(transaction, Reply(code=BAD_REQUEST, reason="One Refer-To Expected"), now)
        elif self.referral is not None or self.referred is not None:
            self._refuse_refer(transaction, Reply(code=BUSY, headers=RETRY_SOON), now)
        else:
            self.referral = transaction
            self.stack.tell(ReferReceived(self.number, transaction.request))

    def accept_refer(self, now: float) -> None:
        """202, and the first NOTIFY; nothing happens when there is no REFER to answer."""
        transaction, self.referral = self.referral, None
        if transaction is None or transaction.is_answered:
            return
        is_silent = (transaction.request.headers.get("Refer-Sub") or "").strip().lower() == "false"
        told: Fields = (("Refer-Sub", "false"),) if is_silent else ()
        transaction.respond(self.build(transaction, Reply(code=ACCEPTED, headers=told)), now)
        if is_silent:
            return
        # RFC 3515 §2.4.6: the first REFER of a dialog needs no id, every other one is told apart by its CSeq.
        self.referrals += 1
        number = transaction.request.cseq.number
        self.referred = PACKAGE if self.referrals == 1 else f"{PACKAGE};id={number}"
        self.notify_refer(TRYING, reason_phrase(TRYING), now)

    def refuse_refer(self, code: int, now: float) -> None:
        """Refuse; likewise."""
        transaction, self.referral = self.referral, None
        if transaction is not None and not transaction.is_answered:
            self._refuse_refer(transaction, Reply(code=code), now)

    def drop_referral(self, now: float) -> None:
        """A REFER that nobody will answer any more is refused with 487 (RFC 3261 §15.1.2)."""
        self.refuse_refer(UNKNOWN, now)

    def notify_refer(self, code: int, reason: str, now: float) -> None:
        """Tell how far it has come; a final code is the last word. Nobody is told who did not ask."""
        if self.referred is None or self.dialog is None or self.state is not SessionState.CONFIRMED:
            return
        fields: Fields = (("Event", self.referred), ("Subscription-State", ENDED if code >= FINAL else ACTIVE))
        body = Body(SIPFRAG, f"SIP/2.0 {code} {reason}\r\n".encode("utf-8", "surrogateescape"))
        if code >= FINAL:
            self.referred = None
        DialogRequest(self, self.dialog, NOTIFY, self._notified, fields=fields, body=body).send(now)

    def _notified(self, response: Response | None, _now: float) -> None:
        if response is None or not response.is_success:
            self.referred = None  # RFC 6665 §4.2.2: the subscription is gone

    def _refuse_refer(self, transaction: ServerTransaction, reply: Reply, now: float) -> None:
        transaction.respond(self.build(transaction, reply), now)

    # --- we ask ---------------------------------------------------------------------------------------------------

    def refer(self, target: str, headers: Fields, now: float) -> None:
        """Send REFER; nothing happens unless the session is up and no other is under way. Raises IllegalHeader."""
        if self.state is not SessionState.CONFIRMED or self.dialog is None or self.referring:
            self.stack.tell(ReferAnswered(self.number, None))
            return
        self.referring = True
        fields = (("Refer-To", f"<{target}>"), ("Referred-By", f"<{_bare(self.dialog.local)}>"), *headers)
        DialogRequest(self, self.dialog, REFER, self._refer_answered, fields=fields).send(now)

    def _refer_answered(self, response: Response | None, _now: float) -> None:
        if response is None or not response.is_success:
            self.referring = False
        self.stack.tell(ReferAnswered(self.number, response))

    def take_notify(self, transaction: ServerTransaction, now: float) -> None:
        """A NOTIFY: of our REFER, or of nothing that we asked for."""
        request = transaction.request
        package = (request.headers.get("Event") or "").partition(";")[0].strip().lower()
        if package != PACKAGE:
            transaction.respond(
                self.build(transaction, Reply(code=BAD_EVENT, headers=(("Allow-Events", PACKAGE),))), now
            )
        elif not self.referring:
            transaction.respond(self.build(transaction, Reply(code=NO_DIALOG)), now)
        else:
            transaction.respond(self.build(transaction, Reply(code=OK)), now)
            self._tell_progress(request)

    def _tell_progress(self, request: Request) -> None:
        state = (request.headers.get("Subscription-State") or "").partition(";")[0].strip().lower()
        has_ended = state == "terminated"
        found = _STATUS_LINE.match(request.body)
        if found is None and not has_ended:
            return
        code = int(found[1]) if found is not None else UNKNOWN
        reason = (found[2] or b"").decode("utf-8", "replace") if found is not None else reason_phrase(UNKNOWN)
        is_final = has_ended or code >= FINAL
        if is_final:
            self.referring = False
        self.stack.tell(ReferProgressed(self.number, code, reason, is_final))


def _bare(value: str) -> str:
    """The URI of a From or To value."""
    return str(Address.parse(value).uri)
