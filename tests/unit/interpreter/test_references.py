"""URLs in documents, with the examples of RFC 3986 §5.4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.interpreter.errors import DocumentFailed
from offhook.interpreter.references import resolve

BASE = "http://a/b/c/d;p?q"


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("g#s", "http://a/b/c/g#s"),
        (";x", "http://a/b/c/;x"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../g", "http://a/g"),
        ("../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"),
        ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/../y", "http://a/b/c/y"),
    ],
)
def test_relative_references_resolve_as_in_rfc_3986(reference: str, url: str) -> None:
    """RFC 3986 §5.4.1 and §5.4.2."""
    assert resolve(reference, BASE) == url


def test_an_absolute_url_stands_whatever_the_document() -> None:
    """With or without a document URL; credentials, query and connection overrides stay as written."""
    url = "https://user:pass@example.com/voice?x=1#rc=2&ct=1000"
    assert resolve(url, BASE) == resolve(url, None) == url


def test_white_space_around_a_url_is_dropped() -> None:
    """Official samples indent their URLs."""
    assert resolve("\n   /next \n", "http://example.com/a/b") == "http://example.com/next"


def test_a_document_at_the_root_without_a_path() -> None:
    """RFC 3986 §5.2.3: a base without a path."""
    assert resolve("next", "http://example.com") == "http://example.com/next"


@pytest.mark.parametrize("reference", ["/next", "next", "", "//host/x"])
def test_an_inline_document_has_nothing_to_resolve_against(reference: str) -> None:
    """Without a document URL only absolute URLs work."""
    with pytest.raises(DocumentFailed, match="absolute") as caught:
        resolve(reference, None)
    assert caught.value.error_code == 11100


@pytest.mark.parametrize(
    "reference",
    ["ftp://example.com/x", "javascript:alert(1)", "http:///nohost", "http://a b/c", "http://a/" + "x" * 5000],
)
def test_unusable_urls_are_refused(reference: str) -> None:
    """Only http and https with a host, and only characters that a request line can carry."""
    with pytest.raises(DocumentFailed) as caught:
        resolve(reference, BASE)
    assert caught.value.error_code == 11100


@given(st.text(max_size=300), st.sampled_from([BASE, None]))
def test_any_text_resolves_or_is_refused(text: str, base: str | None) -> None:
    """Nothing but DocumentFailed comes out of hostile text, and what resolves is an http URL."""
    try:
        url = resolve(text, base)
    except DocumentFailed:
        return
    assert url.lower().startswith(("http://", "https://"))
    assert "\n" not in url
