"""Reliable provisional responses: 100rel and PRACK in both roles (RFC 3262)."""

import pytest
from talk import ANSWER, Talk

from offhook.sip.events import (
    AckReceived,
    ByeAnswered,
    CancelReceived,
    InviteAnswered,
    InviteReceived,
    OfferReceived,
    ProvisionalReceived,
)
from offhook.sip.message import Response
from offhook.testing.caller import OFFER, Fields

RELIABLE: Fields = (("Require", "100rel"), ("RSeq", "7"))
REQUIRED: Fields = (("Require", "100rel"),)


def rack_of(response: Response, number: int = 1) -> Fields:
    """The RAck that confirms a response."""
    return (("RAck", f"{response.headers.get('RSeq')} {number} INVITE"),)


def test_we_offer_100rel_and_confirm_what_is_sent_reliably() -> None:
    """§4: PRACK goes into the early dialog, with the next CSeq, and names RSeq and CSeq of the response."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    assert "100rel" in invite.supported
    talk.phone.answer(invite, 183, headers=RELIABLE, body=ANSWER)
    prack = talk.phone.expect_request("PRACK")
    assert (prack.headers.get("RAck"), prack.cseq.number) == ("7 1 INVITE", 2)
    assert prack.to_tag == "phone"
    assert talk.ours.expect(ProvisionalReceived).response.body == ANSWER
    talk.phone.answer(prack, 200)
    talk.phone.answer(invite, 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    assert talk.phone.expect_request("ACK").cseq.number == 1
    talk.bye(session)
    bye = talk.phone.expect_request("BYE")
    assert bye.cseq.number == 3, "the numbers of the early dialog go on"
    talk.phone.answer(bye, 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_a_repeated_reliable_response_is_told_once_and_one_out_of_order_not_at_all() -> None:
    """§4: an RSeq that was seen is a retransmission, one with a gap before it waits for its turn."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    for rseq in ("7", "7", "9"):
        talk.phone.answer(invite, 180, headers=(("Require", "100rel"), ("RSeq", rseq)))
    talk.phone.answer(talk.phone.expect_request("PRACK"), 200)
    talk.phone.expect_nothing(0.2)
    talk.ours.expect(ProvisionalReceived)
    assert talk.ours.events == []
    talk.phone.answer(invite, 180, headers=(("Require", "100rel"), ("RSeq", "8")))
    talk.phone.answer(talk.phone.expect_request("PRACK"), 200)
    talk.ours.expect(ProvisionalReceived)
    talk.phone.answer(invite, 486)
    talk.phone.expect_request("ACK")
    talk.refused()
    assert session


@pytest.mark.parametrize("rseq", ["", "x", "-1", "99999999999999999999"])
def test_a_reliable_response_without_a_number_is_no_news(rseq: str) -> None:
    """It cannot be confirmed."""
    talk = Talk()
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 180, headers=(("Require", "100rel"), ("RSeq", rseq)))
    talk.phone.expect_nothing(0.2)
    assert talk.ours.events == []
    talk.phone.answer(invite, 486)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_a_lost_prack_is_repeated_by_its_own_transaction() -> None:
    """§4: the PRACK is a request like any other; a second 2xx does not need it."""
    talk = Talk()
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 180, headers=RELIABLE)
    first = talk.phone.expect_request("PRACK")
    again = talk.phone.expect_request("PRACK")
    assert bytes(first) == bytes(again)
    talk.phone.answer(again, 200)
    talk.ours.expect(ProvisionalReceived)
    talk.phone.answer(invite, 486)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_a_caller_that_requires_it_is_rung_reliably() -> None:
    """§3: Require, an RSeq, repeated with doubling intervals until the PRACK."""
    talk = Talk()
    offered = talk.offered(REQUIRED)
    talk.ring(offered.session)
    began = talk.wire.now
    first = talk.phone.expect(180)
    assert first.require == ["100rel"]
    assert [talk.phone.expect(180).headers.get("RSeq") for _ in range(3)] == [first.headers.get("RSeq")] * 3
    assert [round(at - began, 1) for at in talk.wire.times("SIP/2.0 180")] == [0.0, 0.5, 1.5, 3.5]
    talk.phone.request("PRACK", headers=rack_of(first))
    talk.phone.expect(200)
    talk.phone.expect_nothing(30.0)
    talk.accept(offered.session)
    talk.phone.ack(offered.invite, talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    talk.hang_up(offered.session)


def test_a_second_provisional_waits_for_the_prack_of_the_first() -> None:
    """§3: one at a time, and each with the next RSeq."""
    talk = Talk()
    offered = talk.offered(REQUIRED)
    talk.ring(offered.session)
    talk.ring(offered.session, 183)
    first = talk.phone.expect(180)
    talk.phone.request("PRACK", headers=rack_of(first))
    talk.phone.expect(200)
    second = talk.phone.expect(183)
    assert int(second.headers.get("RSeq") or 0) == int(first.headers.get("RSeq") or 0) + 1
    talk.phone.request("PRACK", headers=rack_of(second))
    talk.phone.expect(200)
    talk.reject(offered.session, 486)
    talk.phone.ack(offered.invite, talk.phone.expect(486))
    talk.quiet()


def test_early_media_goes_ahead_reliably_where_the_caller_can() -> None:
    """§5: SDP that counts is confirmed before the 200 goes out."""
    talk = Talk()
    offered = talk.offered((("Supported", "100rel"),))
    talk.ours.endpoint.ring(offered.session, 183, ANSWER, talk.wire.now)
    talk.ours.pump()
    early = talk.phone.expect(183)
    assert (early.body, early.require) == (ANSWER, ["100rel"])
    talk.accept(offered.session)
    assert [talk.phone.expect(183).code for _ in range(2)] == [183, 183], "the 200 waits"
    talk.phone.request("PRACK", headers=rack_of(early))
    talk.phone.expect(200)
    answered = talk.phone.expect(200)
    assert answered.cseq.method == "INVITE"
    talk.phone.ack(offered.invite, answered)
    talk.ours.expect(AckReceived)
    talk.hang_up(offered.session)


def test_a_plain_180_stays_plain_for_a_caller_that_only_supports_it() -> None:
    """Nothing is lost with it."""
    talk = Talk()
    offered = talk.offered((("Supported", "100rel"),))
    talk.ring(offered.session)
    assert talk.phone.expect(180).require == []
    talk.reject(offered.session, 486)
    talk.phone.ack(offered.invite, talk.phone.expect(486))
    talk.quiet()


@pytest.mark.parametrize("rack", ["1 1 INVITE", "nonsense", "", "1 1 BYE"])
def test_a_prack_of_nothing_is_answered_481(rack: str) -> None:
    """§3."""
    talk = Talk()
    offered = talk.offered()
    talk.ring(offered.session)
    talk.phone.expect(180)
    talk.phone.request("PRACK", headers=(("RAck", rack),))
    talk.phone.expect(481)
    talk.reject(offered.session, 486)
    talk.phone.ack(offered.invite, talk.phone.expect(486))
    talk.quiet()


def test_a_caller_that_never_confirms_is_refused_after_64_t1() -> None:
    """§3: a 5xx, and the call is over."""
    talk = Talk()
    offered = talk.offered(REQUIRED)
    talk.ring(offered.session)
    began = talk.wire.now
    talk.ours.expect(CancelReceived)
    assert round(talk.wire.now - began) == 32
    talk.phone.inbox = [one for one in talk.phone.inbox if getattr(one, "code", 0) >= 300]
    talk.phone.ack(offered.invite, talk.phone.expect(504))
    talk.quiet()


def test_an_invite_that_requires_it_and_has_no_offer_is_not_rung() -> None:
    """§5: the first reliable response would have to make the offer; ours is in the 200."""
    talk = Talk()
    invite = talk.phone.invite(headers=REQUIRED, body=b"")
    talk.phone.expect(100)
    session = talk.ours.expect(InviteReceived).session
    talk.ring(session)
    talk.phone.expect_nothing(1.0)
    talk.accept(session)
    talk.phone.ack(invite, talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    talk.hang_up(session)


def test_it_still_rings_reliably_each_minute() -> None:
    """§13.3.1.1 of RFC 3261: lest a proxy gives up, each with its own PRACK."""
    talk = Talk()
    offered = talk.offered(REQUIRED)
    talk.ring(offered.session)
    first = talk.phone.expect(180)
    talk.phone.request("PRACK", headers=rack_of(first))
    talk.phone.expect(200)
    again = talk.phone.expect(180, within=61.0)
    assert int(again.headers.get("RSeq") or 0) == int(first.headers.get("RSeq") or 0) + 1
    talk.phone.request("PRACK", headers=rack_of(again))
    talk.phone.expect(200)
    talk.reject(offered.session, 480)
    talk.phone.ack(offered.invite, talk.phone.expect(480))
    talk.quiet()


def test_an_invite_may_say_how_long_it_is_good_for() -> None:
    """RFC 3261 §13.3.1: after its Expires the INVITE is refused with 487."""
    talk = Talk()
    invite = talk.phone.invite(headers=(("Expires", "10"),), body=OFFER)
    talk.phone.expect(100)
    session = talk.ours.expect(InviteReceived).session
    assert talk.ours.expect(CancelReceived).session == session
    assert round(talk.wire.now) == 10
    talk.phone.ack(invite, talk.phone.expect(487))
    talk.quiet()


def test_a_callee_may_change_early_media_by_update() -> None:
    """RFC 3311 §5.2: once our offer is answered reliably, the callee may make one of its own."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 183, headers=RELIABLE, body=ANSWER)
    talk.phone.answer(talk.phone.expect_request("PRACK"), 200)
    talk.ours.expect(ProvisionalReceived)
    talk.phone.request("UPDATE", body=OFFER)
    assert talk.ours.expect(OfferReceived).session == session
    talk.answer_offer(session)
    assert talk.phone.expect(200).body == ANSWER
    talk.phone.answer(invite, 486)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_an_update_before_our_offer_is_answered_comes_too_early() -> None:
    """500 with Retry-After."""
    talk = Talk()
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 180, headers=RELIABLE)
    talk.phone.answer(talk.phone.expect_request("PRACK"), 200)
    talk.ours.expect(ProvisionalReceived)
    talk.phone.request("UPDATE", body=OFFER)
    assert talk.phone.expect(500).headers.get("Retry-After")
    talk.phone.answer(invite, 486)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_a_caller_may_change_early_media_by_update() -> None:
    """Once the PRACK of our answer is there."""
    talk = Talk()
    offered = talk.offered((("Supported", "100rel"),))
    talk.ours.endpoint.ring(offered.session, 183, ANSWER, talk.wire.now)
    talk.ours.pump()
    early = talk.phone.expect(183)
    talk.phone.request("UPDATE", body=OFFER)
    assert talk.phone.expect(500).headers.get("Retry-After")
    talk.phone.request("PRACK", headers=rack_of(early))
    talk.phone.expect(200)
    talk.phone.request("UPDATE", body=OFFER)
    talk.ours.expect(OfferReceived)
    talk.answer_offer(offered.session)
    talk.phone.expect(200)
    talk.reject(offered.session, 486)
    talk.phone.ack(offered.invite, talk.phone.expect(486))
    talk.quiet()
