"""URLs of webhooks: what is put on the wire, and what never is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.calls.errors import WebhookFailed
from offhook.webhook.url import parse_url, redact


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("http://a.example", "http://a.example/"),
        (" https://A.example:8443/x?y=z ", "https://a.example:8443/x?y=z"),
        ("http://user:pass@a.example/x", "http://a.example/x"),
        ("http://bücher.example/ü", "http://xn--bcher-kva.example/%C3%BC"),
        ('http://a.example/"<>?q="', "http://a.example/%22%3C%3E?q=%22"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("http://my_app:3000/", "http://my_app:3000/"),
    ],
)
def test_what_is_sent(written: str, sent: str) -> None:
    """Host in lower case and ASCII, escapes as written, no credentials, an empty path as a slash."""
    assert parse_url(written, 8000).text == sent


def test_redirects_are_resolved_against_the_url() -> None:
    """Relative locations keep the origin, and with it the credentials; others leave them behind."""
    url = parse_url("http://user:pass@a.example/one/two?x=1", 8000)
    assert url.follow("../three#frag", 8000).text == "http://a.example/three"
    assert url.follow("/four", 8000).password == "pass"
    assert url.follow("//b.example/", 8000).password == ""
    assert url.follow("https://a.example/", 8000).password == ""


@given(st.one_of(st.text(), st.text().map("http://{}".format)))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    """parse_url raises nothing but WebhookFailed, and what it returns is plain ASCII without gaps."""
    try:
        url = parse_url(text, 8000)
    except WebhookFailed as error:
        assert error.error_code == 11100  # noqa: PT017 - both outcomes are right, this is one of them
        return
    assert url.text.isascii()
    assert not set(url.text) & set(" \r\n\t\0")


def test_redacted_urls_keep_everything_but_credentials() -> None:
    """An @ behind the authority stays."""
    assert redact("http://user:p@ss@a.example/x@y?z=@") == "http://a.example/x@y?z=@"
    assert redact("http://user:pass@a.example?x=1") == "http://a.example?x=1"
    assert redact("http://a.example?x=b@c") == "http://a.example?x=b@c"
    assert redact("no url") == "no url"
