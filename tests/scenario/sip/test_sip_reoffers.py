"""Our own offers within a call: glare, refusals, crossing BYEs (RFC 3261 §14.1)."""

import pytest
from talk import ANSWER, Talk, order

from offhook.sip.events import AckReceived, ByeAnswered, ByeReceived, OfferAnswered, OfferReceived, SessionExpired
from offhook.testing.caller import OFFER


def offer(talk: Talk, session: int, body: bytes = OFFER) -> None:
    """Send a re-INVITE."""
    talk.ours.endpoint.offer(session, body, talk.wire.now)
    talk.ours.pump()


def test_a_reinvite_of_ours_is_answered_and_acknowledged() -> None:
    """The next CSeq, the same dialog, an ACK for each 2xx that comes."""
    talk = Talk()
    session = talk.up_from_us()
    offer(talk, session)
    again = talk.phone.expect_request("INVITE")
    assert (again.cseq.number, again.body, again.to_tag) == (2, OFFER, "phone")
    assert again.headers.get("Contact")
    for _ in range(2):
        talk.phone.answer(again, 200, body=ANSWER)
        ack = talk.phone.expect_request("ACK")
        assert ack.cseq.number == 2
    assert talk.ours.expect(OfferAnswered).response.body == ANSWER
    assert talk.ours.events == []
    talk.hang_up(session)


@pytest.mark.parametrize("code", [488, 500, 403])
def test_a_refused_reinvite_changes_nothing(code: int) -> None:
    """§14.1."""
    talk = Talk()
    session = talk.up_from_us()
    offer(talk, session)
    again = talk.phone.expect_request("INVITE")
    talk.phone.answer(again, code)
    talk.phone.expect_request("ACK")
    assert talk.ours.expect(OfferAnswered).response.code == code
    talk.hang_up(session)


@pytest.mark.parametrize("is_ours", [True, False])
def test_after_a_glare_the_owner_of_the_call_id_waits_longer(*, is_ours: bool) -> None:
    """§14.1: 2.1 to 4 s, the other side up to 2 s."""
    talk = Talk()
    session = talk.up_from_us() if is_ours else talk.up_from_phone().session
    offer(talk, session)
    again = talk.phone.expect_request("INVITE")
    talk.phone.answer(again, 491, tag=again.to_tag or "")
    talk.phone.expect_request("ACK")
    began = talk.wire.now
    retried = talk.phone.expect_request("INVITE")
    waited = talk.wire.now - began
    assert (2.1 <= waited <= 4.1) if is_ours else (waited <= 2.1)
    assert retried.cseq.number == again.cseq.number + 1
    talk.phone.answer(retried, 200, body=ANSWER, tag=again.to_tag or "")
    talk.ours.expect(OfferAnswered)
    talk.phone.expect_request("ACK")
    talk.hang_up(session)


def test_an_offer_of_the_peer_that_crosses_ours_is_refused_with_491() -> None:
    """§14.2."""
    talk = Talk()
    session = talk.up_from_us()
    offer(talk, session)
    mine = talk.phone.expect_request("INVITE")
    theirs = talk.phone.request("INVITE", body=OFFER)
    talk.phone.expect(100)
    talk.phone.ack(theirs, talk.phone.expect(491))
    talk.phone.answer(mine, 200, body=ANSWER)
    talk.ours.expect(OfferAnswered)
    talk.phone.expect_request("ACK")
    talk.hang_up(session)


def test_an_offer_of_ours_waits_while_one_of_the_peer_is_open() -> None:
    """One at a time."""
    talk = Talk()
    session = talk.up_from_us()
    theirs = talk.phone.request("INVITE", body=OFFER)
    talk.phone.expect(100)
    talk.ours.expect(OfferReceived)
    offer(talk, session)
    talk.phone.expect_nothing(0.5)
    talk.answer_offer(session)
    talk.phone.ack(theirs, talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    mine = talk.phone.expect_request("INVITE", within=10.0)
    talk.phone.answer(mine, 200, body=ANSWER)
    talk.ours.expect(OfferAnswered)
    talk.phone.expect_request("ACK")
    talk.hang_up(session)


def test_a_bye_that_crosses_our_reinvite_ends_both() -> None:
    """§15.1.2: the peer refuses our offer with 487, and we say no more."""
    talk = Talk()
    session = talk.up_from_us()
    offer(talk, session)
    again = talk.phone.expect_request("INVITE")
    talk.phone.request("BYE")
    talk.phone.expect(200)
    assert talk.ours.expect(ByeReceived).session == session
    talk.phone.answer(again, 487)
    talk.quiet()


def test_our_bye_after_our_reinvite_still_acknowledges_its_answer() -> None:
    """Or the peer would repeat its 200 for half a minute."""
    talk = Talk()
    session = talk.up_from_us()
    offer(talk, session)
    again = talk.phone.expect_request("INVITE")
    talk.bye(session)
    bye = talk.phone.expect_request("BYE")
    talk.phone.answer(again, 200, body=ANSWER)
    talk.phone.expect_request("ACK")
    talk.phone.answer(bye, 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


@pytest.mark.parametrize("code", [408, 481])
def test_a_reinvite_that_finds_no_dialog_ends_the_call(code: int) -> None:
    """§14.1."""
    talk = Talk()
    session = talk.up_from_us()
    offer(talk, session)
    talk.phone.answer(talk.phone.expect_request("INVITE"), code)
    talk.phone.expect_request("ACK")
    talk.ours.expect(SessionExpired)
    talk.phone.answer(talk.phone.expect_request("BYE"), 200)
    talk.wire.run(1.0)
    talk.ours.events.clear()
    talk.quiet()


def test_a_challenged_reinvite_is_sent_again_with_proof() -> None:
    """§22."""
    talk = Talk()
    session = talk.up_from_us(order(username="alice"))
    offer(talk, session)
    again = talk.phone.expect_request("INVITE")
    talk.phone.answer(again, 407, headers=(("Proxy-Authenticate", 'Digest realm="r", nonce="n", qop="auth"'),))
    talk.phone.expect_request("ACK")
    proved = talk.phone.expect_request("INVITE")
    assert 'realm="r"' in (proved.headers.get("Proxy-Authorization") or "")
    talk.phone.answer(proved, 200, body=ANSWER)
    talk.ours.expect(OfferAnswered)
    assert talk.phone.expect_request("ACK").headers.get("Proxy-Authorization")
    talk.hang_up(session)


def test_a_second_offer_while_one_is_on_its_way_is_left_out() -> None:
    """The first one says it all."""
    talk = Talk()
    session = talk.up_from_us()
    offer(talk, session)
    offer(talk, session)
    again = talk.phone.expect_request("INVITE")
    talk.phone.answer(again, 200, body=ANSWER)
    talk.ours.expect(OfferAnswered)
    talk.phone.expect_request("ACK")
    talk.phone.expect_nothing(10.0)
    talk.hang_up(session)
