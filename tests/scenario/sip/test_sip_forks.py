"""Our INVITE reaches several callees: ringing here and there, and more than one answer (RFC 3261 §13.2.2.4)."""

from talk import ANSWER, Talk

from offhook.sip.events import ByeAnswered, InviteAnswered, ProvisionalReceived
from offhook.sip.message import Request, response_to
from offhook.testing.caller import Caller


def answer(talk: Talk, phone: Caller, invite: Request, code: int, tag: str) -> None:
    """A response of one branch, with the Contact of its own phone, by way of the proxy that forked."""
    response = response_to(invite, code, to_tag=tag, body=ANSWER if code == 200 else b"")
    response.headers.add("Contact", phone.contact())
    if response.body:
        response.headers.add("Content-Type", "application/sdp")
    talk.phone.send(response)


def other_phone(talk: Talk) -> Caller:
    """The phone of another branch."""
    return Caller(talk.wire, "192.0.2.10", talk.ours.hop)


def test_ringing_of_each_branch_is_told() -> None:
    """Two early dialogs; one answers, and its tag is the session's."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    for tag in ("one", "two"):
        answer(talk, talk.phone, invite, 180, tag)
    tags = [talk.ours.expect(ProvisionalReceived).response.to_tag for _ in range(2)]
    assert tags == ["one", "two"]
    answer(talk, talk.phone, invite, 200, "two")
    talk.ours.expect(InviteAnswered)
    assert talk.phone.expect_request("ACK").to_tag == "two"
    talk.bye(session)
    bye = talk.phone.expect_request("BYE")
    assert bye.to_tag == "two"
    talk.phone.answer(bye, 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_the_second_answer_is_acknowledged_and_hung_up() -> None:
    """One callee is enough: the other gets ACK and BYE, and the user hears of the first alone."""
    talk = Talk()
    other = other_phone(talk)
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    answer(talk, talk.phone, invite, 200, "one")
    answer(talk, other, invite, 200, "two")
    assert talk.ours.expect(InviteAnswered).response.to_tag == "one"
    assert talk.phone.expect_request("ACK").to_tag == "one"
    ack = other.expect_request("ACK")
    bye = other.expect_request("BYE")
    assert ack.to_tag == bye.to_tag == "two"
    assert bye.cseq.number > ack.cseq.number == invite.cseq.number
    other.answer(bye, 200)
    talk.hang_up(session)


def test_a_repeated_second_answer_is_acknowledged_again_but_hung_up_once() -> None:
    """The BYE is a transaction and repeats itself; each 2xx that comes again wants its ACK."""
    talk = Talk()
    other = other_phone(talk)
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    answer(talk, talk.phone, invite, 200, "one")
    talk.phone.expect_request("ACK")
    answer(talk, other, invite, 200, "two")
    other.expect_request("ACK")
    other.answer(other.expect_request("BYE"), 200)
    answer(talk, other, invite, 200, "two")
    other.expect_request("ACK")
    other.expect_nothing(1.0)
    talk.ours.expect(InviteAnswered)
    talk.hang_up(session)


def test_a_second_answer_after_the_call_ended_is_still_released() -> None:
    """Within 64*T1 (timer M) a late branch is acknowledged and hung up (RFC 6026 §8.4)."""
    talk = Talk()
    other = other_phone(talk)
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    answer(talk, talk.phone, invite, 200, "one")
    talk.ours.expect(InviteAnswered)
    talk.phone.expect_request("ACK")
    talk.bye(session)
    talk.phone.answer(talk.phone.expect_request("BYE"), 200)
    talk.ours.expect(ByeAnswered)
    answer(talk, other, invite, 200, "two")
    other.expect_request("ACK")
    other.answer(other.expect_request("BYE"), 200)
    talk.quiet()


def test_a_refusal_of_one_branch_after_the_answer_of_another_changes_nothing() -> None:
    """A proxy would not pass it on; if it comes, it is absorbed."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    answer(talk, talk.phone, invite, 200, "one")
    talk.ours.expect(InviteAnswered)
    talk.phone.expect_request("ACK")
    answer(talk, talk.phone, invite, 486, "two")
    talk.hang_up(session)


def test_a_peer_that_invents_branches_is_not_followed_for_ever() -> None:
    """Hundreds of answers with a tag of their own: a limited number of BYEs leaves us."""
    talk = Talk()
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    answer(talk, talk.phone, invite, 200, "one")
    talk.ours.expect(InviteAnswered)
    for number in range(200):
        answer(talk, talk.phone, invite, 200, f"x{number}")
    talk.wire.run(0.1)
    assert len(talk.wire.times("BYE")) < 20
    talk.phone.inbox.clear()
    talk.bye(session)
    talk.wire.settle()
    assert talk.ours.endpoint.transaction_count == 0
