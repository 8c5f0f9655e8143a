"""The end of a session: BYE, ours and the peer's (RFC 3261 §15)."""

from offhook.sip.events import ByeAnswered, ByeReceived, RefusalCause
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.methods import BYE
from offhook.sip.session.frame import SessionFrame
from offhook.sip.session.machine import SessionInput

Fields = tuple[tuple[str, str], ...]


class Bye:
    """Our BYE on its way; whatever comes of it, the session is over (§15.1.1)."""

    def __init__(self, session: SessionFrame) -> None:
        self.session = session

    def responded(self, response: Response, _source: Hop, now: float) -> None:
        """A final response ends the session."""
        if response.is_final:
            self.session.feed(SessionInput.BYE_DONE, response, now)

    def failed(self, _cause: RefusalCause, now: float) -> None:
        """The peer is gone."""
        self.session.feed(SessionInput.BYE_DONE, None, now)


class Closing(SessionFrame):
    """How a session goes down."""

    bye_headers: Fields = ()

    def send_bye(self, _subject: object, now: float) -> None:
        """BYE."""
        if self.dialog is None:
            return
        request = self.dialog.request(BYE)
        for name, value in self.bye_headers:
            request.headers.add(name, value)
        request.headers.add("User-Agent", self.stack.settings.user_agent)
        self.stack.departures.send(request, Bye(self), now)

    def tell_bye(self, request: Request, _now: float) -> None:
        """The peer hung up."""
        self.stack.tell(ByeReceived(self.number, request))

    def tell_bye_answered(self, response: Response | None, _now: float) -> None:
        """Our BYE is done."""
        self.stack.tell(ByeAnswered(self.number, response))
