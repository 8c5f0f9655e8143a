"""The authenticator by itself: what proves an identity, what is over, and what was used before."""

import pytest

from offhook.sip.authenticator import Authenticator, AuthenticatorSettings, Checked, Proof
from offhook.sip.digest import Challenge, answer
from offhook.sip.headers import Headers
from offhook.sip.message import Request

REALM = "sip.example.com"
URI = "sip:bob@acme.sip.example.com"
PASSWORDS = {"alice": "open sesame"}
INVITE = Request("INVITE", URI, Headers())


def authenticator(**changes: object) -> Authenticator:
    """One whose nonces are good for a minute."""
    return Authenticator(b"secret", AuthenticatorSettings(**{"nonce_life": 60.0, **changes}))  # type: ignore[arg-type]


def proof(challenge: Challenge | str, *, nc: int = 1, username: str = "alice", password: str | None = None) -> str:
    """The answer of a caller."""
    asked = challenge if isinstance(challenge, Challenge) else Challenge.parse(challenge)
    secret = PASSWORDS["alice"] if password is None else password
    return answer(asked, username, secret, "INVITE", URI, "cnonce", nc)


def check(ours: Authenticator, *values: str, now: float = 0.0, request: Request = INVITE) -> Checked:
    """What it proves."""
    return ours.verify(values, request, REALM, PASSWORDS.get, now)


def test_both_algorithms_are_offered_and_taken() -> None:
    """MD5 first, which every peer knows; with whichever the caller answers, it is who it says."""
    ours = authenticator()
    challenges = ours.challenge(REALM, 0.0)
    assert [Challenge.parse(one).algorithm for one in challenges] == ["MD5", "SHA-256"]
    for count, one in enumerate(challenges, 1):
        assert check(ours, proof(one, nc=count)) == Checked(Proof.GIVEN, "alice")


def test_no_credentials_and_those_for_somebody_else() -> None:
    """Other schemes, other realms and nonsense are left alone."""
    ours = authenticator()
    other = proof(Challenge(realm="elsewhere", nonce="x", qop=("auth",)))
    assert check(ours).proof is Proof.MISSING
    assert check(ours, "Basic YTpi", other, "Digest", 'Digest realm="').proof is Proof.MISSING
    mine = proof(ours.challenge(REALM, 0.0)[1])
    assert check(ours, other, mine).proof is Proof.GIVEN


@pytest.mark.parametrize(("username", "password"), [("alice", "open barley"), ("mallory", "open sesame"), ("", "\x00")])
def test_wrong_credentials(username: str, password: str) -> None:
    """A wrong password and a name that is not known are the same."""
    ours = authenticator()
    given = proof(ours.challenge(REALM, 0.0)[0], username=username, password=password)
    assert check(ours, given) == Checked(Proof.WRONG, username)
    assert ours.remembered == 0


def test_the_proof_is_for_one_method() -> None:
    """What was caught on the way of an INVITE is no good for another request."""
    ours = authenticator()
    given = proof(ours.challenge(REALM, 0.0)[0])
    assert check(ours, given, request=Request("REGISTER", URI, Headers())).proof is Proof.WRONG


def test_a_proof_counts_once() -> None:
    """Repeated it is stale; with the next count it is good again, and with an earlier one it is not (RFC 7616 §3.4)."""
    ours = authenticator()
    challenge = ours.challenge(REALM, 0.0)[0]
    assert check(ours, proof(challenge, nc=1)).proof is Proof.GIVEN
    assert check(ours, proof(challenge, nc=1)).proof is Proof.STALE
    assert check(ours, proof(challenge, nc=5)).proof is Proof.GIVEN
    assert check(ours, proof(challenge, nc=4)).proof is Proof.STALE
    assert check(ours, proof(challenge, nc=6)).proof is Proof.GIVEN


def test_a_nonce_expires() -> None:
    """After its life it is stale, whatever was proved with it."""
    ours = authenticator()
    challenge = ours.challenge(REALM, 100.0)[0]
    assert check(ours, proof(challenge), now=160.0).proof is Proof.GIVEN
    assert check(ours, proof(challenge, nc=2), now=160.1).proof is Proof.STALE
    assert "stale=TRUE" in ours.challenge(REALM, 160.1, is_stale=True)[0]


def test_a_nonce_from_the_future_is_not_ours() -> None:
    """The clock has been set back, or the secret is known to somebody."""
    ours = authenticator()
    challenge = ours.challenge(REALM, 100.0)[0]
    assert check(ours, proof(challenge), now=90.0).proof is Proof.STALE


@pytest.mark.parametrize("nonce", ["", "-", "0-1", "0-1-", "0-1-" + "0" * 32, "zz", "\u00e9-1-2", "--"])
def test_a_nonce_that_we_did_not_make(nonce: str) -> None:
    """Of an earlier start, of another realm, or invented: ask again, and say that the password may be right."""
    ours = authenticator()
    assert check(ours, proof(Challenge(realm=REALM, nonce=nonce, qop=("auth",)))).proof is Proof.STALE
    foreign = Challenge.parse(ours.challenge("other realm", 0.0)[0])
    moved = Challenge(realm=REALM, nonce=foreign.nonce, algorithm="MD5", qop=("auth",))
    assert check(ours, proof(moved)).proof is Proof.STALE
    assert check(Authenticator(b"another secret"), proof(ours.challenge(REALM, 0.0)[0])).proof is Proof.STALE


def test_what_was_not_asked_for_is_wrong() -> None:
    """Another algorithm, another quality of protection, a count without a quality."""
    ours = authenticator(algorithms=("SHA-256",))
    nonce = Challenge.parse(ours.challenge(REALM, 0.0)[0]).nonce
    weaker = Challenge(realm=REALM, nonce=nonce, algorithm="MD5", qop=("auth",))
    whole = Challenge(realm=REALM, nonce=nonce, algorithm="SHA-256", qop=("auth-int",))
    assert check(ours, proof(weaker)).proof is Proof.WRONG
    assert check(ours, proof(whole)).proof is Proof.WRONG
    old = proof(Challenge(realm=REALM, nonce=nonce, algorithm="SHA-256"))
    assert check(ours, f"{old}, nc=00000001").proof is Proof.WRONG


def test_a_peer_without_qop_may_use_a_nonce_once() -> None:
    """RFC 2069 knows no count, so nothing else tells a repetition."""
    ours = authenticator()
    old = Challenge(realm=REALM, nonce=Challenge.parse(ours.challenge(REALM, 0.0)[0]).nonce)
    assert check(ours, proof(old)).proof is Proof.GIVEN
    assert check(ours, proof(old)).proof is Proof.STALE


def test_what_is_remembered_is_bounded_and_what_is_forgotten_cannot_be_used_again() -> None:
    """The oldest use is pushed out; its nonce, and all of the same age, are stale from then on."""
    ours = authenticator(nonces=10)
    challenges = [ours.challenge(REALM, float(number))[0] for number in range(20)]
    for challenge in challenges:
        assert check(ours, proof(challenge), now=20.0).proof is Proof.GIVEN
    assert ours.remembered == 10
    for challenge in challenges:
        assert check(ours, proof(challenge), now=20.0).proof is Proof.STALE


def test_who_knows_no_password_fills_no_memory() -> None:
    """Neither challenges nor wrong answers are remembered."""
    ours = authenticator()
    for _ in range(1000):
        check(ours, proof(ours.challenge(REALM, 0.0)[0], password="guess"))
    assert ours.remembered == 0
    assert ours.checked == {Proof.WRONG: 1000}
