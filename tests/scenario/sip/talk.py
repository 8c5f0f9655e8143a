"""What the SIP scenarios begin with: two endpoints, or an endpoint and a scripted phone, and calls between them."""

from dataclasses import dataclass

from offhook.sip.events import (
    AckReceived,
    ByeAnswered,
    ByeReceived,
    InviteAnswered,
    InviteReceived,
    InviteRefused,
    ProvisionalReceived,
)
from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request, Response
from offhook.sip.protection import Protection
from offhook.sip.session.messages import OutgoingInvite
from offhook.sip.settings import EndpointSettings
from offhook.testing.caller import OFFER, Caller, Fields
from offhook.testing.wire import CALM, Station, Weather, Wire, assert_quiet

OURS, THEIRS, PHONE = "192.0.2.1", "192.0.2.2", "192.0.2.9"
ANSWER = OFFER.replace(b"o=- 1 1", b"o=- 2 2")


def order(target: str = f"sip:phone@{PHONE}", headers: Fields = (), username: str = "") -> OutgoingInvite:
    """An INVITE to send."""
    secret = "open sesame" if username else ""
    return OutgoingInvite(
        target=target, from_=f"<sip:us@{OURS}>", headers=headers, body=OFFER, username=username, password=secret
    )


class Talk:
    """An endpoint, `ours`, and a phone on one wire."""

    def __init__(
        self,
        settings: EndpointSettings | None = None,
        *,
        host: str = OURS,
        phone: str = PHONE,
        stream: bool = False,
        protection: Protection | None = None,
    ) -> None:
        self.wire = Wire()
        self.ours = self.wire.station(host, settings, protection=protection)
        transport = Transport.TCP if stream else Transport.UDP
        self.phone = Caller(self.wire, phone, Hop(transport, host, 5060))

    # --- our commands ---------------------------------------------------------------------------------------------

    def call(self, what: OutgoingInvite | None = None) -> int:
        """Send an INVITE; its session."""
        number, _ = self.ours.endpoint.invite(what or order(), self.wire.now)
        self.ours.pump()
        return number

    def cancel(self, session: int) -> None:
        """Give up."""
        self.ours.endpoint.cancel(session, (), self.wire.now)
        self.ours.pump()

    def ring(self, session: int, code: int = 180) -> None:
        """Send a provisional response."""
        self.ours.endpoint.ring(session, code, b"", self.wire.now)
        self.ours.pump()

    def accept(self, session: int) -> None:
        """Answer."""
        self.ours.endpoint.accept(session, ANSWER, (), self.wire.now)
        self.ours.pump()

    def reject(self, session: int, code: int) -> None:
        """Refuse."""
        self.ours.endpoint.reject(session, code, "", (), self.wire.now)
        self.ours.pump()

    def bye(self, session: int) -> None:
        """Hang up."""
        self.ours.endpoint.bye(session, (), self.wire.now)
        self.ours.pump()

    def answer_offer(self, session: int) -> None:
        """Answer a re-INVITE or UPDATE."""
        self.ours.endpoint.answer_offer(session, ANSWER, self.wire.now)
        self.ours.pump()

    def refuse_offer(self, session: int, code: int) -> None:
        """Refuse a re-INVITE or UPDATE."""
        self.ours.endpoint.refuse_offer(session, code, self.wire.now)
        self.ours.pump()

    # --- whole stretches of a call --------------------------------------------------------------------------------

    def offered(self, headers: Fields = ()) -> "Offered":
        """The phone has sent an INVITE and has its 100."""
        invite = self.phone.invite(headers=headers)
        event = self.ours.expect(InviteReceived)
        self.phone.expect(100)
        return Offered(invite, event.session)

    def up_from_phone(self, headers: Fields = ()) -> "Offered":
        """A call of the phone that we answered and it confirmed."""
        offered = self.offered(headers)
        self.accept(offered.session)
        self.phone.ack(offered.invite, self.phone.expect(200))
        self.ours.expect(AckReceived)
        return offered

    def up_from_us(self, what: OutgoingInvite | None = None, headers: Fields = ()) -> int:
        """A call of ours that the phone answered; `headers` are those of its 200."""
        session = self.call(what)
        invite = self.phone.expect_request("INVITE")
        self.phone.answer(invite, 200, headers=headers, body=ANSWER)
        self.ours.expect(InviteAnswered)
        self.phone.expect_request("ACK")
        return session

    def hang_up(self, session: int) -> None:
        """We end the call and nothing is left."""
        self.bye(session)
        self.phone.answer(self.phone.expect_request("BYE"), 200)
        self.ours.expect(ByeAnswered)
        self.quiet()

    def refused(self) -> InviteRefused:
        """What became of our INVITE; nothing is left."""
        event = self.ours.expect(InviteRefused)
        self.quiet()
        return event

    def quiet(self) -> None:
        """Let everything fade away; nothing more happens and nothing is left."""
        self.wire.settle()
        assert self.ours.events == []
        assert_quiet(self.ours)


@dataclass(frozen=True, slots=True)
class Offered:
    """An INVITE of the phone and the session that it made."""

    invite: Request
    session: int


class Pair:
    """Two endpoints on one wire."""

    def __init__(self, seed: int = 0, weather: Weather = CALM, settings: EndpointSettings | None = None) -> None:
        self.wire = Wire(seed, weather)
        self.caller = self.wire.station(OURS, settings)
        self.callee = self.wire.station(THEIRS, settings)

    def call(self) -> tuple[int, int]:
        """An INVITE on its way, and both its sessions."""
        number, _ = self.caller.endpoint.invite(order(f"sip:bob@{THEIRS}"), self.wire.now)
        self.caller.pump()
        return number, self.callee.expect(InviteReceived).session

    def talk(self) -> tuple[int, int]:
        """A call that is up."""
        ours, theirs = self.call()
        self.callee.endpoint.ring(theirs, 180, b"", self.wire.now)
        self.callee.pump()
        self.caller.expect(ProvisionalReceived)
        self.callee.endpoint.accept(theirs, ANSWER, (), self.wire.now)
        self.callee.pump()
        self.caller.expect(InviteAnswered)
        self.callee.expect(AckReceived)
        return ours, theirs

    def bye(self, station: Station, session: int) -> None:
        """One side hangs up, both hear of it."""
        other = self.callee if station is self.caller else self.caller
        station.endpoint.bye(session, (), self.wire.now)
        station.pump()
        other.expect(ByeReceived)
        station.expect(ByeAnswered)

    def quiet(self) -> None:
        """Let everything fade away; nothing more happens and nothing is left."""
        self.wire.settle()
        for station in (self.caller, self.callee):
            assert station.events == []
            assert_quiet(station)


def contact_of(message: Request | Response) -> str:
    """The Contact as it stands there."""
    return message.headers.get("Contact") or ""
