"""Calls given up before the answer, by us and by the peer (RFC 3261 §9)."""

import pytest
from talk import ANSWER, Talk

from offhook.sip.events import (
    AckReceived,
    ByeReceived,
    CancelReceived,
    InviteAnswered,
    InviteReceived,
    OfferReceived,
    ProvisionalReceived,
    RefusalCause,
)


@pytest.mark.parametrize("code", [100, 180])
def test_cancel_after_a_provisional_goes_out_at_once(code: int) -> None:
    """The CANCEL has the INVITE's branch, target, Call-ID and number; 487 ends the call (§9.1)."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, code)
    talk.wire.run(0.1)
    talk.ours.events.clear()
    talk.cancel(session)
    cancel = talk.phone.expect_request("CANCEL")
    assert cancel.via.branch == invite.via.branch
    assert cancel.text_uri == invite.text_uri
    assert (cancel.call_id, cancel.cseq.number) == (invite.call_id, invite.cseq.number)
    assert cancel.headers.all("To") == invite.headers.all("To")
    talk.phone.answer(cancel, 200)
    talk.phone.answer(invite, 487)
    talk.phone.expect_request("ACK")
    event = talk.refused()
    assert (event.session, event.cause, event.code) == (session, RefusalCause.CANCELED, 487)


def test_cancel_before_any_response_waits_for_one() -> None:
    """§9.1: a CANCEL that overtakes its INVITE would be for nothing, so it waits."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.cancel(session)
    talk.phone.expect_nothing(0.4)
    talk.phone.answer(invite, 100)
    cancel = talk.phone.expect_request("CANCEL")
    talk.phone.answer(cancel, 200)
    talk.phone.answer(invite, 487)
    talk.phone.expect_request("ACK")
    assert talk.refused().cause is RefusalCause.CANCELED


def test_a_canceled_invite_that_nobody_answers_is_over_after_32_seconds() -> None:
    """Timer B, or 64*T1 after the CANCEL, whichever comes."""
    talk = Talk()
    session = talk.call()
    talk.cancel(session)
    assert talk.refused().cause is RefusalCause.CANCELED
    assert talk.wire.times("CANCEL") == []
    assert talk.wire.now == pytest.approx(32.0)


def test_a_peer_that_ignores_a_cancel_is_waited_for_32_seconds_and_forgotten() -> None:
    """§9.1: the INVITE's transaction is destroyed then, or it would stay for ever."""
    talk = Talk()
    session = talk.call()
    talk.phone.answer(talk.phone.expect_request("INVITE"), 180)
    talk.ours.expect(ProvisionalReceived)
    talk.cancel(session)
    event = talk.refused()
    assert (event.session, event.cause, event.response) == (session, RefusalCause.CANCELED, None)


@pytest.mark.parametrize("ringing", [True, False])
def test_an_answer_that_crosses_a_cancel_wins(*, ringing: bool) -> None:
    """The call is up and acknowledged; whoever canceled hangs up then (§9.1)."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    if ringing:
        talk.phone.answer(invite, 180)
        talk.ours.expect(ProvisionalReceived)
    talk.phone.answer(invite, 200, body=ANSWER)
    talk.cancel(session)
    assert talk.ours.expect(InviteAnswered).session == session
    if ringing:
        talk.phone.answer(talk.phone.expect_request("CANCEL"), 481)
    talk.phone.expect_request("ACK")
    talk.hang_up(session)


def test_a_cancel_that_is_lost_is_repeated() -> None:
    """CANCEL is a transaction of its own."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 180)
    talk.ours.expect(ProvisionalReceived)
    talk.cancel(session)
    cancels = [talk.phone.expect_request("CANCEL") for _ in range(3)]
    assert len({cancel.via.branch for cancel in cancels}) == 1
    talk.phone.answer(cancels[0], 200)
    talk.phone.answer(invite, 487)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_a_call_given_up_twice_is_canceled_once() -> None:
    """A second command changes nothing."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 180)
    talk.ours.expect(ProvisionalReceived)
    talk.cancel(session)
    talk.cancel(session)
    talk.phone.answer(talk.phone.expect_request("CANCEL"), 200)
    talk.phone.answer(invite, 487)
    talk.phone.expect_request("ACK")
    talk.refused()
    assert len(talk.wire.times("CANCEL")) == 1


def test_a_failure_that_crosses_a_cancel_ends_the_call_as_given_up() -> None:
    """486 came first: its code is kept, the cause is ours."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 180)
    talk.ours.expect(ProvisionalReceived)
    talk.phone.answer(invite, 486)
    talk.cancel(session)
    cancel = talk.phone.expect_request("CANCEL")
    talk.phone.answer(cancel, 481)
    talk.phone.expect_request("ACK")
    event = talk.refused()
    assert (event.cause, event.code) == (RefusalCause.CANCELED, 486)


def test_a_caller_gives_up_while_it_rings() -> None:
    """200 for the CANCEL with our tag, 487 for the INVITE, and the session is over (§9.2)."""
    talk = Talk()
    offered = talk.offered()
    talk.ring(offered.session)
    ringing = talk.phone.expect(180)
    talk.phone.cancel(offered.invite)
    answers = {message.code: message for message in (talk.phone.expect(200), talk.phone.expect(487))}
    assert answers[200].cseq.method == "CANCEL"
    assert answers[200].to_tag == answers[487].to_tag == ringing.to_tag
    talk.phone.ack(offered.invite, answers[487])
    assert talk.ours.expect(CancelReceived).session == offered.session
    talk.quiet()


def test_a_cancel_that_comes_twice_is_answered_twice_and_told_once() -> None:
    """The CANCEL's own transaction repeats its response."""
    talk = Talk()
    offered = talk.offered()
    cancel = talk.phone.cancel(offered.invite)
    talk.phone.send(cancel)
    talk.phone.expect(200)
    refused = talk.phone.expect(487)
    talk.phone.expect(200)
    talk.phone.ack(offered.invite, refused)
    talk.ours.expect(CancelReceived)
    talk.quiet()


def test_a_cancel_after_the_answer_changes_nothing() -> None:
    """It is answered with 200, and the call is up (§9.2)."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.cancel(up.invite)
    talk.phone.expect(200)
    talk.hang_up(up.session)


def test_a_cancel_for_an_unknown_invite_is_answered_481() -> None:
    """§9.2."""
    talk = Talk()
    invite = talk.phone.invite(send=False)
    talk.phone.cancel(invite)
    talk.phone.expect(481)
    talk.quiet()


def test_a_cancel_with_another_branch_does_not_end_the_call() -> None:
    """Only the INVITE's own branch names it."""
    talk = Talk()
    offered = talk.offered()
    offered.invite.headers.set("Via", talk.phone.via())
    talk.phone.cancel(offered.invite)
    talk.phone.expect(481)
    assert talk.ours.endpoint.session_count == 1
    talk.reject(offered.session, 486)
    talk.phone.expect(486)
    talk.wire.settle()


def test_an_offer_within_a_call_can_be_canceled_and_the_call_stays() -> None:
    """A re-INVITE that waits for its answer gets 487 (§9.2, §14.2)."""
    talk = Talk()
    up = talk.up_from_phone()
    again = talk.phone.request("INVITE", body=ANSWER)
    talk.phone.expect(100)
    talk.ours.expect(OfferReceived)
    talk.phone.cancel(again)
    talk.phone.expect(200)
    talk.phone.ack(again, talk.phone.expect(487))
    talk.answer_offer(up.session)
    talk.phone.expect_nothing(1.0)
    talk.hang_up(up.session)


def test_a_caller_leaves_an_early_dialog_by_bye() -> None:
    """§15.1.2: the BYE is answered and the INVITE gets 487."""
    talk = Talk()
    offered = talk.offered()
    talk.ring(offered.session)
    talk.phone.expect(180)
    talk.phone.request("BYE")
    talk.phone.expect(200)
    talk.phone.ack(offered.invite, talk.phone.expect(487))
    assert talk.ours.expect(ByeReceived).session == offered.session
    talk.quiet()


def test_an_ack_after_a_crossing_cancel_confirms_the_call() -> None:
    """Our 200 was sent before the CANCEL came: the caller acknowledges it."""
    talk = Talk()
    invite = talk.phone.invite()
    session = talk.ours.expect(InviteReceived).session
    talk.phone.expect(100)
    talk.accept(session)
    talk.phone.cancel(invite)
    answered = talk.phone.expect(200)
    talk.phone.expect(200)
    talk.phone.ack(invite, answered)
    talk.ours.expect(AckReceived)
    talk.hang_up(session)
