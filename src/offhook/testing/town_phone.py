"""Phones that live in a town: each is a SIP endpoint of its own, with a temper that says what it does with calls."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from offhook.media.negotiation import Negotiation
from offhook.net.edge import SipEdge
from offhook.net.translation import SessionEvent
from offhook.sdp.errors import SdpError
from offhook.sip import events as sip
from offhook.sip.bodies import session_description
from offhook.sip.endpoint import Endpoint
from offhook.sip.hop import Transport
from offhook.sip.session.messages import OutgoingInvite
from offhook.sip.settings import EndpointSettings
from offhook.testing.town_network import TownNetwork, TownWire, seeded_tokens

PORT = 5060


@dataclass(frozen=True, slots=True, kw_only=True)
class Temper:
    """What a phone does with calls, in seconds; None is never. `reoffer` holds or resumes once the call is up."""

    refuse_with: int | None = None
    ring_after: float | None = 0.1
    answer_after: float | None = 1.0
    has_early_media: bool = False
    redirect_to: str = ""
    hang_up_after: float | None = None
    reoffer_after: float | None = None
    cancel_after: float | None = None  # as a caller
    dies_after: float | None = None


@dataclass(slots=True)
class Conversation:
    """One session of a phone: its SDP, and what it means to do."""

    sdp: Negotiation
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    is_up: bool = False


class TownPhone:
    """A phone at a host of the town; `ended` counts the sessions that came to an end."""

    def __init__(
        self, network: TownNetwork, host: str, temper: Temper, *, seed: int, settings: EndpointSettings | None = None
    ) -> None:
        sent_by = {Transport.UDP: (host, PORT), Transport.TCP: (host, PORT)}
        self.host = host
        self.temper = temper
        self.endpoint = Endpoint(settings or EndpointSettings(edge=host, sent_by=sent_by), seeded_tokens(seed))
        self.talks: dict[int, Conversation] = {}
        self.ended = 0
        self._wire = TownWire(network, SipEdge(name=host, host=host), self.endpoint, self.hear)
        self._network = network

    # --- what it does ---------------------------------------------------------------------------------------------

    def call(self, target: str) -> int:
        """Ring somebody; its session."""
        sdp = self._sdp()
        order = OutgoingInvite(target=target, from_=f"<sip:+15550002@{self.host}>", body=sdp.make_offer())
        session, _ = self._wire.pump.command(self.endpoint.invite, order, self._wire.pump.now())
        self.talks[session] = Conversation(sdp)
        self._later(session, self.temper.cancel_after, lambda: self._do(self.endpoint.cancel, session, ()))
        self._later(session, self.temper.dies_after, self.die)
        return session

    def die(self) -> None:
        """The battery is empty: nothing is heard of it any more."""
        self._network.parted.add(self.host)
        for session in tuple(self.talks):
            self._end(session)

    # --- what it hears --------------------------------------------------------------------------------------------

    def hear(self, event: SessionEvent) -> None:
        """Do as the temper says."""
        session = event.session
        match event:
            case sip.InviteReceived():
                self._take(event)
            case sip.InviteAnswered(response=response) if session in self.talks:
                self._agree(session, session_description(response))
                self._come_up(session)
            case sip.AckReceived() if session in self.talks:
                self._come_up(session)
            case sip.OfferReceived(request=request) if session in self.talks:
                self._answer(session, session_description(request))
            case sip.OfferAsked() if session in self.talks:
                self._do(self.endpoint.offer, session, self.talks[session].sdp.make_offer())
            case sip.ReferReceived():
                self._do(self.endpoint.refuse_refer, session, 603)
            case sip.InviteRefused() | sip.CancelReceived() | sip.ByeReceived() | sip.ByeAnswered():
                self._end(session)
            case sip.AckMissed() | sip.SessionExpired():
                self._end(session)
            case _:
                pass

    def _take(self, event: sip.InviteReceived) -> None:
        session, temper = event.session, self.temper
        self.talks[session] = Conversation(self._sdp())
        offer = session_description(event.request)
        self._later(session, temper.dies_after, self.die)
        if temper.redirect_to:
            told = (("Contact", f"<{temper.redirect_to}>"),)
            self._later(session, temper.answer_after, lambda: self._refuse(session, 302, told))
            return
        self._later(session, temper.ring_after, lambda: self._ring(session, offer))
        if temper.refuse_with is not None:
            code = temper.refuse_with
            self._later(session, temper.answer_after, lambda: self._refuse(session, code, ()))
        else:
            self._later(session, temper.answer_after, lambda: self._pick_up(session, offer))

    def _ring(self, session: int, offer: bytes | None) -> None:
        early = self._description(session, offer) if self.temper.has_early_media and offer else b""
        self._do(self.endpoint.ring, session, 183 if early else 180, early)

    def _pick_up(self, session: int, offer: bytes | None) -> None:
        self._rest(session)  # what has not rung by now does not ring any more
        self._do(self.endpoint.accept, session, self._description(session, offer), ())

    def _refuse(self, session: int, code: int, headers: tuple[tuple[str, str], ...]) -> None:
        self._do(self.endpoint.reject, session, code, "", headers)
        self._end(session)

    def _come_up(self, session: int) -> None:
        talk = self.talks[session]
        if talk.is_up:
            return
        talk.is_up = True
        self._rest(session)
        self._later(session, self.temper.hang_up_after, lambda: self._do(self.endpoint.bye, session, ()))
        self._later(session, self.temper.dies_after, self.die)
        self._later(
            session, self.temper.reoffer_after, lambda: self._do(self.endpoint.offer, session, talk.sdp.make_offer())
        )

    def _answer(self, session: int, offer: bytes | None) -> None:
        self._do(self.endpoint.answer_offer, session, self._description(session, offer))

    # --- inside ---------------------------------------------------------------------------------------------------

    def _sdp(self) -> Negotiation:
        return Negotiation(address=self.host, port=30_000, session_id=len(self.talks) + 1)

    def _description(self, session: int, offer: bytes | None) -> bytes:
        sdp = self.talks[session].sdp
        try:
            return sdp.make_offer() if offer is None else sdp.make_answer(offer)
        except SdpError:
            return sdp.make_offer()

    def _agree(self, session: int, answer: bytes | None) -> None:
        if answer is not None:
            try:
                self.talks[session].sdp.accept_answer(answer)
            except SdpError:
                self._do(self.endpoint.bye, session, ())

    def _end(self, session: int) -> None:
        talk = self.talks.pop(session, None)
        if talk is not None:
            self.ended += 1
            for timer in talk.timers:
                timer.cancel()

    def _rest(self, session: int) -> None:
        for timer in self.talks[session].timers:
            timer.cancel()
        self.talks[session].timers.clear()

    def _later(self, session: int, delay: float | None, what: Callable[[], object]) -> None:
        if delay is not None and session in self.talks:
            self.talks[session].timers.append(asyncio.get_running_loop().call_later(delay, what))

    def _do(self, command: Callable[..., object], *taken: object) -> object:
        return self._wire.pump.command(command, *taken, self._wire.pump.now())
