"""SIP targets: the examples of the mission, then every rule of contract 1 §2.2, §4.5 and §4.7."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offhook.calls.edge_names import EDGE_OF_NAME, REGION_OF_EDGE
from offhook.calls.sip_target import InvalidTarget, SipTarget, parse_target
from offhook.sip.headers import check_field
from offhook.sip.uri import SipUri


def codes(target: SipTarget) -> list[int]:
    """The codes of the warnings."""
    return [code for code, _ in target.warnings]


# --- the mission, row by row -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("sip:jack@example.com?x-myotherheader=bar", (("x-myotherheader", "bar"),)),
        (
            "sip:jack@example.com?x-mycustomheader=foo&x-myotherheader=bar",
            (("x-mycustomheader", "foo"), ("x-myotherheader", "bar")),
        ),
        (
            "sip:jack@example.com?X-customName=Bob%2CShield%2BTitle%2DManager&X-otherHeader=true",
            (("X-customName", "Bob,Shield+Title-Manager"), ("X-otherHeader", "true")),
        ),
        (
            "sip:jack@example.com?User-to-User=123456789%3Bencoding%3Dhex",
            (("User-to-User", "123456789;encoding=hex"),),
        ),
        (
            "sip:jack@example.com?X-User-to-User=123456789%3Bencoding%3Dhex",
            (("X-User-to-User", "123456789;encoding=hex"),),
        ),
        (
            "sip:jack@example.com?Remote-Party-ID=%3Csip%3A%2B14155550100%40example.com%3E%3Bparty%3Dcalling",
            (("Remote-Party-ID", "<sip:+14155550100@example.com>;party=calling"),),
        ),
        (
            "sip:jack@example.com?P-Preferred-Identity=%3Csip%3Ajack%40example.com%3E&P-Called-Party-ID=sip%3Aj%40e.com",
            (("P-Preferred-Identity", "<sip:jack@example.com>"), ("P-Called-Party-ID", "sip:j@e.com")),
        ),
    ],
)
def test_headers_of_the_mission(text: str, headers: tuple[tuple[str, str], ...]) -> None:
    """Rows 4, 6 and 7: custom headers, User-to-User and the three standard ones reach the INVITE decoded."""
    target = parse_target(text)
    assert target.headers == headers
    assert target.warnings == ()
    assert target.uri == "sip:jack@example.com"


@pytest.mark.parametrize(
    "edge", ["ashburn", "umatilla", "dublin", "frankfurt", "singapore", "tokyo", "sao-paulo", "sydney"]
)
def test_edges_of_the_mission(edge: str) -> None:
    """Row 8: each of the eight edges, and its legacy region, is chosen and leaves the URI."""
    region = REGION_OF_EDGE[edge]
    for text in (f"sip:jack@example.com;edge={edge}", f"sip:jack@example.com;region={region}"):
        target = parse_target(text)
        assert (target.edge, target.uri, target.warnings) == (edge, "sip:jack@example.com", ())


def test_default_edge_and_the_other_spelling() -> None:
    """Row 8: ashburn when none is named; san-jose is umatilla; letters may be of any case."""
    assert parse_target("sip:jack@example.com").edge == "ashburn"
    assert parse_target("sip:jack@example.com;edge=san-jose").edge == "umatilla"
    assert parse_target("sip:jack@example.com;EDGE=Frankfurt").edge == "frankfurt"


def test_edge_and_headers_together() -> None:
    """Parameters stand before the headers, and neither disturbs the other."""
    target = parse_target("sip:jack@example.com:5070;edge=tokyo;transport=tcp?X-a=1&X-b=2")
    assert target.edge == "tokyo"
    assert target.uri == "sip:jack@example.com:5070;transport=tcp"
    assert target.headers == (("X-a", "1"), ("X-b", "2"))
    assert (target.user, target.host, target.port, target.transport) == ("jack", "example.com", 5070, "tcp")


# --- the URI -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("kate@example.com", "sip:kate@example.com"),
        ("\n   sip:kate@example.com\t ", "sip:kate@example.com"),
        ("SIP:kate@Example.com;user=phone;x=1", "sip:kate@Example.com;user=phone;x=1"),
        ("sip:example.com", "sip:example.com"),
        ("sip:kate@[2001:db8::1]:5070", "sip:kate@[2001:db8::1]:5070"),
        ("sip:kate@10.0.0.1", "sip:kate@10.0.0.1"),
        ("alice@office.sip.example.com", "sip:alice@office.sip.example.com"),
        ("sip:kate@h;method=BYE;tnx=TK1;secure=false", "sip:kate@h"),
    ],
)
def test_the_uri_is_cleaned(text: str, uri: str) -> None:
    """The scheme may be missing, white space around is dropped, platform parameters go and others stay."""
    assert parse_target(text).uri == uri


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "sip:",
        "sip:kate@",
        "sip:ka te@example.com",
        "sip:kate@example.com ?X-a=b",
        "sip:kate@example.com?X-a=Bob Smith",
        "sip:kate@exam\nple.com",
        "tel:+14155550100",
        "client:bob",
        "http://example.com",
        "+14155550100",
        "14155550100",
        "sip:kate@14155550100",
        "sip:kate@...",
        "sip:kate@example.com:0",
        "sip:kate@example.com:99999",
        "sip:kate@example.com>;x=<",
        "sip:kate%zz@example.com",
        "sip:kate\x00@example.com",
        "sip:\ud800@example.com",
        "sip:kate@[::zz]",
        "sip:" + "a" * 240 + "@example.com",
    ],
)
def test_hopeless_targets_are_refused(text: str) -> None:
    """Inner white space, no host, another scheme, a bare number: 13243."""
    with pytest.raises(InvalidTarget) as caught:
        parse_target(text)
    assert caught.value.error_code == 13243


def test_the_uri_may_have_254_characters() -> None:
    """The limit is on the URI without its headers, and below 255."""
    longest = "sip:" + "a" * (254 - len("sip:@example.com")) + "@example.com"
    assert parse_target(longest + "?X-a=b").uri == longest
    with pytest.raises(InvalidTarget):
        parse_target(longest.replace("@", "a@"))


@pytest.mark.parametrize(
    ("text", "transport", "is_secure", "uri"),
    [
        ("sip:k@h", "udp", False, "sip:k@h"),
        ("sip:k@h;transport=TLS", "tls", False, "sip:k@h;transport=TLS"),
        ("sips:k@h", "tls", False, "sip:k@h;transport=tls"),
        ("sips:k@h;transport=tcp", "tls", False, "sip:k@h;transport=tls"),
        ("sip:k@h;secure=true", "tls", True, "sip:k@h;transport=tls"),
        ("sip:k@h;secure=TRUE;transport=tls", "tls", True, "sip:k@h;transport=tls"),
        ("sip:k@h;secure=false", "udp", False, "sip:k@h"),
    ],
)
def test_transport_and_secure(text: str, transport: str, is_secure: bool, uri: str) -> None:  # noqa: FBT001  # a column
    """The scheme sips becomes sip over TLS, secure means TLS and SRTP."""
    target = parse_target(text)
    assert (target.transport, target.is_secure, target.uri, target.warnings) == (transport, is_secure, uri, ())


def test_secure_wins_over_another_transport() -> None:
    """The keys of SRTP stand in the signalling: secure=true goes by TLS, whatever transport is named beside it."""
    target = parse_target("sip:k@h;transport=udp;secure=true")
    assert (target.transport, target.is_secure, target.uri) == ("tls", True, "sip:k@h;transport=tls")
    assert [code for code, _ in target.warnings] == [32114]


@pytest.mark.parametrize(
    ("parameter", "edge"),
    [
        ("edge=mars", "ashburn"),
        ("edge=", "ashburn"),
        ("region=xx9", "ashburn"),
        ("edge=roaming", "ashburn"),
        ("region=gll", "ashburn"),
        ("edge=frankfurt-ix", "frankfurt"),
        ("edge=san-jose-ix", "umatilla"),
        ("region=ie1-ix", "dublin"),
        ("secure=yes", "ashburn"),
        ("transport=ws", "ashburn"),
        ("tnx=TK123", "ashburn"),
    ],
)
def test_parameters_that_cannot_be_honoured_are_told(parameter: str, edge: str) -> None:
    """An unsupported value is ignored with 32114, and the call goes on."""
    target = parse_target(f"sip:k@h;{parameter}")
    assert (codes(target), target.edge, target.uri) == ([32114], edge, "sip:k@h")
    assert (target.transport, target.is_secure) == ("udp", False)


def test_edge_wins_over_region() -> None:
    """When both are given the edge decides."""
    assert parse_target("sip:k@h;region=de1;edge=tokyo").edge == "tokyo"


def test_every_name_of_an_edge_means_one_of_the_eight() -> None:
    """Interconnect names included."""
    assert set(EDGE_OF_NAME.values()) == set(REGION_OF_EDGE)


# --- headers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("mycustomheader=foo", 13252),
        ("Subject=x", 13252),
        ("P-Asserted-Identity=x", 13252),
        ("X-=x", 13252),
        ("X-Twilio-CallSid=CA1", 32113),
        ("x-TWILIO=1", 32113),
        ("%58-Twilio-CallSid=CA1", 32113),
        ("x-foo%3Dbar", 32111),
        ("X-a%20b=1", 32111),
        ("X-a%0D%0AEvil=1", 32111),
        ("X-a%3A=1", 32111),
        ("X-%C3%A9=1", 32111),
        ("X-%zz=1", 32111),
        ("=1", 32111),
        ("X-a=%0D%0AX-Evil%3A%201", 32112),
        ("X-a=b%0A", 32112),
        ("X-a=b%00", 32112),
        ("X-a=%7F", 32112),
        ("X-a=%09b", 32112),
        ("X-a=%C2%85", 32112),
        ("X-a=%E2%80%A8", 32112),
        ("X-a=%FF%FE", 32112),
        ("X-a=%C3", 32112),
        ("X-a=100%", 32112),
        ("X-a=b\x01", 32112),
        ("User-to-User=%0d%0aA:b", 32112),
    ],
)
def test_a_bad_header_is_left_off_alone(header: str, code: int) -> None:
    """It is told with its code; its neighbours are sent."""
    target = parse_target(f"sip:k@h?X-first=1&{header}&X-last=2")
    assert codes(target) == [code]
    assert target.headers == (("X-first", "1"), ("X-last", "2"))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("Agent%2C+A", "Agent,+A"),
        ("a%2520b", "a%20b"),
        ("%41b", "Ab"),
        ("Zo%C3%AB", "Zoë"),
        ("Zoë", "Zoë"),
        ("a=b=c", "a=b=c"),
        ("%20padded%20", "padded"),
        ("jack@example.com?x", "jack@example.com?x"),
        ("", ""),
    ],
)
def test_values_are_decoded_once(written: str, value: str) -> None:
    """One round of percent-decoding; plus signs stay; UTF-8 is kept; a value may hold = @ and ?."""
    target = parse_target(f"sip:k@h?X-a={written}")
    assert (target.headers, target.warnings) == ((("X-a", value),), ())


def test_a_name_without_a_value_is_an_empty_header() -> None:
    """`?X-flag` is sent without a value."""
    assert parse_target("sip:k@h?X-flag&&").headers == (("X-flag", ""),)


def test_names_keep_their_spelling_and_may_be_repeated() -> None:
    """Case is preserved, and a repeated name is sent again in order."""
    target = parse_target("sip:k@h?x-ID=1&X-Id=2&x-ID=3")
    assert target.headers == (("x-ID", "1"), ("X-Id", "2"), ("x-ID", "3"))


def test_headers_of_1024_characters_are_dropped() -> None:
    """The part as written must be shorter than 1024; else all of it is dropped with 13253 and the call goes on."""
    longest = "X-a=" + "b" * 1019
    assert len(longest) == 1023
    assert parse_target(f"sip:k@h?{longest}").headers == (("X-a", "b" * 1019),)
    target = parse_target(f"sip:k@h?{longest}b")
    assert (target.headers, codes(target), target.uri) == ((), [13253], "sip:k@h")


def test_too_many_headers() -> None:
    """Those past the 64th are left off with one 13251."""
    target = parse_target("sip:k@h?" + "&".join(f"X-{number}=" for number in range(70)))
    assert len(target.headers) == 64
    assert codes(target) == [13251]


def test_warnings_never_tell_a_value() -> None:
    """A header's value may be a secret: only names are shown."""
    target = parse_target("sip:k@h?X-Token=s3cret%00&Authorization=s3cret&X-Twilio-T=s3cret")
    assert len(target.warnings) == 3
    assert "s3cret" not in str(target.warnings)


ANY_CHARACTER = st.characters(exclude_categories=[])  # lone surrogates too
CONTROLS = st.sampled_from(["%0D%0A", "%00", "%C2%9F", "\x00", "\x85", "%250a", "%", "&", "=", "?", "@", ";", "\r\n"])
PIECES = st.lists(
    st.one_of(CONTROLS, st.text(ANY_CHARACTER, max_size=8), st.sampled_from(["X-a", "User-to-User", "edge=tokyo"]))
)


@given(PIECES.map("".join))
@example("%0d%0aVia: x")
@example("\udc85\udc8a")
def test_no_input_yields_a_header_with_a_control_character(text: str) -> None:
    """Whatever is written, what goes onto the INVITE is a legal header and a legal URI."""
    for prefix in ("", "sip:k@h?X-a=", "sip:k@h?", "sip:k@h;"):
        try:
            target = parse_target(prefix + text)
        except InvalidTarget:
            continue
        for name, value in target.headers:
            check_field(name, value)
            assert not any(unicodedata.category(character) == "Cc" for character in name + value)
            value.encode()
        assert str(SipUri.parse(target.uri)) == target.uri
        assert target.edge in REGION_OF_EDGE


@given(st.text(ANY_CHARACTER))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    """Nothing but InvalidTarget is ever raised."""
    try:
        target = parse_target(text)
    except InvalidTarget:
        return
    assert target.host
