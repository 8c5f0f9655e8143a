"""The end of a session: BYE, ours and the peer's (RFC 3261 §15)."""

from offhook.sip.departures import Departure
from offhook.sip.events import ByeAnswered, ByeReceived, RefusalCause
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.methods import BYE
from offhook.sip.session.frame import SessionFrame
from offhook.sip.session.machine import SessionInput
from offhook.sip.session.messages import NO_PROOF, Proof


class Closing(SessionFrame):
    """How a session goes down."""

    __slots__ = ()

    def send_bye(self, _subject: object, now: float) -> None:
        """BYE."""
        self.say_bye(NO_PROOF, now)

    def say_bye(self, proof: Proof, now: float) -> None:
        """Send a BYE with these credentials."""
        dialog = self.dialog
        if dialog is None:
            return
        request = dialog.request(BYE)
        request.headers.add("User-Agent", self.stack.settings.user_agent)
        for name, value in (*proof.fields, *self.bye_headers):
            request.headers.add(name, value)
        sender = Bye(self, request, proof)
        self.stack.departures.send(Departure(request=request, sender=sender, towards=dialog.next_uri), now)

    def tell_bye(self, request: Request, _now: float) -> None:
        """The peer hung up."""
        self.stack.tell(ByeReceived(self.number, request))

    def tell_bye_answered(self, response: Response | None, _now: float) -> None:
        """Our BYE is done."""
        self.stack.tell(ByeAnswered(self.number, response))


class Bye:
    """Our BYE on its way; whatever comes of it, the session is over (§15.1.1)."""

    __slots__ = ("proof", "request", "session")

    def __init__(self, session: Closing, request: Request, proof: Proof) -> None:
        self.session = session
        self.request = request
        self.proof = proof

    def responded(self, response: Response, _source: Hop, now: float) -> None:
        """A final response ends the session; a challenge is answered first, or the callee would stay in the call."""
        if response.is_provisional:
            return
        session = self.session
        proof = self.proof.answer(response, self.request, session.order, session.stack.token())
        if proof is None:
            session.feed(SessionInput.BYE_DONE, response, now)
        else:
            session.say_bye(proof, now)

    def failed(self, _cause: RefusalCause, now: float) -> None:
        """The peer is gone."""
        self.session.feed(SessionInput.BYE_DONE, None, now)
