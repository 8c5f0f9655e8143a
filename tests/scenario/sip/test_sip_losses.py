"""Single messages that get lost or come again, one at a time (RFC 3261 §13.3.1.4, §17, §8.2.2.2)."""

import pytest
from talk import ANSWER, OURS, PHONE, Talk

from offhook.sip.events import AckMissed, AckReceived, ByeAnswered, ByeReceived, InviteAnswered, InviteReceived
from offhook.testing.caller import Caller

REPEATED = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


@pytest.mark.parametrize("stream", [False, True])
def test_our_answer_is_repeated_until_its_ack(*, stream: bool) -> None:
    """T1, doubling up to T2, on any transport (§13.3.1.4); the ACK silences it."""
    talk = Talk(stream=stream)
    offered = talk.offered()
    began = talk.wire.now
    talk.accept(offered.session)
    answers = [talk.phone.expect(200) for _ in range(4)]
    assert [round(at - began, 3) for at in talk.wire.times("SIP/2.0 200")] == REPEATED[:4]
    talk.phone.ack(offered.invite, answers[-1])
    talk.ours.expect(AckReceived)
    talk.phone.expect_nothing(40.0)
    talk.hang_up(offered.session)


def test_an_answer_that_nobody_acknowledges_is_hung_up_after_32_seconds() -> None:
    """§13.3.1.4: the user is told and a BYE is sent."""
    talk = Talk()
    offered = talk.offered()
    began = talk.wire.now
    talk.accept(offered.session)
    assert talk.ours.expect(AckMissed).session == offered.session
    assert talk.wire.now == pytest.approx(began + 32.0)
    assert [round(at - began, 3) for at in talk.wire.times("SIP/2.0 200")] == REPEATED
    for _ in REPEATED:
        talk.phone.expect(200)
    talk.phone.answer(talk.phone.expect_request("BYE"), 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_each_repetition_of_the_answer_to_us_is_acknowledged_again() -> None:
    """The same ACK, for as long as answers come (§13.2.2.4)."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    acks = []
    for _ in range(4):
        talk.phone.answer(invite, 200, body=ANSWER)
        acks.append(bytes(talk.phone.expect_request("ACK")))
    assert len(set(acks)) == 1
    talk.ours.expect(InviteAnswered)
    talk.hang_up(session)


def test_an_answer_that_comes_again_after_the_call_is_still_acknowledged() -> None:
    """The callee did not get the ACK, but it got the BYE: timer M has not run out."""
    talk = Talk()
    session = talk.up_from_us()
    answer = next(sent.data for sent in talk.wire.sent if sent.start_line.startswith("SIP/2.0 200"))
    talk.bye(session)
    talk.phone.answer(talk.phone.expect_request("BYE"), 200)
    talk.ours.expect(ByeAnswered)
    talk.phone.send(answer)
    talk.phone.expect_request("ACK")
    talk.quiet()


def test_an_answer_that_comes_again_after_timer_m_is_still_acknowledged_while_the_call_is_up() -> None:
    """A stray 2xx is matched to its session when its transaction is gone (§13.2.2.4)."""
    talk = Talk()
    session = talk.up_from_us()
    answer = next(sent.data for sent in talk.wire.sent if sent.start_line.startswith("SIP/2.0 200"))
    talk.wire.run(60.0)
    talk.phone.send(answer)
    talk.phone.expect_request("ACK")
    talk.hang_up(session)


def test_an_invite_that_comes_again_makes_no_second_session() -> None:
    """It gets the last provisional response again (§17.2.1)."""
    talk = Talk()
    offered = talk.offered()
    talk.phone.send(offered.invite)
    talk.phone.expect(100)
    talk.ring(offered.session)
    talk.phone.expect(180)
    talk.phone.send(offered.invite)
    talk.phone.expect(180)
    assert talk.ours.endpoint.session_count == 1
    talk.reject(offered.session, 486)
    talk.phone.ack(offered.invite, talk.phone.expect(486))
    talk.phone.send(offered.invite)
    talk.phone.expect_nothing(1.0)
    talk.quiet()


def test_a_request_that_comes_again_gets_the_same_answer() -> None:
    """A BYE whose answer was lost: 200 again, told once (§17.2.2)."""
    talk = Talk()
    talk.up_from_phone()
    bye = talk.phone.request("BYE")
    first = talk.phone.expect(200)
    talk.phone.send(bye)
    assert bytes(talk.phone.expect(200)) == bytes(first)
    talk.ours.expect(ByeReceived)
    talk.quiet()


def test_our_bye_is_repeated_until_it_is_answered() -> None:
    """Timer E."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.bye(up.session)
    byes = [talk.phone.expect_request("BYE") for _ in range(4)]
    assert len({bye.via.branch for bye in byes}) == 1
    talk.phone.answer(byes[0], 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_a_bye_that_nobody_answers_ends_the_session_after_32_seconds() -> None:
    """Timer F (§15.1.1)."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.bye(up.session)
    event = talk.ours.expect(ByeAnswered)
    assert event.response is None
    talk.quiet()


def test_an_invite_that_comes_by_two_ways_is_taken_once() -> None:
    """Same Call-ID, From tag and CSeq, another branch: 482 (§8.2.2.2)."""
    talk = Talk()
    offered = talk.offered()
    merged = talk.phone.request("INVITE", cseq=1, send=False)
    merged.headers.set("To", f"<sip:offhook@{OURS}>")
    talk.phone.send(merged)
    refused = talk.phone.expect(482)
    talk.phone.ack(merged, refused)
    talk.reject(offered.session, 486)
    talk.phone.ack(offered.invite, talk.phone.expect(486))
    talk.quiet()


def test_a_merged_invite_is_known_even_after_the_first_was_refused() -> None:
    """The second way may be the longer one: our refusal of the first still stands."""
    talk = Talk()
    offered = talk.offered()
    talk.reject(offered.session, 486)
    talk.phone.ack(offered.invite, talk.phone.expect(486))
    merged = talk.phone.request("INVITE", cseq=1, send=False)
    merged.headers.set("To", f"<sip:offhook@{OURS}>")
    talk.phone.send(merged)
    talk.phone.ack(merged, talk.phone.expect(482))
    talk.quiet()


def test_an_ack_with_the_branch_of_its_invite_confirms_the_call() -> None:
    """interop: RFC 2543 peers make no new branch for the ACK of a 2xx."""
    talk = Talk()
    offered = talk.offered()
    talk.accept(offered.session)
    answered = talk.phone.expect(200)
    ack = talk.phone.ack(offered.invite, answered, send=False)
    ack.headers.set("Via", offered.invite.headers.get("Via") or "")
    talk.phone.send(ack)
    talk.ours.expect(AckReceived)
    talk.hang_up(offered.session)


def test_an_ack_that_comes_again_is_told_once() -> None:
    """The second is a repetition of the first."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("ACK", cseq=up.invite.cseq.number)
    talk.wire.run(1.0)
    talk.hang_up(up.session)


@pytest.mark.parametrize("change", ["To", "From", "Call-ID", "CSeq"])
def test_an_ack_of_another_call_confirms_nothing(change: str) -> None:
    """Tags, Call-ID and number have to be those of the answered INVITE."""
    talk = Talk()
    offered = talk.offered()
    talk.accept(offered.session)
    ack = talk.phone.ack(offered.invite, talk.phone.expect(200), send=False)
    foreign = {"To": f"<sip:offhook@{OURS}>;tag=x", "From": f"<sip:x@{PHONE}>;tag=x", "Call-ID": "x", "CSeq": "7 ACK"}
    ack.headers.set(change, foreign[change])
    talk.phone.send(ack)
    talk.phone.expect(200)
    talk.phone.ack(offered.invite, talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    talk.hang_up(offered.session)


def test_a_response_never_crosses_to_another_transaction() -> None:
    """Branch and method have to fit: anything else is a stray and changes nothing (§17.1.3)."""
    talk = Talk()
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    stranger = Caller(talk.wire, "192.0.2.66", talk.ours.hop)
    for header, value in (("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKother"), ("CSeq", "1 BYE")):
        answer = stranger.answer(invite, 486, headers=((header, value),), tag="x")
        assert answer.code == 486
    talk.wire.run(0.2)
    assert talk.ours.events == []
    assert talk.ours.endpoint.session_count == 1
    assert {"stray"} <= {entry.kind for entry in talk.ours.remarks}
    talk.phone.answer(invite, 486)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_a_response_with_a_second_via_is_not_for_us() -> None:
    """§8.1.3.3: it was meant for somebody behind us, and there is nobody."""
    talk = Talk()
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    vias = f"{invite.headers.get('Via')}, SIP/2.0/UDP 192.0.2.3;branch=z9hG4bKx"
    talk.phone.answer(invite, 486, headers=(("Via", vias),))
    talk.phone.expect_nothing(0.2)
    talk.phone.answer(invite, 486)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_a_new_call_is_told_once_however_often_its_invite_came() -> None:
    """Duplicates of the network make no calls."""
    talk = Talk()
    invite = talk.phone.invite()
    for _ in range(5):
        talk.phone.send(invite)
    session = talk.ours.expect(InviteReceived).session
    talk.wire.run(0.1)
    assert talk.ours.events == []
    talk.phone.inbox.clear()
    talk.reject(session, 486)
    talk.phone.ack(invite, talk.phone.expect(486))
    talk.quiet()
