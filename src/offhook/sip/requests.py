"""What an endpoint does with each request of a peer: to its session, to a new one, or refused (RFC 3261 §8.2)."""

from collections.abc import Callable
from typing import Protocol

from offhook.sip.events import InfoReceived, InviteReceived
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response, response_to
from offhook.sip.methods import BYE, CANCEL, INFO, INVITE, OPTIONS, UPDATE
from offhook.sip.session.frame import Stack
from offhook.sip.session.machine import SessionInput, SessionState
from offhook.sip.session.session import InviteSession
from offhook.sip.settings import METHODS
from offhook.sip.trace import TraceEntry
from offhook.sip.transaction.layer import TransactionLayer
from offhook.sip.transaction.server import ServerTransaction

TRYING, OK = 100, 200
RETRY_AFTER = "5"


class SessionBook(Stack, Protocol):
    """The endpoint as the request side sees it."""

    layer: TransactionLayer

    def find(self, call_id: str, local_tag: str) -> InviteSession | None:
        """The session of a dialog."""

    def find_invite(self, request: Request) -> InviteSession | None:
        """A session that the same INVITE made by another way (§8.2.2.2)."""

    def open_inbound(self, transaction: ServerTransaction) -> InviteSession | None:
        """A new session for an INVITE, or None when there are too many."""


class Requests:
    """The user agent server of an endpoint."""

    def __init__(self, book: SessionBook) -> None:
        self.book = book

    def take(self, request: Request, source: Hop, transaction: ServerTransaction | None, now: float) -> None:
        """Act on one new request; `transaction` is None for an ACK."""
        if transaction is None:
            self._take_ack(request, now)
            return
        refusal = self._inspect(request)
        if refusal is not None:
            self.answer(transaction, *refusal, now=now)
        elif request.method == CANCEL:
            self._take_cancel(transaction, now)
        elif request.to_tag is None:
            self._take_initial(request, source, transaction, now)
        else:
            self._take_within(request, transaction, now)

    def answer(
        self, transaction: ServerTransaction, code: int, headers: tuple[tuple[str, str], ...] = (), *, now: float
    ) -> None:
        """Answer a request that no session answers."""
        response = response_to(transaction.request, code, to_tag=self.book.token())
        self._finish(response, headers)
        transaction.respond(response, now)

    def _finish(self, response: Response, headers: tuple[tuple[str, str], ...]) -> None:
        response.headers.add("User-Agent", self.book.settings.user_agent)
        for name, value in headers:
            response.headers.add(name, value)

    def _inspect(self, request: Request) -> tuple[int, tuple[tuple[str, str], ...]] | None:
        """What §8.2 has checked before anything else; None when there is nothing to say against the request."""
        if request.max_forwards == 0 and request.method != OPTIONS:
            return 483, ()
        if request.method not in (INVITE, CANCEL, BYE, OPTIONS, INFO, UPDATE):
            return 405, (("Allow", METHODS),)
        if request.method != CANCEL and request.require:
            return 420, (("Unsupported", ", ".join(request.require)),)
        if self.book.layer.server_count > self.book.settings.max_transactions:
            return 503, (("Retry-After", RETRY_AFTER),)
        return None

    # --- outside a dialog -----------------------------------------------------------------------------------------

    def _take_initial(self, request: Request, source: Hop, transaction: ServerTransaction, now: float) -> None:
        if request.method == OPTIONS:
            self.answer(transaction, OK, (("Allow", METHODS), ("Accept", "application/sdp")), now=now)
        elif request.method != INVITE:
            self.answer(transaction, 481, now=now)
        elif self.book.find_invite(request) is not None:
            self.answer(transaction, 482, now=now)
        else:
            self._take_invite(request, source, transaction, now)

    def _take_invite(self, request: Request, source: Hop, transaction: ServerTransaction, now: float) -> None:
        if request.body and (request.content_type is None or request.content_type.full_type != "application/sdp"):
            self.answer(transaction, 415, (("Accept", "application/sdp"),), now=now)
            return
        session = self.book.open_inbound(transaction)
        if session is None:
            self.answer(transaction, 503, (("Retry-After", RETRY_AFTER),), now=now)
            return
        transaction.respond(response_to(request, TRYING), now)
        self.book.tell(InviteReceived(session.number, request, source))

    def _take_cancel(self, transaction: ServerTransaction, now: float) -> None:
        invite = self.book.layer.invite_of_cancel(transaction.request)
        session = invite.user if invite is not None else None
        if not isinstance(session, InviteSession):
            self.answer(transaction, 481, now=now)
            return
        response = response_to(transaction.request, OK, to_tag=session.local_tag)
        transaction.respond(response, now)
        if session.state is SessionState.OFFERED:
            session.feed(SessionInput.CANCEL_RECEIVED, transaction.request, now)

    # --- within a dialog ------------------------------------------------------------------------------------------

    def _take_ack(self, request: Request, now: float) -> None:
        session = self._session_of(request)
        if session is None:
            self.book.note(TraceEntry("stray", "ACK of no session", request.call_id))
        else:
            session.feed(SessionInput.ACK_RECEIVED, request, now)

    def _take_within(self, request: Request, transaction: ServerTransaction, now: float) -> None:
        session = self._session_of(request)
        if session is None or session.dialog is None:
            self.answer(transaction, 481, now=now)
            return
        if not session.dialog.takes(request):
            self.answer(transaction, 500, (("Retry-After", "0"),), now=now)
            return
        transaction.user = session
        WITHIN[request.method](self, session, transaction, now)

    def _take_bye(self, session: InviteSession, transaction: ServerTransaction, now: float) -> None:
        self.answer(transaction, OK, now=now)
        session.feed(SessionInput.BYE_RECEIVED, transaction.request, now)

    def _take_info(self, session: InviteSession, transaction: ServerTransaction, now: float) -> None:
        self.answer(transaction, OK, now=now)
        self.book.tell(InfoReceived(session.number, transaction.request))

    def _take_options(self, _session: InviteSession, transaction: ServerTransaction, now: float) -> None:
        self.answer(transaction, OK, (("Allow", METHODS), ("Accept", "application/sdp")), now=now)

    def _take_offer(self, session: InviteSession, transaction: ServerTransaction, now: float) -> None:
        if transaction.request.method == INVITE:
            transaction.respond(response_to(transaction.request, TRYING), now)
        session.take_offer(transaction, now)

    def _session_of(self, request: Request) -> InviteSession | None:
        session = self.book.find(request.call_id, request.to_tag or "")
        if session is None or session.dialog is None:
            return session
        return session if session.dialog.remote_tag == (request.from_tag or "") else None


Taker = Callable[[Requests, InviteSession, ServerTransaction, float], None]

WITHIN: dict[str, Taker] = {
    BYE: Requests._take_bye,  # noqa: SLF001  # the table of this class
    INFO: Requests._take_info,  # noqa: SLF001
    OPTIONS: Requests._take_options,  # noqa: SLF001
    INVITE: Requests._take_offer,  # noqa: SLF001
    UPDATE: Requests._take_offer,  # noqa: SLF001
}
