"""3xx: the user is told where the callee is, and says whether to follow (RFC 3261 §8.1.3.4)."""

from dataclasses import replace

import pytest
from talk import ANSWER, PHONE, Talk, order

from offhook.sip.errors import MalformedValue
from offhook.sip.events import InviteAnswered, RedirectReceived, RefusalCause
from offhook.testing.caller import Caller

ELSEWHERE = "192.0.2.44"


def redirected(contact: str, code: int = 302) -> tuple[Talk, int, RedirectReceived]:
    """A call that was answered with a redirect."""
    talk = Talk()
    session = talk.call(replace(order(), asks_redirects=True))
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, code, headers=(("Contact", contact),))
    talk.phone.expect_request("ACK")
    return talk, session, talk.ours.expect(RedirectReceived)


def follow(talk: Talk, session: int, target: str) -> None:
    """Go there."""
    talk.ours.endpoint.follow_redirect(session, target, talk.wire.now)
    talk.ours.pump()


@pytest.mark.parametrize("code", [300, 301, 302, 305, 380])
def test_a_redirect_is_followed_in_the_same_call(code: int) -> None:
    """Same Call-ID, From and To, the next CSeq, another Request-URI."""
    talk, session, event = redirected(f"<sip:bob@{ELSEWHERE}>", code)
    assert event.targets == (f"sip:bob@{ELSEWHERE}",)
    there = Caller(talk.wire, ELSEWHERE, talk.phone.peer)
    follow(talk, session, event.targets[0])
    invite = there.expect_request("INVITE")
    assert invite.text_uri == f"sip:bob@{ELSEWHERE}"
    assert (invite.cseq.number, invite.headers.get("To")) == (2, f"<sip:phone@{PHONE}>")
    assert invite.call_id == talk.phone.call_id
    there.answer(invite, 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    there.expect_request("ACK")
    talk.bye(session)
    there.answer(there.expect_request("BYE"), 200)
    talk.wire.run(1.0)
    talk.ours.events.clear()
    talk.quiet()


def test_the_best_contact_comes_first() -> None:
    """By q, which is 1 when it is not said; nonsense comes last."""
    contacts = "<sip:c@h>;q=0.2, <sip:a@h>, <tel:+15550100>;q=0.9, <sip:d@h>;q=best"
    talk, session, event = redirected(contacts)
    assert event.targets == ("sip:a@h", "tel:+15550100", "sip:c@h", "sip:d@h")
    talk.ours.endpoint.refuse_redirect(session, talk.wire.now)
    talk.ours.pump()
    assert talk.refused().code == 302


def test_a_redirect_may_be_refused() -> None:
    """It is then a refusal like any other."""
    talk, session, _ = redirected("<sip:bob@192.0.2.44>")
    talk.ours.endpoint.refuse_redirect(session, talk.wire.now)
    talk.ours.pump()
    event = talk.refused()
    assert (event.code, event.cause) == (302, RefusalCause.RESPONSE)


def test_a_call_is_given_up_while_it_stands_at_a_crossing() -> None:
    """Nothing is left to cancel."""
    talk, session, _ = redirected("<sip:bob@192.0.2.44>")
    talk.cancel(session)
    assert talk.refused().cause is RefusalCause.CANCELED


@pytest.mark.parametrize("contact", ["", "*", "<sip:>", "nonsense <"])
def test_a_redirect_to_nowhere_has_no_targets(contact: str) -> None:
    """The user says what is made of it; a Contact that cannot be read does not make the refusal unheard."""
    talk = Talk()
    session = talk.call(replace(order(), asks_redirects=True))
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 302, headers=(("Contact", contact),) if contact else ())
    talk.phone.expect_request("ACK")
    assert talk.ours.expect(RedirectReceived).targets == ()
    talk.ours.endpoint.refuse_redirect(session, talk.wire.now)
    talk.ours.pump()
    assert talk.refused().code == 302


def test_a_target_that_is_no_sip_uri_is_our_own_mistake() -> None:
    """The redirect still awaits its order."""
    talk, session, _ = redirected("<tel:+15550100>")
    with pytest.raises(MalformedValue):
        talk.ours.endpoint.follow_redirect(session, "tel:+15550100", talk.wire.now)
    talk.ours.endpoint.refuse_redirect(session, talk.wire.now)
    talk.ours.pump()
    assert talk.refused().code == 302


def test_credentials_are_not_taken_along() -> None:
    """They were for who asked for them."""
    talk = Talk()
    session = talk.call(replace(order(username="alice"), asks_redirects=True))
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 401, headers=(("WWW-Authenticate", 'Digest realm="r", nonce="n"'),))
    talk.phone.expect_request("ACK")
    proved = talk.phone.expect_request("INVITE")
    talk.phone.answer(proved, 302, headers=(("Contact", f"<sip:bob@{ELSEWHERE}>"),))
    talk.phone.expect_request("ACK")
    there = Caller(talk.wire, ELSEWHERE, talk.phone.peer)
    follow(talk, session, talk.ours.expect(RedirectReceived).targets[0])
    invite = there.expect_request("INVITE")
    assert (invite.headers.get("Authorization"), invite.cseq.number) == (None, 3)
    there.answer(invite, 486)
    there.expect_request("ACK")
    assert talk.refused().code == 486
