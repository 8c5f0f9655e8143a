"""Calls that are refused, in both directions: every class of final response (RFC 3261 §8.1.3, §13.3.1, §17)."""

import pytest
from talk import PHONE, Talk, order

from offhook.sip.events import InviteRefused, ProvisionalReceived, RefusalCause
from offhook.sip.hop import Hop, Transport

FINALS = [300, 302, 305, 380, 400, 401, 403, 404, 407, 408, 480, 484, 486, 488, 500, 503, 504, 600, 603, 606, 699]


@pytest.mark.parametrize("code", FINALS)
def test_each_refusal_of_our_invite_is_acknowledged_and_told(code: int) -> None:
    """The ACK goes hop by hop with the INVITE's branch; the session is over."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, code)
    ack = talk.phone.expect_request("ACK")
    assert ack.via.branch == invite.via.branch
    assert ack.to_tag == "phone"
    event = talk.refused()
    assert (event.session, event.cause, event.code) == (session, RefusalCause.RESPONSE, code)
    assert event.response is not None


@pytest.mark.parametrize("code", FINALS)
def test_each_refusal_of_ours_is_repeated_until_its_ack(code: int) -> None:
    """A lost refusal comes again after T1; the ACK silences it (timers G and H)."""
    talk = Talk()
    offered = talk.offered()
    talk.reject(offered.session, code)
    talk.phone.expect(code)
    again = talk.phone.expect(code)
    talk.phone.ack(offered.invite, again)
    talk.phone.expect_nothing(10.0)
    talk.quiet()


def test_a_refusal_after_ringing_has_the_same_tag_and_the_given_reason() -> None:
    """One dialog for all responses of one callee; the words are ours to choose."""
    talk = Talk()
    offered = talk.offered()
    talk.ring(offered.session, 183)
    ringing = talk.phone.expect(183)
    talk.ours.endpoint.reject(offered.session, 603, "Not today", (("X-Why", "rain"),), talk.wire.now)
    talk.ours.pump()
    refused = talk.phone.expect(603)
    assert refused.reason == "Not today"
    assert refused.headers.get("X-Why") == "rain"
    assert refused.to_tag == ringing.to_tag
    talk.phone.ack(offered.invite, refused)
    talk.quiet()


def test_a_refusal_nobody_acknowledges_is_given_up_after_32_seconds() -> None:
    """Timer H; nothing is left afterwards."""
    talk = Talk()
    offered = talk.offered()
    talk.reject(offered.session, 486)
    talk.quiet()
    assert len(talk.wire.times("SIP/2.0 486")) == 11


def test_a_refusal_that_comes_again_is_acknowledged_again_and_told_once() -> None:
    """Each repetition means that the ACK was lost (§17.1.1.2)."""
    talk = Talk()
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    for _ in range(3):
        talk.phone.answer(invite, 486)
        talk.phone.expect_request("ACK")
    talk.refused()


def test_an_invite_nobody_answers_is_refused_with_408() -> None:
    """Timer B: repeated seven times, given up after 32 s (§8.1.3.1)."""
    talk = Talk()
    session = talk.call(order("sip:nobody@192.0.2.77"))
    event = talk.refused()
    assert (event.session, event.cause, event.code, event.response) == (session, RefusalCause.TIMEOUT, 408, None)
    assert talk.wire.times("INVITE") == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert talk.wire.now == 32.0


def test_an_invite_that_cannot_be_sent_is_refused_with_503() -> None:
    """A transport error counts as 503 (§8.1.3.1)."""
    talk = Talk()
    talk.wire.unreachable.add((PHONE, 5060))
    talk.call()
    event = talk.refused()
    assert (event.cause, event.code) == (RefusalCause.TRANSPORT, 503)


def test_a_phone_that_rings_for_ever_is_left_ringing() -> None:
    """How long it may ring is for the user to say (§17.1.1.2): no timer of ours ends it."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 180)
    talk.ours.expect(ProvisionalReceived)
    talk.phone.expect_nothing(3000.0)
    assert talk.ours.endpoint.session_count == 1
    talk.cancel(session)
    talk.phone.answer(talk.phone.expect_request("CANCEL"), 200)
    talk.phone.answer(invite, 487)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_an_ack_that_cannot_be_sent_does_not_undo_the_refusal() -> None:
    """The call was refused once, and nothing is tried elsewhere for it."""
    talk = Talk()
    hops = [Hop(Transport.UDP, PHONE, 5060), Hop(Transport.UDP, "192.0.2.10", 5060)]
    talk.wire.names = {"pbx.example": hops}
    talk.call(order("sip:phone@pbx.example"))
    invite = talk.phone.expect_request("INVITE")
    talk.wire.unreachable.add((PHONE, 5060))
    talk.phone.answer(invite, 486)
    event = talk.ours.expect(InviteRefused)
    assert event.code == 486
    talk.quiet()
    assert not [sent for sent in talk.wire.sent if sent.target == ("192.0.2.10", 5060)]
