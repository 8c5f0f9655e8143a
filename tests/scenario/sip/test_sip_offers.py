"""Offers within a call: re-INVITE and UPDATE of the peer (RFC 3261 §14.2, RFC 3311)."""

import pytest
from talk import ANSWER, THEIRS, Talk

from offhook.sip.events import AckMissed, AckReceived, ByeAnswered, ByeReceived, InviteAnswered, OfferReceived
from offhook.testing.caller import OFFER, Caller


def test_a_reinvite_is_asked_about_answered_and_acknowledged() -> None:
    """The answer is repeated until its ACK, like that of the first INVITE (§14.2)."""
    talk = Talk()
    up = talk.up_from_phone()
    again = talk.phone.request("INVITE", body=OFFER)
    talk.phone.expect(100)
    event = talk.ours.expect(OfferReceived)
    assert (event.session, event.request.body) == (up.session, OFFER)
    talk.answer_offer(up.session)
    talk.phone.expect(200)
    answered = talk.phone.expect(200)
    assert answered.body == ANSWER
    talk.phone.ack(again, answered)
    talk.ours.expect(AckReceived)
    talk.phone.expect_nothing(10.0)
    talk.hang_up(up.session)


@pytest.mark.parametrize("code", [488, 415, 500, 606])
def test_a_refused_reinvite_leaves_the_call_as_it_was(code: int) -> None:
    """§14.1."""
    talk = Talk()
    up = talk.up_from_phone()
    again = talk.phone.request("INVITE", body=OFFER)
    talk.phone.expect(100)
    talk.ours.expect(OfferReceived)
    talk.refuse_offer(up.session, code)
    talk.phone.ack(again, talk.phone.expect(code))
    talk.hang_up(up.session)


def test_a_reinvite_without_offer_asks_us_for_one() -> None:
    """§14.2: our 200 has the offer, the ACK the answer."""
    talk = Talk()
    up = talk.up_from_phone()
    again = talk.phone.request("INVITE")
    talk.phone.expect(100)
    assert talk.ours.expect(OfferReceived).request.body == b""
    talk.answer_offer(up.session)
    answered = talk.phone.expect(200)
    talk.phone.request(
        "ACK", cseq=again.cseq.number, headers=(("Content-Type", "application/sdp"),), body=answered.body
    )
    assert talk.ours.expect(AckReceived).request.body == ANSWER
    talk.hang_up(up.session)


def test_a_reinvite_whose_answer_is_never_acknowledged_ends_the_call() -> None:
    """§14.2 with §13.3.1.4: AckMissed and BYE."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("INVITE", body=OFFER)
    talk.phone.expect(100)
    talk.ours.expect(OfferReceived)
    talk.answer_offer(up.session)
    assert talk.ours.expect(AckMissed).session == up.session
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_an_update_is_answered_with_sdp_and_needs_no_ack() -> None:
    """RFC 3311 §5.2."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("UPDATE", body=OFFER)
    talk.ours.expect(OfferReceived)
    talk.answer_offer(up.session)
    assert talk.phone.expect(200).body == ANSWER
    talk.phone.expect_nothing(5.0)
    talk.hang_up(up.session)


def test_an_update_without_sdp_is_answered_at_once_and_moves_the_target() -> None:
    """RFC 3311: it refreshes the target alone."""
    talk = Talk()
    up = talk.up_from_phone()
    moved = Caller(talk.wire, THEIRS, talk.ours.hop)
    talk.phone.request("UPDATE", headers=(("Contact", moved.contact()),))
    talk.phone.expect(200)
    talk.bye(up.session)
    moved.answer(moved.expect_request("BYE"), 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_a_refused_offer_does_not_move_the_target() -> None:
    """RFC 6141 §3."""
    talk = Talk()
    up = talk.up_from_phone()
    again = talk.phone.request("INVITE", headers=(("Contact", f"<sip:moved@{THEIRS}>"),), body=OFFER)
    talk.phone.expect(100)
    talk.ours.expect(OfferReceived)
    talk.refuse_offer(up.session, 488)
    talk.phone.ack(again, talk.phone.expect(488))
    talk.hang_up(up.session)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_a_second_offer_while_the_first_is_open_is_put_off(method: str) -> None:
    """§14.2: 500 with Retry-After; the first goes on."""
    talk = Talk()
    up = talk.up_from_phone()
    first = talk.phone.request("INVITE", body=OFFER)
    talk.phone.expect(100)
    talk.ours.expect(OfferReceived)
    second = talk.phone.request(method, body=OFFER)
    if method == "INVITE":
        talk.phone.expect(100)
    refused = talk.phone.expect(500)
    assert int(refused.headers.get("Retry-After") or "99") <= 10
    if method == "INVITE":
        talk.phone.ack(second, refused)
    talk.answer_offer(up.session)
    talk.phone.ack(first, talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    talk.hang_up(up.session)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_an_offer_that_overtakes_the_ack_meets_glare(method: str) -> None:
    """Our own 200 is still open: 491, try again (§14.1, §14.2)."""
    talk = Talk()
    offered = talk.offered()
    talk.accept(offered.session)
    answered = talk.phone.expect(200)
    again = talk.phone.request(method, body=OFFER)
    if method == "INVITE":
        talk.phone.expect(100)
        talk.phone.ack(again, talk.phone.expect(491))
    else:
        talk.phone.expect(491)
    talk.phone.ack(offered.invite, answered)
    talk.ours.expect(AckReceived)
    talk.hang_up(offered.session)


def test_an_update_before_the_answer_is_put_off() -> None:
    """RFC 3311 §5.2: the offer of the INVITE has no answer yet."""
    talk = Talk()
    offered = talk.offered()
    talk.ring(offered.session)
    talk.phone.expect(180)
    talk.phone.request("UPDATE", body=OFFER)
    talk.phone.expect(500)
    talk.reject(offered.session, 486)
    talk.phone.ack(offered.invite, talk.phone.expect(486))
    talk.quiet()


@pytest.mark.parametrize("who", ["peer", "we"])
def test_an_open_offer_is_refused_when_the_call_ends(who: str) -> None:
    """§15.1.2: 487, and no transaction stays behind."""
    talk = Talk()
    up = talk.up_from_phone()
    again = talk.phone.request("INVITE", body=OFFER)
    talk.phone.expect(100)
    talk.ours.expect(OfferReceived)
    if who == "peer":
        talk.phone.request("BYE")
        talk.phone.expect(200)
        talk.phone.ack(again, talk.phone.expect(487))
        talk.ours.expect(ByeReceived)
    else:
        talk.bye(up.session)
        messages = [talk.phone.expect_request("BYE")]
        talk.phone.answer(messages[0], 200)
        talk.ours.expect(ByeAnswered)
        talk.phone.ack(again, talk.phone.expect(487))
    talk.answer_offer(up.session)
    talk.quiet()


def test_an_update_nobody_answers_goes_with_the_call() -> None:
    """A non-INVITE server transaction has no timer of its own before its answer."""
    talk = Talk()
    talk.up_from_phone()
    talk.phone.request("UPDATE", body=OFFER)
    talk.ours.expect(OfferReceived)
    talk.phone.request("BYE")
    codes = {talk.phone.expect(200).cseq.method, talk.phone.expect(487).cseq.method}
    assert codes == {"BYE", "UPDATE"}
    talk.ours.expect(ByeReceived)
    talk.quiet()


def test_a_callee_may_reinvite_us() -> None:
    """The same for calls that we began."""
    talk = Talk()
    session = talk.up_from_us()
    again = talk.phone.request("INVITE", body=OFFER)
    talk.phone.expect(100)
    talk.ours.expect(OfferReceived)
    talk.answer_offer(session)
    talk.phone.ack(again, talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    talk.hang_up(session)


def test_a_request_within_an_early_dialog_of_ours_is_put_off() -> None:
    """The callee may send UPDATE before its answer; we take none then, and say so."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 183)
    talk.wire.run(0.1)
    talk.ours.events.clear()
    talk.phone.request("UPDATE", body=OFFER)
    talk.phone.expect(500)
    talk.phone.answer(invite, 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    talk.phone.expect_request("ACK")
    talk.hang_up(session)


def test_an_offer_of_another_kind_of_body_is_refused() -> None:
    """415 says what we take (§8.2.3)."""
    talk = Talk()
    up = talk.up_from_phone()
    again = talk.phone.request("INVITE", headers=(("Content-Type", "text/plain"),), body=b"hello")
    refused = talk.phone.expect(415)
    assert refused.headers.get("Accept") == "application/sdp"
    talk.phone.ack(again, refused)
    talk.hang_up(up.session)
