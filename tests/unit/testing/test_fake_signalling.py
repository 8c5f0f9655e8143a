"""The fake of signalling: peers follow their scripts, commands out of place raise, crossings are let pass."""

import pytest

from offhook.base.errors import IllegalInput
from offhook.calls.errors import UnknownEdge
from offhook.calls.events import (
    AckReceived,
    ByeAnswered,
    ByeReceived,
    CancelReceived,
    InviteAnswered,
    InviteReceived,
    InviteRefused,
    ProvisionalReceived,
    RefusalCause,
    SessionId,
    SignallingEvent,
)
from offhook.calls.ports import InviteOrder
from offhook.media.negotiation import Negotiation
from offhook.testing.clock import advance, virtual_time
from offhook.testing.signalling import FakeSignalling, Script


def make() -> tuple[FakeSignalling, list[SignallingEvent]]:
    """Signalling and what it tells."""
    told: list[SignallingEvent] = []
    return FakeSignalling(("ashburn",), told.append), told


def order(target: str = "sip:a@b", edge: str = "ashburn") -> InviteOrder:
    """An INVITE with an offer."""
    offer = Negotiation(address="192.0.2.1", port=4000, session_id=1).make_offer()
    return InviteOrder(edge=edge, target=target, from_user="x", from_host="y", offer=offer)


def kinds(told: list[SignallingEvent]) -> list[type]:
    """The types of the events so far."""
    return [type(event) for event in told]


@virtual_time
async def test_a_peer_rings_answers_talks_and_hangs_up() -> None:
    """The script's times are kept."""
    signalling, told = make()
    signalling.script("a@", Script(ring_after=1, answer_after=3, talk=5, bye_headers=(("X-A", "1"),)))
    placed = signalling.invite(order())
    await advance(2)
    assert kinds(told) == [ProvisionalReceived]
    await advance(2)
    assert kinds(told) == [ProvisionalReceived, InviteAnswered]
    await advance(10)
    assert told[-1] == ByeReceived(session=placed.session, headers=(("X-A", "1"),))
    assert signalling.open_sessions == []


@virtual_time
async def test_cancel_is_answered_with_487() -> None:
    """And nothing of the script happens after it."""
    signalling, told = make()
    placed = signalling.invite(order())
    signalling.cancel(placed.session)
    await advance(10)
    (event,) = told
    assert isinstance(event, InviteRefused)
    assert (event.cause, event.code) == (RefusalCause.CANCELED, 487)


@virtual_time
async def test_bye_is_answered_or_times_out() -> None:
    """408 after timer F when the peer is gone."""
    signalling, told = make()
    signalling.script("gone", Script(answer_after=0, answers_bye=False))
    signalling.script("a@", Script(answer_after=0))
    for target, code, wait in (("sip:a@b", 200, 1), ("sip:gone@b", 408, 40)):
        placed = signalling.invite(order(target))
        await advance(1)
        signalling.bye(placed.session)
        await advance(wait)
        event = told[-1]
        assert isinstance(event, ByeAnswered)
        assert event.code == code


@virtual_time
async def test_a_caller_is_answered_and_confirms() -> None:
    """ACK follows our 200."""
    signalling, told = make()
    session = signalling.call_in("sip:number@here")
    invite = told[0]
    assert isinstance(invite, InviteReceived)
    assert invite.offer is not None
    answer = Negotiation(address="192.0.2.1", port=4000, session_id=1).make_answer(invite.offer)
    signalling.ring(session)
    signalling.accept(session, answer)
    await advance(1)
    assert kinds(told) == [InviteReceived, AckReceived]
    assert signalling.log == ["< INVITE 1", "> 180 1", "> 200 1", "< ACK 1"]


@virtual_time
async def test_commands_that_cross_the_peers_are_let_pass() -> None:
    """An answer or refusal to a call that was just canceled, a CANCEL or BYE for one that is over."""
    signalling, told = make()
    session = signalling.call_in("sip:number@here")
    signalling.cancel_in(session)
    signalling.accept(session, b"")
    signalling.reject(session, 486)
    signalling.bye(session)
    signalling.cancel(session)
    assert kinds(told) == [InviteReceived, CancelReceived]
    assert signalling.log == ["< INVITE 1", "< CANCEL 1"]


@virtual_time
async def test_commands_out_of_place_raise() -> None:
    """BYE before the answer, ringing on a call of ours, and sessions that never were."""
    signalling, _ = make()
    placed = signalling.invite(order())
    for command in (signalling.bye, signalling.ring):
        with pytest.raises(IllegalInput):
            command(placed.session)
    with pytest.raises(IllegalInput):
        signalling.cancel(SessionId(99))
    with pytest.raises(UnknownEdge):
        signalling.invite(order(edge="nowhere"))
    signalling.cancel(placed.session)
    await advance(1)
