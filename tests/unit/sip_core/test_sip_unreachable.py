"""An ICMP error ends what nobody has answered, and nothing else: anybody can forge one (RFC 3261 §18.4)."""

import pytest

from offhook.sip.events import InviteRefused, RefusalCause
from offhook.sip.hop import Hop, Transport
from offhook.sip.session.messages import OutgoingInvite
from offhook.testing.caller import OFFER, Caller
from offhook.testing.wire import Station, Wire

PEER = Hop(Transport.UDP, "192.0.2.9", 5060)


def calling(wire: Wire) -> tuple[Station, bytes]:
    """An endpoint whose INVITE is on its way, and that INVITE."""
    ours = wire.station("192.0.2.1")
    order = OutgoingInvite(target="sip:bob@192.0.2.9", from_="<sip:us@192.0.2.1>", body=OFFER)
    ours.endpoint.invite(order, wire.now)
    ours.pump()
    return ours, wire.sent[-1].data


def bounce(wire: Wire, ours: Station, quote: bytes, hop: Hop = PEER) -> None:
    """An ICMP error comes."""
    ours.endpoint.unreachable(hop, quote, wire.now)
    ours.pump()


@pytest.mark.parametrize("quoted", [10_000, 512])
def test_a_dead_target_fails_the_call_at_once(quoted: int) -> None:
    """The quote may be a part of the message: the branch is near its beginning."""
    wire = Wire()
    ours, invite = calling(wire)
    bounce(wire, ours, invite[:quoted])
    assert ours.expect(InviteRefused).cause is RefusalCause.TRANSPORT
    assert wire.now == 0.0


@pytest.mark.parametrize("cut", [0, 8, 60])
def test_a_quote_without_the_branch_proves_nothing(cut: int) -> None:
    """Eight bytes are what the oldest routers quote: whoever knows our port could have made them."""
    wire = Wire()
    ours, invite = calling(wire)
    bounce(wire, ours, invite[:cut])
    assert not ours.events
    assert ours.endpoint.transaction_count == 1


def test_another_branch_target_or_method_is_somebody_elses() -> None:
    """Each of them has to fit."""
    wire = Wire()
    ours, invite = calling(wire)
    bounce(wire, ours, invite.replace(b"branch=z9hG4bK", b"branch=z9hG4bK0"))
    bounce(wire, ours, invite.replace(b"INVITE ", b"CANCEL ", 1))
    bounce(wire, ours, invite, Hop(Transport.UDP, "192.0.2.9", 5061))
    bounce(wire, ours, invite, Hop(Transport.UDP, "192.0.2.8", 5060))
    assert not ours.events
    assert ours.endpoint.transaction_count == 1


def test_a_call_that_has_been_heard_of_is_left_alone() -> None:
    """One response proves that somebody is there; an error that comes later does not undo it."""
    wire = Wire()
    phone = Caller(wire)
    ours = wire.station("192.0.2.1")
    order = OutgoingInvite(target=f"sip:phone@{phone.place[0]}", from_="<sip:us@192.0.2.1>", body=OFFER)
    ours.endpoint.invite(order, wire.now)
    ours.pump()
    wire.run(0.1)
    invite = phone.inbox[0]
    phone.answer(invite, 180)  # type: ignore[arg-type]  # it is a request
    wire.run(0.1)
    bounce(wire, ours, wire.sent[0].data, Hop(Transport.UDP, *phone.place))
    assert not [event for event in ours.events if isinstance(event, InviteRefused)]
    assert ours.endpoint.session_count == 1
