"""Callers that are asked who they are: 407, the answer, wrong ones, and what is held against whom (RFC 3261 §22)."""

from dataclasses import replace

import pytest
from talk import Talk

from offhook.base.errors import IllegalInput
from offhook.sip.authenticator import Authenticator, AuthenticatorSettings, Checked, Proof
from offhook.sip.digest import Challenge, answer
from offhook.sip.events import AckReceived, InviteReceived
from offhook.sip.guard import Guard
from offhook.sip.guard_settings import GuardSettings, Strike
from offhook.sip.protection import Protection
from offhook.testing.caller import Fields

REALM = "sip.example.com"
PASSWORDS = {"alice": "open sesame"}


def asked() -> Talk:
    """A talk whose endpoint asks callers for credentials."""
    guard = Guard(GuardSettings(strikes=5, dialogs_burst=100))
    authenticator = Authenticator(b"secret", AuthenticatorSettings(nonce_life=30.0))
    return Talk(protection=Protection(guard=guard, authenticator=authenticator))


def challenged(talk: Talk, headers: Fields = (), *, is_stale: bool = False) -> list[Challenge]:
    """An INVITE of the phone is answered with 407."""
    invite = talk.phone.invite(headers=headers)
    session = talk.ours.expect(InviteReceived).session
    talk.phone.expect(100)
    expected = Proof.STALE if is_stale else Proof.MISSING
    assert talk.ours.endpoint.verify(session, REALM, PASSWORDS.get, talk.wire.now).proof is expected
    talk.ours.endpoint.challenge(session, REALM, talk.wire.now, is_stale=is_stale)
    talk.ours.pump()
    refused = talk.phone.expect(407)
    talk.phone.ack(invite, refused)
    talk.wire.run(0.1)
    return [Challenge.parse(value) for value in refused.headers.all("Proxy-Authenticate")]


def credentials(talk: Talk, challenge: Challenge, *, password: str = PASSWORDS["alice"], nc: int = 1) -> Fields:
    """What the phone answers."""
    text = answer(challenge, "alice", password, "INVITE", talk.phone.target, "cnonce", nc)
    return (("Proxy-Authorization", text),)


def checked(talk: Talk, headers: Fields) -> tuple[int, Checked]:
    """The session of an INVITE with credentials, and what they prove."""
    talk.phone.invite(headers=headers)
    session = talk.ours.expect(InviteReceived).session
    talk.phone.expect(100)
    return session, talk.ours.endpoint.verify(session, REALM, PASSWORDS.get, talk.wire.now)


@pytest.mark.parametrize("place", [0, 1], ids=["MD5", "SHA-256"])
def test_a_caller_that_answers_the_challenge_is_let_in(place: int) -> None:
    """Two INVITEs, and nothing is held against it."""
    talk = asked()
    session, proved = checked(talk, credentials(talk, challenged(talk)[place]))
    assert proved == Checked(Proof.GIVEN, "alice")
    talk.accept(session)
    talk.phone.ack(talk.phone.request("INVITE", cseq=1, send=False), talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    talk.hang_up(session)


def test_a_wrong_password_is_held_against_its_source() -> None:
    """Each attempt is one strike, the refusal is none besides; the sixth brings a ban."""
    talk = asked()
    challenge = challenged(talk)[1]
    for number in range(5):
        session, proved = checked(talk, credentials(talk, challenge, password=f"guess {number}"))
        assert proved == Checked(Proof.WRONG, "alice")
        talk.reject(session, 403)
        talk.phone.expect(403)
    assert talk.ours.protection.guard.struck == {Strike.CHALLENGED: 1, Strike.CREDENTIALS: 5}
    talk.wire.run(40.0)
    talk.phone.inbox.clear()
    talk.phone.invite()
    talk.phone.expect_nothing(1.0)


def test_whoever_never_answers_challenges_is_banned() -> None:
    """A scanner that takes each 407 for news."""
    talk = asked()
    for _ in range(6):
        challenged(talk)
    talk.wire.run(40.0)  # the last refusal is repeated in vain: its ACK is not read any more
    talk.phone.inbox.clear()
    talk.phone.invite()
    talk.phone.expect_nothing(1.0)


def test_an_honest_caller_may_be_challenged_as_often_as_it_calls() -> None:
    """What a challenge was held against it for is taken back by its answer, be a minute as long as a day."""
    talk = asked()
    talk.ours.protection.guard.settings = replace(talk.ours.protection.guard.settings, strike_window=86_400.0)
    for _ in range(20):
        session, proved = checked(talk, credentials(talk, challenged(talk)[0]))
        assert proved.proof is Proof.GIVEN
        talk.reject(session, 486)
        talk.phone.ack(talk.phone.request("INVITE", cseq=1, send=False), talk.phone.expect(486))
        talk.wire.run(40.0)  # an ACK of another branch: the refusal is repeated until it is given up
        talk.phone.inbox.clear()
    assert talk.ours.protection.guard.struck == {Strike.CHALLENGED: 20}


def test_a_stale_nonce_is_replaced() -> None:
    """The caller is told that its password may be right, and it is."""
    talk = asked()
    first = challenged(talk)[0]
    talk.wire.run(31.0)
    again = challenged(talk, credentials(talk, first), is_stale=True)
    assert all(challenge.stale for challenge in again)
    assert checked(talk, credentials(talk, again[0]))[1].proof is Proof.GIVEN


def test_credentials_for_a_registrar_or_a_server_are_read_too() -> None:
    """Authorization is what a peer sends that was asked by 401 before."""
    talk = asked()
    ((_, value),) = credentials(talk, challenged(talk)[0])
    assert checked(talk, (("Authorization", value),))[1].proof is Proof.GIVEN


def test_a_session_that_is_over_proves_nothing() -> None:
    """The caller has given up meanwhile."""
    talk = asked()
    assert talk.ours.endpoint.verify(99, REALM, PASSWORDS.get, 0.0).proof is Proof.MISSING
    talk.ours.endpoint.challenge(99, REALM, 0.0, is_stale=False)
    talk.quiet()


def test_without_an_authenticator_nobody_can_be_asked() -> None:
    """That would be our own mistake."""
    talk = Talk()
    talk.phone.invite()
    session = talk.ours.expect(InviteReceived).session
    with pytest.raises(IllegalInput):
        talk.ours.endpoint.challenge(session, REALM, 0.0, is_stale=False)
