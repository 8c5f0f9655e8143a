"""The end of a session: BYE, ours and the peer's (RFC 3261 §15)."""

from offhook.sip.events import ByeAnswered, ByeReceived
from offhook.sip.message import Request, Response
from offhook.sip.methods import BYE
from offhook.sip.session.frame import SessionFrame
from offhook.sip.session.machine import SessionInput
from offhook.sip.session.within import DialogRequest


class Closing(SessionFrame):
    """How a session goes down."""

    __slots__ = ()

    def send_bye(self, _subject: object, now: float) -> None:
        """BYE; whatever comes of it, the session is over then (§15.1.1)."""
        if self.dialog is not None:
            DialogRequest(self, self.dialog, BYE, self._bye_done, fields=self.bye_headers).send(now)

    def _bye_done(self, response: Response | None, now: float) -> None:
        self.feed(SessionInput.BYE_DONE, response, now)

    def tell_bye(self, request: Request, _now: float) -> None:
        """The peer hung up."""
        self.stack.tell(ByeReceived(self.number, request))

    def tell_bye_answered(self, response: Response | None, _now: float) -> None:
        """Our BYE is done."""
        self.stack.tell(ByeAnswered(self.number, response))
