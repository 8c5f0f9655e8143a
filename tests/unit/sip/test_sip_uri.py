"""SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966, RFC 5118)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.errors import MalformedValue
from offhook.sip.uri import OtherUri, SipUri, TelUri, Uri, escape_user, parse_uri, unescape

_names = st.text(string.ascii_letters + string.digits + "-_.", min_size=1, max_size=12)
_pairs = st.lists(st.tuples(_names, st.one_of(st.just(""), _names)), max_size=4).map(tuple)
_hosts = st.one_of(
    st.text(string.ascii_letters + string.digits + "-.", min_size=1, max_size=20),
    st.ip_addresses().map(str),
)
_users = st.text(max_size=12).map(escape_user)


@st.composite
def sip_uris(draw: st.DrawFn) -> SipUri:
    """Any SIP URI that may stand on the wire."""
    user = draw(_users)
    return SipUri(
        scheme=draw(st.sampled_from(["sip", "sips"])),
        user=user,
        password=draw(st.none() | _users) if user else None,
        host=draw(_hosts),
        port=draw(st.none() | st.integers(0, 65535)),
        params=draw(_pairs),
        headers=draw(_pairs),
    )


@given(sip_uris())
def test_parsing_undoes_printing(uri: SipUri) -> None:
    """A URI that was printed reads back as the same value and means the same."""
    assert parse_uri(str(uri)) == uri
    assert uri.equivalent(SipUri.parse(str(uri)))


@given(st.text(min_size=1))
def test_escaping_a_user_is_undone(text: str) -> None:
    """Any text can be the user of a URI, by its escapes."""
    uri = SipUri.parse(f"sip:{escape_user(text)}@host")
    assert uri.user_text == text


def test_every_part_is_read() -> None:
    """Scheme, user, password, host, port, parameters and headers come out as written."""
    uri = SipUri.parse("SIPS:al%20ice:se:cret@Atlanta.example.com:5071;Transport=TCP;lr;x=%41?subject=a%20b&to=c")
    assert (uri.scheme, uri.user, uri.user_text, uri.password) == ("sips", "al%20ice", "al ice", "se:cret")
    assert (uri.host, uri.port, uri.transport, uri.is_loose_router) == ("Atlanta.example.com", 5071, "tcp", True)
    assert (uri.param("X"), uri.param("none")) == ("%41", None)
    assert uri.headers == (("subject", "a%20b"), ("to", "c"))


def test_a_bare_host_is_a_uri() -> None:
    """Everything but the host may be absent."""
    uri = SipUri.parse("sip:example.com")
    assert (uri.user, uri.password, uri.port, uri.transport, uri.is_loose_router) == ("", None, None, None, False)


def test_ipv6_hosts_lose_their_brackets_and_get_them_back() -> None:
    """A host is an address as sockets want it; the brackets are only printed (RFC 5118 §4.1)."""
    uri = SipUri.parse("sip:a@[2001:db8::9:1]:5070")
    assert (uri.host, uri.port) == ("2001:db8::9:1", 5070)
    assert str(uri) == "sip:a@[2001:db8::9:1]:5070"


def test_user_may_look_like_the_rest() -> None:
    """Semicolons, slashes and question marks belong to the user when an @ follows (RFC 4475 §3.1.1.13)."""
    uri = SipUri.parse("sip:user;par=u%40example.net/x?y@example.com")
    assert (uri.user, uri.host, uri.params) == ("user;par=u%40example.net/x?y", "example.com", ())


@pytest.mark.parametrize(
    "text",
    [
        "sip:",
        "sip:@host",
        "sip:a@",
        "sip:a@b@c",
        "sip:a b@c",
        "sip:a@b:port",
        "sip:a@b:65536",
        "sip:a@b:",
        "sip:a@b;",
        "sip:a@b;;x",
        "sip:a@b;=x",
        "sip:a@b?",
        "sip:a@b?=x",
        "sip:a@[::g]",
        "sip:a@[1.2.3]",
        "sip:2001:db8::1",
        "sip:a%4@b",
        "sip:a%zz@b",
        "sip:a@b\r\nX: y",
        "sip:<a>@b",
        "sip:a@b>",
        'sip:"a"@b',
    ],
)
def test_malformed_sip_uris_are_refused(text: str) -> None:
    """What is no SIP URI raises a remote error with 400."""
    with pytest.raises(MalformedValue) as caught:
        SipUri.parse(text)
    assert caught.value.code == 400


@pytest.mark.parametrize("text", ["tel:+1", "urn:service:sos", "nobodyKnowsThisScheme:opaque"])
def test_another_scheme_is_unsupported_not_malformed(text: str) -> None:
    """A URI of another scheme leads to 416 (§8.2.2.1)."""
    with pytest.raises(MalformedValue) as caught:
        SipUri.parse(text)
    assert caught.value.code == 416


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        ("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
         "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"),
        ("sip:alice@atlanta.com?subject=project%20x&priority=urgent",
         "sip:alice@atlanta.com?priority=urgent&subject=project%20x"),
    ],
)  # fmt: skip
def test_equivalent_uris(one: str, other: str) -> None:
    """The equivalent pairs of §19.1.4 are equivalent both ways."""
    assert SipUri.parse(one).equivalent(SipUri.parse(other))
    assert SipUri.parse(other).equivalent(SipUri.parse(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@b", "sips:a@b"),
        ("sip:a@b", "sip:a:x@b"),
        ("sip:a%3Bb@c", "sip:a;b@c"),
    ],
)
def test_different_uris(one: str, other: str) -> None:
    """The pairs that §19.1.4 calls different are different both ways."""
    assert not SipUri.parse(one).equivalent(SipUri.parse(other))
    assert not SipUri.parse(other).equivalent(SipUri.parse(one))


def test_escapes_compare_in_any_case() -> None:
    """%3b and %3B are the same octet."""
    assert SipUri.parse("sip:a%3bb@c").equivalent(SipUri.parse("sip:a%3Bb@c"))


def test_params_are_set_and_taken_away() -> None:
    """with_params replaces a parameter in any case, adds one without value, and removes one."""
    uri = SipUri.parse("sip:a@b;Transport=udp;x=1;y")
    assert str(uri.with_params(transport="tcp", lr="", x=None)) == "sip:a@b;y;transport=tcp;lr"


def test_headers_are_taken_away_for_the_request_line() -> None:
    """A Request-URI has no headers (§19.1.5); a URI without any is returned as it is."""
    bare = SipUri.parse("sip:a@b?x=1").without_headers()
    assert str(bare) == "sip:a@b"
    assert bare.without_headers() is bare


def test_unescape_keeps_what_is_not_utf8() -> None:
    """Octets that are no UTF-8 come out as surrogates, so that nothing is lost."""
    assert unescape("%41%ff") == "A\udcff"
    assert unescape("plain") == "plain"


def test_tel_uris() -> None:
    """A tel URI keeps its separators, knows its digits, and prints as it was."""
    uri = parse_uri("tel:+1-(201).555-0123;phone-context=example.com;ext")
    assert isinstance(uri, TelUri)
    assert (uri.scheme, uri.number, uri.digits) == ("tel", "+1-(201).555-0123", "+12015550123")
    assert (uri.param("phone-context"), uri.param("ext"), uri.param("x")) == ("example.com", "", None)
    assert str(uri) == "tel:+1-(201).555-0123;phone-context=example.com;ext"
    assert str(parse_uri("tel:911")) == "tel:911"


@pytest.mark.parametrize(
    "text", ["tel:", "tel:+1 2", "tel:abc;", "tel:1;;", "http", "", "*", "1x:y", "x:", "mail to:a"]
)
def test_other_malformed_uris_are_refused(text: str) -> None:
    """What is no URI of any scheme raises a remote error."""
    with pytest.raises(MalformedValue):
        parse_uri(text)


def test_tel_parse_refuses_other_schemes() -> None:
    """TelUri.parse reads tel URIs alone."""
    with pytest.raises(MalformedValue):
        TelUri.parse("sip:a@b")


@pytest.mark.parametrize(("text", "scheme"), [("mailto:a@b", "mailto"), ("URN:service:sos", "urn")])
def test_other_uris_pass_through(text: str, scheme: str) -> None:
    """A URI of a scheme that we do not know is kept as it is."""
    uri: Uri = parse_uri(text)
    assert (str(uri), uri.scheme) == (text, scheme)
    assert OtherUri(text="*").scheme == ""
