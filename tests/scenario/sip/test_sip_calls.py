"""Calls that come up and go down as they should (RFC 3261 §13, §15)."""

import pytest
from talk import ANSWER, OURS, PHONE, THEIRS, Pair, Talk, contact_of, order

from offhook.base.errors import IllegalInput
from offhook.sip.events import (
    AckReceived,
    ByeAnswered,
    ByeReceived,
    InfoReceived,
    InviteAnswered,
    InviteReceived,
    ProvisionalReceived,
)


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_two_endpoints_call_and_either_hangs_up(who: str) -> None:
    """Seven messages of a call, the same that RFC 3665 §3.1 shows; the ladder has no message too many."""
    pair = Pair()
    ours, theirs = pair.talk()
    assert pair.caller.endpoint.session_count == pair.callee.endpoint.session_count == 1
    if who == "caller":
        pair.bye(pair.caller, ours)
    else:
        pair.bye(pair.callee, theirs)
    pair.quiet()
    said = [line.removeprefix("SIP/2.0 ").removesuffix(" SIP/2.0") for line in pair.wire.lines()]
    bye = f"BYE sip:{THEIRS if who == 'caller' else OURS}:5060"
    assert said == [
        f"INVITE sip:bob@{THEIRS}", "100 Trying", "180 Ringing", "200 OK", f"ACK sip:{THEIRS}:5060", bye, "200 OK",
    ]  # fmt: skip


def test_a_phone_calls_and_hangs_up() -> None:
    """Answer, ACK and BYE by a peer that is not our own stack."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("BYE")
    talk.phone.expect(200)
    event = talk.ours.expect(ByeReceived)
    assert event.session == up.session
    talk.quiet()


def test_a_phone_calls_and_we_hang_up() -> None:
    """Our BYE goes to the caller's Contact with the dialog's tags (§12.2.1.1)."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.bye(up.session)
    bye = talk.phone.expect_request("BYE")
    assert bye.text_uri == f"sip:phone@{PHONE}:5060"
    assert bye.to_tag == up.invite.from_tag
    talk.phone.answer(bye, 200)
    assert talk.ours.expect(ByeAnswered).session == up.session
    talk.quiet()


def test_we_call_a_phone_and_it_hangs_up() -> None:
    """The callee's BYE is answered and ends the session."""
    talk = Talk()
    session = talk.up_from_us()
    talk.phone.request("BYE")
    talk.phone.expect(200)
    assert talk.ours.expect(ByeReceived).session == session
    talk.quiet()


def test_the_ack_of_an_answer_goes_to_its_contact_with_a_branch_of_its_own() -> None:
    """§13.2.2.4, §17.1.1.3: the ACK of a 2xx is no part of the INVITE transaction."""
    talk = Talk()
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 200, headers=(("Contact", f"<sip:desk@{PHONE}:5070>"),), body=ANSWER)
    talk.ours.expect(InviteAnswered)
    ack = [sent for sent in talk.wire.sent if sent.start_line.startswith("ACK")]
    assert [(sent.start_line, sent.target) for sent in ack] == [(f"ACK sip:desk@{PHONE}:5070 SIP/2.0", (PHONE, 5070))]
    assert (invite.via.branch or "").encode() not in ack[0].data
    assert f"CSeq: {invite.cseq.number} ACK".encode() in ack[0].data


@pytest.mark.parametrize("contact", ["<tel:+15550100>", "<mailto:a@b.example>", "<sip:phone@192.0.2.9?Subject=x>"])
def test_an_answer_with_an_odd_contact_is_still_acknowledged_and_hung_up(contact: str) -> None:
    """What cannot be called is replaced by the INVITE's own target, what may not stand in a request line left out."""
    talk = Talk()
    session = talk.up_from_us(headers=(("Contact", contact),))
    talk.hang_up(session)


def test_an_answer_without_contact_is_acknowledged_where_the_invite_went() -> None:
    """§12.1.2 wants a Contact; without it the Request-URI has to do."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    response = talk.phone.answer(invite, 180)
    talk.ours.expect(ProvisionalReceived)
    response.code, response.reason = 200, "OK"
    response.headers.remove("Contact")
    talk.phone.send(response)
    talk.ours.expect(InviteAnswered)
    assert talk.phone.expect_request("ACK").text_uri == order().target
    talk.hang_up(session)


def test_an_answer_without_a_tag_is_acknowledged_again_when_it_comes_again() -> None:
    """interop: RFC 2543 peers answer without a To tag (§12.1.2 allows it); its repetition is no other fork."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    for _ in range(2):
        talk.phone.answer(invite, 200, tag="", body=ANSWER)
        talk.phone.expect_request("ACK")
    talk.ours.expect(InviteAnswered)
    talk.hang_up(session)


def test_provisional_responses_pass_up_with_their_codes_but_not_100() -> None:
    """100 only stops the repetition; 180 and 183 are news."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    for code in (100, 180, 183, 199):
        talk.phone.answer(invite, code)
    codes = [talk.ours.expect(ProvisionalReceived).response.code for _ in range(3)]
    assert codes == [180, 183, 199]
    talk.phone.answer(invite, 200, body=ANSWER)
    assert talk.ours.expect(InviteAnswered).session == session
    talk.phone.expect_request("ACK")
    talk.hang_up(session)


def test_it_rings_on_for_as_long_as_we_want_and_says_so_each_minute() -> None:
    """§13.3.1.1: a provisional response again every minute, lest a proxy gives up."""
    talk = Talk()
    offered = talk.offered()
    talk.ring(offered.session)
    for _ in range(3):
        talk.phone.expect(180, within=61.0)
    talk.accept(offered.session)
    talk.phone.ack(offered.invite, talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    talk.hang_up(offered.session)


def test_our_responses_have_our_contact_tag_and_abilities() -> None:
    """§12.1.1, §20.5: 180 and 200 carry the same tag, a Contact and Allow."""
    talk = Talk()
    offered = talk.offered()
    talk.ring(offered.session)
    ringing = talk.phone.expect(180)
    talk.accept(offered.session)
    answered = talk.phone.expect(200)
    assert ringing.to_tag == answered.to_tag is not None
    assert contact_of(ringing) == contact_of(answered) == f"<sip:{OURS}:5060>"
    assert "UPDATE" in answered.allow
    assert answered.body == ANSWER
    talk.phone.ack(offered.invite, answered)
    talk.ours.expect(AckReceived)
    talk.hang_up(offered.session)


def test_an_answered_invite_can_neither_ring_nor_be_answered_nor_refused_again() -> None:
    """Local commands that the state does not allow raise at once."""
    talk = Talk()
    up = talk.up_from_phone()
    for command in (talk.ring, talk.accept, lambda session: talk.reject(session, 486)):
        with pytest.raises(IllegalInput):
            command(up.session)
    talk.hang_up(up.session)


def test_a_command_for_a_session_that_is_over_does_nothing() -> None:
    """The peer may have ended it while the command was on its way."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.hang_up(up.session)
    before = len(talk.wire.sent)
    talk.bye(up.session)
    talk.cancel(up.session)
    talk.accept(up.session)
    talk.answer_offer(up.session)
    assert len(talk.wire.sent) == before
    talk.quiet()


def test_an_info_within_a_call_is_answered_and_told() -> None:
    """RFC 6086; digits come this way from some phones."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("INFO", headers=(("Content-Type", "application/dtmf-relay"),), body=b"Signal=5\r\n")
    talk.phone.expect(200)
    event = talk.ours.expect(InfoReceived)
    assert (event.session, event.request.body) == (up.session, b"Signal=5\r\n")
    talk.hang_up(up.session)


def test_options_within_a_call_is_answered_and_changes_nothing() -> None:
    """§11.2: peers ask so whether we are still there."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("OPTIONS")
    assert "INVITE" in talk.phone.expect(200).allow
    talk.hang_up(up.session)


def test_two_calls_of_one_phone_do_not_touch() -> None:
    """Each has its session, and the end of one leaves the other."""
    talk = Talk()
    first = talk.up_from_phone()
    second = talk.up_from_phone()
    assert first.session != second.session
    talk.phone.request("BYE")
    talk.phone.expect(200)
    assert talk.ours.expect(ByeReceived).session == second.session
    assert talk.ours.endpoint.session_count == 1
    talk.bye(first.session)
    talk.phone.answer(talk.phone.expect_request("BYE"), 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_an_endpoint_can_call_itself() -> None:
    """Both sides of the call live in one endpoint, told apart by their tags."""
    talk = Talk()
    session = talk.call(order(f"sip:us@{OURS}"))
    theirs = talk.ours.expect(InviteReceived).session
    talk.accept(theirs)
    assert talk.ours.expect(InviteAnswered).session == session
    assert talk.ours.expect(AckReceived).session == theirs
    talk.bye(session)
    assert talk.ours.expect(ByeReceived).session == theirs
    assert talk.ours.expect(ByeAnswered).session == session
    talk.quiet()
