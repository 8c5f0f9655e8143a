"""Digest authentication, both sides (RFC 3261 §22, RFC 7616, RFC 8760)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.digest import Challenge, Credentials, answer, check, choose
from offhook.sip.errors import IllegalValue, MalformedValue

# RFC 7616 §3.9.1, with its cnonce and result.
MUFASA = Challenge(
    realm="http-auth@example.org",
    nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    qop=("auth", "auth-int"),
    opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_the_standard(algorithm: str, response: str) -> None:
    """The answers of RFC 7616 §3.9.1 come out to the letter."""
    challenge = replace(MUFASA, algorithm=algorithm)
    text = answer(challenge, "Mufasa", "Circle of Life", "GET", "/dir/index.html", CNONCE, 1)
    assert text == (
        'Digest username="Mufasa", realm="http-auth@example.org", '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", '
        f'response="{response}", algorithm={algorithm}, '
        f'cnonce="{CNONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", qop=auth, nc=00000001'
    )


def test_the_example_without_qop() -> None:
    """Without qop the answer is that of RFC 2069, and has neither cnonce nor nc."""
    challenge = Challenge(realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093")
    text = answer(challenge, "Mufasa", "CircleOfLife", "GET", "/dir/index.html", "unused", 1)
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in text
    assert not {"cnonce", "nc", "qop", "algorithm", "opaque"} & {part.strip().split("=")[0] for part in text.split(",")}


_names = st.text(min_size=1, max_size=12)


@given(
    algorithm=st.sampled_from([None, "MD5", "md5-SESS", "SHA-256", "SHA-256-sess"]),
    qop=st.sampled_from([(), ("auth",), ("auth-int",), ("auth-int", "auth"), ("future", "AUTH")]),
    texts=st.tuples(_names, _names, _names, _names),
    opaque=st.none() | st.text(max_size=8),
    body=st.binary(max_size=20),
)
def test_our_answers_pass_our_check(
    algorithm: str | None, qop: tuple[str, ...], texts: tuple[str, ...], opaque: str | None, body: bytes
) -> None:
    """What answer proves, check believes, after both have crossed the wire; another password or method it does not."""
    realm, nonce, username, password = texts
    asked = Challenge(realm=realm, nonce=nonce, algorithm=algorithm, qop=qop, opaque=opaque)
    challenge = Challenge.parse(str(asked))
    assert challenge == asked
    credentials = Credentials.parse(answer(challenge, username, password, "INVITE", "sip:a@b", "c0", 255, body))
    assert (credentials.username, credentials.realm, credentials.opaque) == (username, realm, opaque)
    assert credentials.nc == (255 if qop else None)
    assert check(credentials, password, "INVITE", body)
    assert not check(credentials, password + "x", "INVITE", body)
    assert not check(credentials, password, "BYE", body)
    assert check(credentials, password, "INVITE", body + b"x") is (credentials.qop != "auth-int")


def test_a_challenge_as_servers_write_it() -> None:
    """Any order, spacing and case of names; unknown parameters are left out; stale is a word in any case."""
    challenge = Challenge.parse(
        'digest  nonce="n\\"1",Realm = "r, 1" ,domain="sip:a", STALE=TRUE,algorithm="SHA-256",qop=auth, x=y'
    )
    assert challenge == Challenge(realm="r, 1", nonce='n"1', algorithm="SHA-256", qop=("auth",), stale=True)
    assert Challenge.parse(str(challenge)) == challenge


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Basic realm=x",
        "Digest",
        'Digest realm="x"',
        'Digest nonce="x"',
        'Digest realm="x", nonce="y", nonce="z"',
        'Digest realm="x", nonce="y',
        'Digest realm="x", nonce=',
        'Digest realm="x", nonce="y", , ',
        'Digest realm="x" nonce="y"',
        'Digest realm="x", nonce="y", =z',
        'Digest realm="x", nonce="y", algorithm="MD5, x"',
    ],
)
def test_malformed_challenges_are_refused(text: str) -> None:
    """What is no Digest challenge raises a remote error."""
    with pytest.raises(MalformedValue):
        Challenge.parse(text)


def test_values_may_come_without_quotes() -> None:
    """A nonce of base64 without quotes is read; our answer quotes it."""
    challenge = Challenge.parse("Digest realm=r, nonce=ab/c+==, qop=auth")
    assert challenge.nonce == "ab/c+=="
    assert 'nonce="ab/c+=="' in answer(challenge, "u", "p", "INVITE", "sip:a@b", "c0", 1)


@pytest.mark.parametrize("count", ["1", "0000000g", "-0000001", "000000001", "+0000001", "0x000001"])
def test_malformed_counts_are_refused(count: str) -> None:
    """The nonce count is eight hexadecimal digits (RFC 7616 §3.4)."""
    with pytest.raises(MalformedValue):
        Credentials.parse(
            f'Digest username="u", realm="r", nonce="n", uri="sip:a", response="x", qop=auth, nc="{count}"'
        )


@pytest.mark.parametrize("change", [{"algorithm": "SHA-512-256"}, {"qop": "future"}, {"response": "é\udcff"}])
def test_credentials_that_cannot_be_checked_prove_nothing(change: dict[str, str]) -> None:
    """An algorithm or qop that we do not know, and a response of any bytes, are not believed and raise nothing."""
    good = Credentials.parse(answer(replace(MUFASA, algorithm="MD5"), "u", "p", "INVITE", "sip:a@b", "c0", 1))
    assert check(good, "p", "INVITE")
    assert not check(replace(good, **change), "p", "INVITE")  # type: ignore[arg-type]  # str fields all


@pytest.mark.parametrize("name", ["algorithm", "qop"])
def test_what_is_printed_without_quotes_is_a_token(name: str) -> None:
    """A list in quotes is none; an empty value is as good as none."""
    text = 'Digest username="u", realm="r", nonce="n", uri="sip:a", response="x"'
    with pytest.raises(MalformedValue):
        Credentials.parse(f'{text}, {name}="auth,auth-int"')
    assert Credentials.parse(f'{text}, {name}=""') == Credentials.parse(text)


def test_the_topmost_supported_challenge_is_chosen() -> None:
    """Servers put the strongest first; what we cannot answer is passed over (RFC 8760 §2.4)."""
    values = [
        'Bearer realm="x"',
        'Digest realm="r", nonce="0", algorithm=SHA-512-256, qop="auth"',
        'Digest realm="r", nonce="1", algorithm=SHA-256, qop="future"',
        'Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth"',
        'Digest realm="r", nonce="3", algorithm=MD5, qop="auth"',
    ]
    chosen = choose(values)
    assert chosen is not None
    assert chosen.nonce == "2"
    assert choose(values[:3]) is None
    assert choose([]) is None


def test_an_unsupported_challenge_cannot_be_answered() -> None:
    """Asking for an answer to what we do not support is a mistake of ours."""
    with pytest.raises(IllegalValue):
        answer(replace(MUFASA, algorithm="SHA-512-256"), "u", "p", "INVITE", "sip:a@b", "c0", 1)


def test_the_response_is_not_shown() -> None:
    """The proof stays out of logs and traces."""
    assert "SECRET" not in repr(Credentials(username="u", realm="r", nonce="n", uri="sip:a", response="SECRET"))
