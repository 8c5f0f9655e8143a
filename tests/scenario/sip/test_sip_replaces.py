"""An INVITE that takes the place of a call (RFC 3891)."""

import pytest
from talk import PHONE, Talk

from offhook.sip.events import AckReceived, InviteReceived
from offhook.sip.replaces import Replaces
from offhook.testing.caller import OFFER, Caller


def up() -> tuple[Talk, int, Replaces]:
    """A call of the phone that is up, and how a third party names it."""
    talk = Talk()
    made = talk.up_from_phone()
    answered = talk.phone.remote.rpartition("tag=")[2]
    return (
        talk,
        made.session,
        Replaces(call_id=made.invite.call_id, to_tag=answered, from_tag=made.invite.from_tag or ""),
    )


def third(talk: Talk) -> Caller:
    """Another phone."""
    return Caller(talk.wire, "192.0.2.10", talk.phone.peer)


def test_a_call_that_is_up_is_replaced() -> None:
    """The user is told which; it is up to them to hang it up."""
    talk, session, replaces = up()
    other = third(talk)
    invite = other.invite(headers=(("Replaces", str(replaces)), ("Require", "replaces")))
    event = talk.ours.expect(InviteReceived)
    assert event.replaces == session
    other.expect(100)
    talk.accept(event.session)
    other.ack(invite, other.expect(200))
    talk.ours.expect(AckReceived)
    talk.bye(session)
    talk.phone.answer(talk.phone.expect_request("BYE"), 200)
    talk.bye(event.session)
    other.answer(other.expect_request("BYE"), 200)
    talk.wire.run(1.0)
    talk.ours.events.clear()
    talk.quiet()


def test_a_call_that_we_made_is_replaced_likewise() -> None:
    """The tags are seen from whoever is asked."""
    talk = Talk()
    session = talk.up_from_us()
    other = third(talk)
    local = talk.phone.remote.rpartition("tag=")[2]
    replaces = Replaces(call_id=talk.phone.call_id, to_tag=local, from_tag="phone")
    invite = other.invite(headers=(("Replaces", str(replaces)),))
    event = talk.ours.expect(InviteReceived)
    assert event.replaces == session
    other.expect(100)
    talk.reject(event.session, 486)
    other.ack(invite, other.expect(486))
    talk.hang_up(session)


@pytest.mark.parametrize("part", ["call_id", "to_tag", "from_tag"])
def test_a_call_that_is_not_there_cannot_be_replaced(part: str) -> None:
    """§3: 481, and who guesses a Call-ID does not know the tags."""
    talk, session, replaces = up()
    wrong = Replaces(**{**{name: getattr(replaces, name) for name in ("call_id", "to_tag", "from_tag")}, part: "guess"})
    other = third(talk)
    invite = other.invite(headers=(("Replaces", str(wrong)),))
    other.ack(invite, other.expect(481))
    talk.hang_up(session)


def test_a_call_that_is_answered_is_not_replaced_by_who_wants_it_early_only() -> None:
    """§3: 486."""
    talk, session, replaces = up()
    other = third(talk)
    invite = other.invite(headers=(("Replaces", f"{replaces};early-only"),))
    other.ack(invite, other.expect(486))
    talk.hang_up(session)


def test_a_call_that_is_not_answered_is_not_replaced() -> None:
    """§3: who is called in it has not taken it yet."""
    talk = Talk()
    offered = talk.offered()
    talk.ring(offered.session)
    ringing = talk.phone.expect(180)
    replaces = Replaces(
        call_id=offered.invite.call_id, to_tag=ringing.to_tag or "", from_tag=offered.invite.from_tag or ""
    )
    other = third(talk)
    invite = other.invite(headers=(("Replaces", str(replaces)),))
    other.ack(invite, other.expect(481))
    talk.reject(offered.session, 486)
    talk.phone.ack(offered.invite, talk.phone.expect(486))
    talk.quiet()


@pytest.mark.parametrize("values", [("nonsense",), ("a@b;to-tag=1",), ("a@b;to-tag=1;from-tag=2",) * 2, ("x" * 2000,)])
def test_a_replaces_that_cannot_be_read_is_refused(values: tuple[str, ...]) -> None:
    """§3: 400, also for more than one."""
    talk = Talk()
    invite = talk.phone.invite(headers=tuple(("Replaces", value) for value in values), body=OFFER)
    talk.phone.ack(invite, talk.phone.expect(400))
    talk.quiet()


def test_a_replaces_is_printed_as_it_is_read() -> None:
    """Both ways."""
    text = f"1@{PHONE};to-tag=a;from-tag=b;early-only"
    assert str(Replaces.parse(text)) == text
