"""X-Twilio-Signature as the vendor's own validator sees it."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from offhook.model.signature import explain, sign, sign_body

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


def test_explain_sorts_names_and_drops_repeated_values() -> None:
    """Names and the values of one name are sorted by code point, and the same value counts once."""
    parameters = [("b", "2"), ("a", "z"), ("a", "y"), ("A", "1"), ("a", "z")]
    assert explain("http://h/p", parameters) == "http://h/pA1ayazb2"


def test_explain_leaves_the_fragment_out() -> None:
    """Connection overrides in the fragment are never signed."""
    assert explain("https://h/p?q=1#rc=2&ct=1000", None) == "https://h/p?q=1"


@pytest.mark.parametrize(
    "parameters",
    [
        [],
        [("CallSid", "CA1"), ("From", "+14158675309"), ("Digits", "1234#")],
        [("SipHeader_X-Name", "Zoë & Çelik"), ("Empty", "")],
        [("MediaUrl", "b"), ("MediaUrl", "a"), ("MediaUrl", "b")],
    ],
)
def test_validator_accepts_a_signed_form(parameters: list[tuple[str, str]]) -> None:
    """A signed form passes the vendor's RequestValidator."""
    form = MultiDict(parameters)
    assert RequestValidator(TOKEN).validate(URL, form, sign(TOKEN, URL, parameters))


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_validator_agrees_on_any_form(form: dict[str, str]) -> None:
    """For any form the signature is the validator's own."""
    assert sign(TOKEN, URL, list(form.items())) == RequestValidator(TOKEN).compute_signature(URL, form)


def test_another_token_gives_another_signature() -> None:
    """The token is the key."""
    assert not RequestValidator("other").validate(URL, {}, sign(TOKEN, URL, None))


@pytest.mark.parametrize("url", ["https://h/p", "https://h/p?a=1", "https://h/p#rc=1"])
def test_validator_accepts_a_signed_body(url: str) -> None:
    """A JSON body is vouched for by bodySHA256 in the query, which is signed."""
    body = '{"a": 1}'
    signed = sign_body(TOKEN, url, body.encode())
    requested = signed.url.partition("#")[0]
    assert sha256(body.encode()).hexdigest() in requested
    assert signed.url.count("?") == 1
    assert RequestValidator(TOKEN).validate(requested, body, signed.signature)
