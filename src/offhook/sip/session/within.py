"""A request of ours within a dialog, other than INVITE and ACK: its credentials and its answer (RFC 3261 §12.2.1)."""

from collections.abc import Callable

from offhook.sip.departures import Departure
from offhook.sip.dialog import Dialog
from offhook.sip.events import RefusalCause
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.session.frame import SessionFrame
from offhook.sip.session.messages import NO_PROOF, Body, Fields, Proof

Done = Callable[[Response | None, float], None]

REQUEST_TIMEOUT, NO_DIALOG = 408, 481


class DialogRequest:
    """Sends one request and tells `done` its final response, or None when none came; challenges are answered."""

    __slots__ = ("_body", "_dialog", "_done", "_fields", "_method", "_proof", "_request", "_session")

    def __init__(
        self,
        session: SessionFrame,
        dialog: Dialog,
        method: str,
        done: Done,
        *,
        fields: Fields = (),
        body: Body | None = None,
    ) -> None:
        self._session = session
        self._dialog = dialog
        self._method = method
        self._done = done
        self._fields = fields
        self._body = body
        self._proof: Proof = NO_PROOF
        self._request: Request | None = None

    def send(self, now: float) -> None:
        """Put it on its way; each attempt has a CSeq of its own."""
        request = self._dialog.request(self._method)
        request.headers.add("User-Agent", self._session.stack.settings.user_agent)
        for name, value in (*self._proof.fields, *self._fields):
            request.headers.add(name, value)
        if self._body is not None:
            request.headers.add("Content-Type", self._body.content_type)
            request.body = self._body.data
        self._request = request
        departure = Departure(request=request, sender=self, towards=self._dialog.next_uri)
        self._session.stack.departures.send(departure, now)

    def responded(self, response: Response, _source: Hop, now: float) -> None:
        """A final response goes to whoever waits for it; a challenge is answered first (§22)."""
        if response.is_provisional or self._request is None:
            return
        session = self._session
        proof = self._proof.answer(response, self._request, session.order, session.stack.token())
        if proof is None:
            self._done(response, now)
        else:
            self._proof = proof
            self.send(now)

    def failed(self, _cause: RefusalCause, now: float) -> None:
        """Nobody answered."""
        self._done(None, now)


def ends_dialog(response: Response | None) -> bool:
    """Whether an answer says that the dialog is gone (§12.2.1.2)."""
    return response is None or response.code in (REQUEST_TIMEOUT, NO_DIALOG)
