"""The Refer-To URI of <Refer>: kept as written, except for headers that could not stand in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from offhook.calls.refer_target import refer_target
from offhook.calls.sip_target import InvalidTarget
from offhook.sip.uri import SipUri

KEPT = [
    ("sip:alice@example.com", "sip:alice@example.com"),
    (" sips:alice@example.com;transport=tcp ", "sips:alice@example.com;transport=tcp"),
    ("alice@example.com", "sip:alice@example.com"),
    ("sip:alice@example.com:5070;user=phone;edge=dublin", "sip:alice@example.com:5070;user=phone;edge=dublin"),
    ("tel:+1-555-0001;ext=7", "tel:+1-555-0001;ext=7"),
    ("sip:a@b?X-AcctNumber=123456&X-Reason=billing-question", "sip:a@b?X-AcctNumber=123456&X-Reason=billing-question"),
    ("sip:a@b?User-to-User=123456789%3Bencoding%3Dhex", "sip:a@b?User-to-User=123456789%3Bencoding%3Dhex"),
    ("sip:a@b?Replaces=x%40h%3Bto-tag%3D1%3Bfrom-tag%3D2", "sip:a@b?Replaces=x%40h%3Bto-tag%3D1%3Bfrom-tag%3D2"),
    ('sip:a@b?X-A="q" and more', "sip:a@b?X-A=%22q%22%20and%20more"),
]


@pytest.mark.parametrize(("text", "uri"), KEPT, ids=[row[0] for row in KEPT])
def test_what_is_sent(text: str, uri: str) -> None:
    """Parameters are the peer's business, tel: is not rewritten, and any header may be passed on."""
    assert refer_target(text) == (uri, ())


LEFT_OFF = [
    ("sip:a@b?X-A=1%0D%0AVia:%20x&X-B=2", "sip:a@b?X-B=2", 32112),
    ("sip:a@b?X%20A=1", "sip:a@b", 32111),
    ("sip:a@b?X-A=%zz", "sip:a@b", 32112),
    (f"sip:a@b?X-A={'1' * 1024}", "sip:a@b", 13253),
]


@pytest.mark.parametrize(("text", "uri", "code"), LEFT_OFF, ids=["line breaks", "name", "escape", "too long"])
def test_headers_that_cannot_stand_there(text: str, uri: str, code: int) -> None:
    """Left off alone, with a warning."""
    found, warnings = refer_target(text)
    assert (found, [warning[0] for warning in warnings]) == (uri, [code])


@pytest.mark.parametrize(
    "text", ["", "https://example.com", "sip:", "tel:", "tel:+1>,<sip:x@y", "sip:a b@c", "sip:a@b>"]
)
def test_what_is_no_target(text: str) -> None:
    """13243."""
    with pytest.raises(InvalidTarget):
        refer_target(text)


@given(some.text(max_size=60))
def test_nothing_breaks_out_of_the_header(text: str) -> None:
    """Whatever is written, what is sent is one URI of printable ASCII or UTF-8 without brackets, quotes or spaces."""
    try:
        uri, _ = refer_target(f"sip:a@b?{text}")
    except InvalidTarget:
        return
    assert not any(character in uri for character in '<>" \r\n\t')
    SipUri.parse(uri)
