"""INVITEs and BYEs that have to prove who sends them (RFC 3261 §22, RFC 7616)."""

import pytest
from talk import ANSWER, PHONE, Talk, order

from offhook.sip.digest import Challenge, Credentials, check
from offhook.sip.events import ByeAnswered, InviteAnswered, InviteRefused, ProvisionalReceived, RefusalCause
from offhook.sip.message import Request
from offhook.testing.caller import Fields

ASKED = {401: "WWW-Authenticate", 407: "Proxy-Authenticate"}
TOLD = {401: "Authorization", 407: "Proxy-Authorization"}
PASSWORD = "open sesame"


def challenge(code: int, realm: str = "pbx", nonce: str = "one", *, stale: bool = False) -> Fields:
    """The header of a challenge."""
    return ((ASKED[code], str(Challenge(realm=realm, nonce=nonce, qop=("auth",), stale=stale, algorithm="MD5"))),)


def proofs(request: Request, code: int = 401) -> dict[str, Credentials]:
    """What a request proves, by realm."""
    found = [Credentials.parse(value) for value in request.headers.all(TOLD[code])]
    return {credentials.realm: credentials for credentials in found}


def assert_proven(request: Request, code: int, realm: str = "pbx") -> Credentials:
    """The request proves the password to this realm."""
    credentials = proofs(request, code)[realm]
    assert check(credentials, PASSWORD, request.method, request.body)
    assert credentials.uri == request.text_uri
    return credentials


def next_invite(talk: Talk, invite: Request, code: int, headers: Fields) -> Request:
    """Challenge an INVITE; the one that follows its ACK."""
    talk.phone.answer(invite, code, headers=headers)
    talk.phone.expect_request("ACK")
    again = talk.phone.expect_request("INVITE")
    assert again.cseq.number == invite.cseq.number + 1
    assert (again.call_id, again.from_tag) == (invite.call_id, invite.from_tag)
    assert again.via.branch != invite.via.branch
    return again


def answered(talk: Talk, session: int, invite: Request) -> Request:
    """Answer an INVITE; its ACK."""
    talk.phone.answer(invite, 200, body=ANSWER)
    assert talk.ours.expect(InviteAnswered).session == session
    return talk.phone.expect_request("ACK")


@pytest.mark.parametrize("code", [401, 407])
def test_a_challenge_is_answered_once_and_the_ack_carries_the_same_proof(code: int) -> None:
    """§22.1, §22.3: a new CSeq, the same Call-ID and From tag; the ACK repeats the credentials."""
    talk = Talk()
    session = talk.call(order(username="alice"))
    again = next_invite(talk, talk.phone.expect_request("INVITE"), code, challenge(code))
    assert_proven(again, code)
    ack = answered(talk, session, again)
    assert ack.headers.all(TOLD[code]) == again.headers.all(TOLD[code])
    talk.hang_up(session)


def test_a_proxy_and_the_callee_may_both_ask() -> None:
    """407 and then 401: the second INVITE proves to both."""
    talk = Talk()
    session = talk.call(order(username="alice"))
    second = next_invite(talk, talk.phone.expect_request("INVITE"), 407, challenge(407, "proxy"))
    third = next_invite(talk, second, 401, challenge(401, "pbx"))
    assert_proven(third, 401, "pbx")
    assert_proven(third, 407, "proxy")
    answered(talk, session, third)
    talk.hang_up(session)


def test_two_proxies_on_the_way_may_both_ask() -> None:
    """§22.3: 407 of another realm is no refusal of the first credentials; both go into the next INVITE."""
    talk = Talk()
    session = talk.call(order(username="alice"))
    second = next_invite(talk, talk.phone.expect_request("INVITE"), 407, challenge(407, "near"))
    third = next_invite(talk, second, 407, challenge(407, "far"))
    assert_proven(third, 407, "near")
    assert_proven(third, 407, "far")
    answered(talk, session, third)
    talk.hang_up(session)


def test_a_forked_invite_may_be_challenged_by_several_realms_at_once() -> None:
    """§22.3: a forking proxy gathers the challenges of its branches in one response; all are answered."""
    talk = Talk()
    session = talk.call(order(username="alice"))
    both = (*challenge(407, "near"), *challenge(407, "far"))
    again = next_invite(talk, talk.phone.expect_request("INVITE"), 407, both)
    assert set(proofs(again, 407)) == {"near", "far"}
    answered(talk, session, again)
    talk.hang_up(session)


def test_of_several_challenges_of_one_realm_the_first_that_we_know_is_answered() -> None:
    """RFC 8760 §2.4: the strongest stands first."""
    talk = Talk()
    session = talk.call(order(username="alice"))
    offers = (
        ("WWW-Authenticate", 'Digest realm="pbx", nonce="x", algorithm=SHA-512-256'),
        ("WWW-Authenticate", 'Digest realm="pbx", nonce="y", algorithm=SHA-256, qop="auth"'),
        ("WWW-Authenticate", 'Digest realm="pbx", nonce="z", algorithm=MD5, qop="auth"'),
    )
    again = next_invite(talk, talk.phone.expect_request("INVITE"), 401, offers)
    assert assert_proven(again, 401).algorithm == "SHA-256"
    assert len(again.headers.all("Authorization")) == 1
    answered(talk, session, again)
    talk.hang_up(session)


def test_a_stale_nonce_is_replaced() -> None:
    """`stale=true` says that the password was right (RFC 7616 §3.3)."""
    talk = Talk()
    session = talk.call(order(username="alice"))
    second = next_invite(talk, talk.phone.expect_request("INVITE"), 401, challenge(401))
    third = next_invite(talk, second, 401, challenge(401, nonce="two", stale=True))
    assert assert_proven(third, 401).nonce == "two"
    answered(talk, session, third)
    talk.hang_up(session)


def test_a_wrong_password_is_not_tried_twice() -> None:
    """A second challenge without `stale` is a refusal."""
    talk = Talk()
    session = talk.call(order(username="alice"))
    second = next_invite(talk, talk.phone.expect_request("INVITE"), 401, challenge(401))
    talk.phone.answer(second, 401, headers=challenge(401, nonce="two"))
    talk.phone.expect_request("ACK")
    event = talk.refused()
    assert (event.session, event.cause, event.code) == (session, RefusalCause.RESPONSE, 401)


def test_a_peer_that_never_has_enough_is_given_up() -> None:
    """Stale nonces without end: the number of attempts has a limit."""
    talk = Talk()
    talk.call(order(username="alice"))
    invite = talk.phone.expect_request("INVITE")
    for number in range(10):
        talk.phone.answer(invite, 401, headers=challenge(401, nonce=str(number), stale=True))
        talk.phone.expect_request("ACK")
        talk.wire.run(0.1)
        if talk.ours.events:
            break
        invite = talk.phone.expect_request("INVITE")
    assert talk.refused().code == 401
    assert invite.cseq.number < 8


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("WWW-Authenticate", 'Basic realm="pbx"'),),
        (("WWW-Authenticate", "Digest realm"),),
        (("WWW-Authenticate", 'Digest realm="pbx", nonce="x", algorithm=SHA-3'),),
    ],
)
def test_a_challenge_that_cannot_be_answered_is_a_refusal(headers: Fields) -> None:
    """Another scheme, another algorithm, nonsense or nothing at all."""
    talk = Talk()
    talk.call(order(username="alice"))
    talk.phone.answer(talk.phone.expect_request("INVITE"), 401, headers=headers)
    talk.phone.expect_request("ACK")
    assert talk.refused().code == 401


def test_without_credentials_a_challenge_is_a_refusal() -> None:
    """There is nothing to prove."""
    talk = Talk()
    talk.call()
    talk.phone.answer(talk.phone.expect_request("INVITE"), 401, headers=challenge(401))
    talk.phone.expect_request("ACK")
    assert talk.refused().code == 401


def test_a_call_given_up_meanwhile_is_not_begun_again() -> None:
    """A challenge that crosses our CANCEL ends the call."""
    talk = Talk()
    session = talk.call(order(username="alice"))
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 100)
    talk.wire.run(0.1)
    talk.cancel(session)
    talk.phone.expect_request("CANCEL")
    talk.phone.answer(invite, 407, headers=challenge(407))
    talk.phone.expect_request("ACK")
    assert talk.refused().cause is RefusalCause.CANCELED


def test_a_call_challenged_and_then_given_up_waits_for_a_response_to_its_second_invite() -> None:
    """The 100 was for the first INVITE: a CANCEL now would overtake the second (§9.1)."""
    talk = Talk()
    session = talk.call(order(username="alice"))
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 100)
    second = next_invite(talk, invite, 401, challenge(401))
    talk.cancel(session)
    talk.phone.expect_nothing(0.4)
    talk.phone.answer(second, 180)
    cancel = talk.phone.expect_request("CANCEL")
    assert cancel.via.branch == second.via.branch
    talk.phone.answer(cancel, 200)
    talk.phone.answer(second, 487)
    talk.phone.expect_request("ACK")
    assert talk.refused().cause is RefusalCause.CANCELED


def test_the_second_invite_goes_to_the_hop_that_asked() -> None:
    """§8.1.3.5: another host of the same name would not know the nonce."""
    talk = Talk()
    talk.wire.names = {"pbx.example": [talk.ours.hop.__class__(talk.ours.hop.transport, PHONE, 5060)]}
    session = talk.call(order("sip:phone@pbx.example", username="alice"))
    invite = talk.phone.expect_request("INVITE")
    talk.wire.names = {}
    second = next_invite(talk, invite, 401, challenge(401))
    answered(talk, session, second)
    talk.hang_up(session)


@pytest.mark.parametrize("code", [401, 407])
def test_a_challenged_bye_is_proven_too(code: int) -> None:
    """Otherwise the callee would stay in a call that we have left."""
    talk = Talk()
    session = talk.up_from_us(order(username="alice"))
    talk.bye(session)
    first = talk.phone.expect_request("BYE")
    talk.phone.answer(first, code, headers=challenge(code))
    second = talk.phone.expect_request("BYE")
    assert second.cseq.number == first.cseq.number + 1
    assert_proven(second, code)
    talk.phone.answer(second, 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_a_bye_whose_proof_is_refused_ends_the_session_all_the_same() -> None:
    """§15.1.1: whatever comes of a BYE, the session is over."""
    talk = Talk()
    session = talk.up_from_us(order(username="alice"))
    talk.bye(session)
    for nonce in ("one", "two"):
        talk.phone.answer(talk.phone.expect_request("BYE"), 401, headers=challenge(401, nonce=nonce))
    event = talk.ours.expect(ByeAnswered)
    assert event.response is not None
    assert event.response.code == 401
    talk.quiet()


def test_ringing_after_a_challenge_is_told_and_a_late_challenge_still_answered() -> None:
    """A proxy may answer 183 before the callee behind it asks."""
    talk = Talk()
    session = talk.call(order(username="alice"))
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 183)
    talk.ours.expect(ProvisionalReceived)
    second = next_invite(talk, invite, 401, challenge(401))
    answered(talk, session, second)
    talk.hang_up(session)
    assert not [event for event in talk.ours.events if isinstance(event, InviteRefused)]
