"""What an endpoint does with each request of a peer: to its session, to a new one, or refused (RFC 3261 §8.2)."""

from collections.abc import Callable
from typing import Protocol

from offhook.sip.bodies import SDP, session_description
from offhook.sip.errors import MalformedValue
from offhook.sip.events import InfoReceived, InviteReceived
from offhook.sip.guard_settings import Strike
from offhook.sip.hop import Hop
from offhook.sip.message import Request, response_to
from offhook.sip.methods import BYE, CANCEL, INFO, INVITE, NOTIFY, OPTIONS, PRACK, REFER, UPDATE
from offhook.sip.peers import UNWELCOME, Peers
from offhook.sip.replaces import Replaces
from offhook.sip.session.frame import Stack
from offhook.sip.session.machine import SessionInput, SessionState
from offhook.sip.session.messages import Fields
from offhook.sip.session.refresh import TOO_BRIEF, refusal_of_interval
from offhook.sip.session.session import InviteSession
from offhook.sip.settings import EXTENSIONS, METHODS, SUPPORTED
from offhook.sip.trace import TraceEntry
from offhook.sip.transaction.layer import RequestArrived, TransactionLayer
from offhook.sip.transaction.server import ServerTransaction

TRYING, OK = 100, 200
NO_DIALOG, BUSY_HERE = 481, 486
IDENTITY = "identity"
MEDIA_RANGES = frozenset({SDP, "application/*", "*/*"})
RETRY_AFTER: Fields = (("Retry-After", "5"),)
ALLOW: Fields = (("Allow", METHODS),)
ABILITIES: Fields = (*ALLOW, ("Accept", SDP), ("Supported", SUPPORTED))


class SessionBook(Stack, Protocol):
    """The endpoint as the request side sees it."""

    layer: TransactionLayer
    peers: Peers

    def find(self, call_id: str, local_tag: str) -> InviteSession | None:
        """The session of a dialog."""

    def find_replaced(self, replaces: Replaces) -> InviteSession | None:
        """The session that a Replaces names (RFC 3891)."""

    def open_inbound(self, transaction: ServerTransaction) -> InviteSession | None:
        """A new session for an INVITE, or None when there are too many. Raises MalformedValue."""


class Requests:
    """The user agent server of an endpoint."""

    def __init__(self, book: SessionBook) -> None:
        self.book = book

    def take(self, arrived: RequestArrived, now: float) -> None:
        """Act on one new request."""
        request, transaction = arrived.request, arrived.transaction
        if transaction is None:
            self._take_ack(request, now)
            return
        refusal = _inspect(request, is_merged=arrived.is_merged)
        if refusal is not None:
            self.answer(transaction, *refusal, now=now)
        elif request.method == CANCEL:
            self._take_cancel(transaction, now)
        elif request.to_tag is None:
            self._take_initial(transaction, arrived.source, now)
        else:
            self._take_within(transaction, now)

    def answer(self, transaction: ServerTransaction, code: int, headers: Fields = (), *, now: float) -> None:
        """Answer a request that no session answers."""
        if code in UNWELCOME and transaction.request.to_tag is None:
            self.book.peers.guard.strike(transaction.hop, Strike.REFUSED, now)
        response = response_to(transaction.request, code, to_tag=self.book.token())
        response.headers.add("User-Agent", self.book.settings.user_agent)
        for name, value in headers:
            response.headers.add(name, value)
        transaction.respond(response, now)

    # --- outside a dialog -----------------------------------------------------------------------------------------

    def _take_initial(self, transaction: ServerTransaction, source: Hop, now: float) -> None:
        method = transaction.request.method
        if method == OPTIONS:
            self.answer(transaction, OK, ABILITIES, now=now)
        elif method == INVITE:
            self._take_invite(transaction, source, now)
        else:
            self.answer(transaction, 481, now=now)

    def _take_invite(self, transaction: ServerTransaction, source: Hop, now: float) -> None:
        request = transaction.request
        too_brief = refusal_of_interval(request, self.book.settings)
        if too_brief is not None:
            self.answer(transaction, TOO_BRIEF, too_brief, now=now)
            return
        try:
            replaced = self._replaced(request)
            session = None if isinstance(replaced, int) else self.book.open_inbound(transaction)
        except MalformedValue as error:
            self.book.note(TraceEntry("refused", f"INVITE from {source.host}: {error}", transaction.call_id))
            self.answer(transaction, 400, now=now)
            return
        if isinstance(replaced, int):
            self.answer(transaction, replaced, now=now)
        elif session is None:
            self.answer(transaction, 503, RETRY_AFTER, now=now)
        else:
            transaction.respond(response_to(request, TRYING), now)
            session.limit_ringing(now)
            number = None if replaced is None else replaced.number
            self.book.tell(InviteReceived(session.number, request, source, number))

    def _replaced(self, request: Request) -> InviteSession | int | None:
        """The session that an INVITE replaces, None when it replaces none, or the code that refuses it (RFC 3891 §3).

        Raises MalformedValue.
        """
        values = request.headers.all("Replaces")
        if not values:
            return None
        if len(values) > 1:
            raise MalformedValue("more than one Replaces")
        replaces = Replaces.parse(values[0])
        found = self.book.find_replaced(replaces)
        if found is None or found.state is not SessionState.CONFIRMED:
            return NO_DIALOG
        return BUSY_HERE if replaces.is_early_only else found

    def _take_cancel(self, transaction: ServerTransaction, now: float) -> None:
        """§9.2: the INVITE is refused with 487 where it can be, and the CANCEL answered in any case."""
        invite = self.book.layer.invite_of_cancel(transaction.request)
        if invite is None:
            self.answer(transaction, 481, now=now)
            return
        session = invite.user
        if not isinstance(session, InviteSession):
            self.answer(transaction, OK, now=now)
            return
        transaction.respond(response_to(transaction.request, OK, to_tag=session.local_tag), now)
        if session.state is SessionState.OFFERED:
            session.feed(SessionInput.CANCEL_RECEIVED, transaction.request, now)
        elif invite is session.reoffered and not invite.is_answered:
            session.drop_offer(now)

    # --- within a dialog ------------------------------------------------------------------------------------------

    def _take_ack(self, request: Request, now: float) -> None:
        session = self._session_of(request)
        invite = None if session is None else (session.reoffered or session.offered)
        is_for_it = invite is not None and invite.is_answered and invite.request.cseq.number == request.cseq.number
        if session is None or not is_for_it:
            self.book.note(TraceEntry("stray", "ACK of no INVITE", request.call_id))
        else:
            session.feed(SessionInput.ACK_RECEIVED, request, now)

    def _take_within(self, transaction: ServerTransaction, now: float) -> None:
        request = transaction.request
        session = self._session_of(request)
        if session is None:
            self.answer(transaction, 481, now=now)
        elif not _is_in_order(session, request):
            # §12.2.2; or in an early dialog that nothing reliable has made: not now.
            self.answer(transaction, 500, (("Retry-After", "1"),), now=now)
        elif session.dialog is None and request.method not in TAKEN_EARLY:
            self.answer(transaction, 500, (("Retry-After", "1"),), now=now)
        else:
            transaction.user = session
            if session.dialog is not None:
                session.dialog.source = transaction.hop  # a NAT may have given the peer another port meanwhile
            WITHIN[request.method](self, session, transaction, now)

    def _take_bye(self, session: InviteSession, transaction: ServerTransaction, now: float) -> None:
        self.answer(transaction, OK, now=now)
        session.feed(SessionInput.BYE_RECEIVED, transaction.request, now)

    def _take_info(self, session: InviteSession, transaction: ServerTransaction, now: float) -> None:
        self.answer(transaction, OK, now=now)
        self.book.tell(InfoReceived(session.number, transaction.request))

    def _take_options(self, _session: InviteSession, transaction: ServerTransaction, now: float) -> None:
        self.answer(transaction, OK, ABILITIES, now=now)

    def _take_refer(self, session: InviteSession, transaction: ServerTransaction, now: float) -> None:
        session.take_refer(transaction, now)

    def _take_notify(self, session: InviteSession, transaction: ServerTransaction, now: float) -> None:
        session.take_notify(transaction, now)

    def _take_prack(self, session: InviteSession, transaction: ServerTransaction, now: float) -> None:
        session.take_prack(transaction, now)

    def _take_offer(self, session: InviteSession, transaction: ServerTransaction, now: float) -> None:
        if transaction.request.method == INVITE:
            transaction.respond(response_to(transaction.request, TRYING), now)
        session.take_offer(transaction, now)

    def _session_of(self, request: Request) -> InviteSession | None:
        session = self.book.find(request.call_id, request.to_tag or "")
        if session is None:
            return None
        tag = request.from_tag or ""
        is_known = tag in session.early_tags if session.dialog is None else tag == session.dialog.remote_tag
        return session if is_known else None


def _is_in_order(session: InviteSession, request: Request) -> bool:
    dialog = session.dialog_of(request.from_tag or "")
    return dialog is not None and dialog.takes(request)


def _inspect(request: Request, *, is_merged: bool) -> tuple[int, Fields] | None:
    """What §8.2 has checked before anything else; None when there is nothing to say against the request."""
    if request.method not in TAKEN:
        return 405, ALLOW
    if request.max_forwards == 0 and request.to_tag is None and request.method in (INVITE, INFO, UPDATE):
        return 483, ()  # a call is passed on, and a loop of such ends here
    if is_merged:
        return 482, ()
    required = request.headers.values("Require") if request.method != CANCEL else []
    unknown = [tag for tag in required if tag.lower() not in EXTENSIONS]
    if unknown:
        return 420, (("Unsupported", ", ".join(unknown)),)
    if request.method == INVITE and not _takes_sdp(request):
        return 406, ()
    return _inspect_body(request) if request.method in (INVITE, UPDATE) and request.body else None


def _takes_sdp(request: Request) -> bool:
    """Whether an answer may hold SDP (§20.1); without an Accept, or with one that cannot be read, it may."""
    ranges = [value.partition(";")[0].replace(" ", "").lower() for value in request.headers.values("Accept")]
    return not ranges or not MEDIA_RANGES.isdisjoint(ranges)


def _inspect_body(request: Request) -> tuple[int, Fields] | None:
    """What is said to a body that we cannot read (§8.2.3)."""
    if (request.headers.get("Content-Encoding") or IDENTITY).strip().lower() != IDENTITY:
        return 415, (("Accept-Encoding", IDENTITY), ("Accept", SDP))
    if session_description(request) is None:
        return 415, (("Accept", SDP),)
    return None


Taker = Callable[[Requests, InviteSession, ServerTransaction, float], None]

WITHIN: dict[str, Taker] = {
    BYE: Requests._take_bye,  # noqa: SLF001  # the table of this class
    INFO: Requests._take_info,  # noqa: SLF001
    OPTIONS: Requests._take_options,  # noqa: SLF001
    INVITE: Requests._take_offer,  # noqa: SLF001
    UPDATE: Requests._take_offer,  # noqa: SLF001
    PRACK: Requests._take_prack,  # noqa: SLF001
    REFER: Requests._take_refer,  # noqa: SLF001
    NOTIFY: Requests._take_notify,  # noqa: SLF001
}
TAKEN = frozenset({*WITHIN, CANCEL})
TAKEN_EARLY = frozenset({UPDATE, INFO, OPTIONS})  # before our INVITE is answered
