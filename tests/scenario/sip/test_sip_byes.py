"""The end of calls when both sides, or messages, are in each other's way (RFC 3261 §15)."""

from talk import Pair, Talk

from offhook.sip.events import AckReceived, ByeAnswered, ByeReceived


def test_both_hang_up_at_once() -> None:
    """Crossing BYEs: each is answered, and each side hears that its own is done."""
    pair = Pair()
    ours, theirs = pair.talk()
    for station, session in ((pair.caller, ours), (pair.callee, theirs)):
        station.endpoint.bye(session, (), pair.wire.now)
        station.pump()
    for station in (pair.caller, pair.callee):
        event = station.expect(ByeAnswered)
        assert event.response is not None
        assert event.response.code in {200, 481}
    pair.quiet()


def test_our_bye_before_the_ack_waits_for_it() -> None:
    """§15: a callee may not hang up before the ACK came, or the transaction timed out."""
    talk = Talk()
    offered = talk.offered()
    talk.accept(offered.session)
    talk.bye(offered.session)
    answered = talk.phone.expect(200)
    talk.phone.expect(200)
    talk.phone.ack(offered.invite, answered)
    talk.phone.answer(talk.phone.expect_request("BYE"), 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_our_bye_goes_out_in_the_end_when_no_ack_comes() -> None:
    """64*T1 later."""
    talk = Talk()
    offered = talk.offered()
    began = talk.wire.now
    talk.accept(offered.session)
    talk.bye(offered.session)
    for _ in range(11):
        talk.phone.expect(200)
    talk.phone.answer(talk.phone.expect_request("BYE"), 200)
    assert round(talk.wire.times("BYE")[0] - began, 3) == 32.0
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_the_callers_bye_without_ack_ends_the_call() -> None:
    """The ACK was lost, the BYE came: nothing more is repeated."""
    talk = Talk()
    offered = talk.offered()
    talk.accept(offered.session)
    talk.phone.expect(200)
    talk.phone.request("BYE")
    talk.phone.expect(200)
    talk.ours.expect(ByeReceived)
    talk.phone.expect_nothing(40.0)
    talk.quiet()


def test_a_bye_that_overtakes_our_waiting_bye_ends_the_call() -> None:
    """We wanted to hang up and the caller did."""
    talk = Talk()
    offered = talk.offered()
    talk.accept(offered.session)
    talk.bye(offered.session)
    talk.phone.expect(200)
    talk.phone.request("BYE")
    talk.phone.expect(200)
    talk.ours.expect(ByeReceived)
    talk.quiet()


def test_a_late_ack_after_the_call_is_a_stray() -> None:
    """It is dropped with a remark."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.hang_up(up.session)
    talk.phone.request("ACK", cseq=up.invite.cseq.number)
    talk.quiet()
    assert talk.ours.remarks[-1].kind == "stray"


def test_a_bye_for_a_call_that_is_over_is_answered_481() -> None:
    """§15.1.2."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.hang_up(up.session)
    talk.phone.request("BYE")
    talk.phone.expect(481)
    talk.quiet()


def test_a_bye_that_is_refused_ends_the_session_too() -> None:
    """481 or 408 say that the peer knows of no call; so do we then (§15.1.1)."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.bye(up.session)
    talk.phone.answer(talk.phone.expect_request("BYE"), 481)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_a_second_command_to_hang_up_changes_nothing() -> None:
    """One BYE leaves."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.bye(up.session)
    talk.bye(up.session)
    talk.phone.answer(talk.phone.expect_request("BYE"), 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()
    assert len(talk.wire.times("BYE")) == 1


def test_a_lower_cseq_is_answered_500() -> None:
    """§12.2.2: out of order; the call stays."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.cseq = 10
    talk.phone.request("OPTIONS")
    talk.phone.expect(200)
    talk.phone.request("BYE", cseq=5)
    talk.phone.expect(500)
    assert talk.ours.endpoint.session_count == 1
    talk.hang_up(up.session)


def test_gaps_in_the_cseq_are_nothing() -> None:
    """§12.2.2: higher by more than one is in order."""
    talk = Talk()
    talk.up_from_phone()
    talk.phone.request("BYE", cseq=1000)
    talk.phone.expect(200)
    talk.ours.expect(ByeReceived)
    talk.quiet()


def test_the_wrong_tags_end_nothing() -> None:
    """A BYE of another dialog with the same Call-ID: 481 (§12.2.2)."""
    talk = Talk()
    offered = talk.offered()
    talk.accept(offered.session)
    talk.phone.ack(offered.invite, talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    for header in ("From", "To"):
        value = (talk.phone.local if header == "From" else talk.phone.remote) + "x"
        talk.phone.request("BYE", headers=((header, value),))
        talk.phone.expect(481)
    talk.hang_up(offered.session)
