"""Our offers within the session: re-INVITE, its glare, its answer and its ACK (RFC 3261 §14.1)."""

from offhook.sip.departures import Departure
from offhook.sip.events import OfferAnswered, RefusalCause
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.methods import ACK, INVITE
from offhook.sip.session.machine import SessionInput, SessionState, SessionTimer
from offhook.sip.session.messages import NO_PROOF, SDP, Proof
from offhook.sip.session.refresh import Refreshing
from offhook.sip.session.within import ends_dialog
from offhook.sip.settings import METHODS, SUPPORTED

REQUEST_PENDING = 491
MAX_TRIES = 8  # of one offer: glares, challenges and intervals that were too brief


class Reoffering(Refreshing):
    """How we change, or refresh, a session that is up."""

    __slots__ = ()

    def offer(self, body: bytes, now: float) -> None:
        """Send a re-INVITE with this SDP once no offer of the peer is open; OfferAnswered follows."""
        if self.state is not SessionState.CONFIRMED or self.offering is not None:
            return
        self.offering = OwnOffer(self, body)
        if self.reoffered is not None:
            self.wait_for_turn(now)
        else:
            self.offering.send(now)

    def wait_for_turn(self, now: float) -> None:
        """Try again when the glare is over: the owner of the Call-ID waits longer, in steps of 10 ms (§14.1)."""
        step = int(self.stack.token()[:6], 16)
        wait = 2.1 + step % 191 / 100 if self.order is not None else step % 201 / 100
        self.stack.set_deadline(self, SessionTimer.OFFER, now + wait)

    # --- actions --------------------------------------------------------------------------------------------------

    def offer_again(self, _nothing: None, now: float) -> None:
        """It is our turn now, unless the peer was quicker once more."""
        if self.offering is None:
            return
        if self.reoffered is not None:
            self.wait_for_turn(now)
        else:
            self.offering.send(now)


class OwnOffer:
    """One re-INVITE of ours until its final response; a 2xx that comes again gets its ACK again."""

    __slots__ = ("_ack", "_body", "_departure", "_proof", "_request", "_session", "_tries")

    def __init__(self, session: Reoffering, body: bytes) -> None:
        self._session = session
        self._body = body
        self._proof: Proof = NO_PROOF
        self._tries = 0
        self._request: Request | None = None
        self._departure: Departure | None = None
        self._ack: tuple[Request, Hop] | None = None

    def send(self, now: float) -> None:
        """Put it on its way, with a CSeq of its own each time."""
        session = self._session
        if session.dialog is None:
            return
        self._tries += 1
        request = session.dialog.request(INVITE)
        headers = request.headers
        headers.add("Allow", METHODS)
        headers.add("Supported", SUPPORTED)
        headers.add("User-Agent", session.stack.settings.user_agent)
        for name, value in (*session.interval_fields(is_refresh=True), *self._proof.fields):
            headers.add(name, value)
        headers.add("Content-Type", SDP)
        request.body = self._body
        self._request = request
        self._departure = Departure(request=request, sender=self, towards=session.dialog.next_uri)
        session.stack.departures.send(self._departure, now)

    def abandon(self, now: float) -> None:
        """The session is over."""
        if self._departure is not None:
            self._session.stack.departures.abandon(self._departure, now)

    def responded(self, response: Response, _source: Hop, now: float) -> None:
        """A final response settles the offer, or makes it go out again."""
        if response.is_provisional or self._request is None:
            return
        if response.is_success:
            self._confirm(response, now)
            return
        session = self._session
        proof = self._proof.answer(response, self._request, session.order, session.stack.token())
        if self._tries >= MAX_TRIES or session.offering is not self:
            self._settle(response, now)
        elif proof is not None:
            self._proof = proof
            self.send(now)
        elif session.raise_interval(response):
            self.send(now)
        elif response.code == REQUEST_PENDING:
            session.wait_for_turn(now)
        else:
            self._settle(response, now)

    def failed(self, _cause: RefusalCause, now: float) -> None:
        """Nobody answered: the peer is gone (§14.1)."""
        self._session.offering = None
        self._session.feed(SessionInput.SESSION_EXPIRED, None, now)

    def _settle(self, response: Response, now: float) -> None:
        session = self._session
        session.offering = None
        if ends_dialog(response):
            session.feed(SessionInput.SESSION_EXPIRED, None, now)
        else:
            session.stack.tell(OfferAnswered(session.number, response))

    def _confirm(self, response: Response, now: float) -> None:
        session = self._session
        layer = session.stack.departures.layer
        if self._ack is not None:
            request, hop = self._ack
            layer.send(bytes(request), hop, session.call_id, f"{ACK} {request.text_uri}")
            return
        if session.dialog is None or self._request is None:
            return
        session.dialog.refresh_target(response)
        ack = session.dialog.request(ACK, cseq=self._request.cseq.number)
        ack.headers.carry(self._request.headers, "Authorization", "Proxy-Authorization")
        departure = Departure(request=ack, towards=session.dialog.next_uri, has_left=self._ack_left)
        session.stack.departures.send(departure, now)
        session.offering = None
        if session.state is SessionState.CONFIRMED:
            session.take_interval(response)
            session.keep_alive(None, now)
            session.stack.tell(OfferAnswered(session.number, response))

    def _ack_left(self, request: Request, hop: Hop, _now: float) -> None:
        self._ack = (request, hop)
