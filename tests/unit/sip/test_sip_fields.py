"""Via, CSeq, RAck, Reason, Session-Expires, Retry-After and media types."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.errors import MalformedValue
from offhook.sip.fields import CSeq, MediaType, RAck, Reason, RetryAfter, SessionExpires, Via

_tokens = st.text(string.ascii_letters + string.digits + "-._~", min_size=1, max_size=10)
_ports = st.none() | st.integers(0, 65535)
_seconds = st.integers(0, 2**32 - 1)
_cseqs = st.builds(CSeq, st.integers(0, 2**31 - 1), _tokens)
_others = st.lists(st.tuples(_tokens.map(lambda text: f"x-{text}"), st.just("") | _tokens), max_size=3).map(tuple)
_values = st.one_of(
    st.builds(
        Via,
        transport=_tokens,
        host=st.sampled_from(["example.com", "192.0.2.1", "2001:db8::1"]),
        port=_ports,
        branch=st.none() | _tokens,
        received=st.none() | st.sampled_from(["192.0.2.9", "2001:db8::9"]),
        rport=st.just("") | _ports,
        params=_others,
    ),
    _cseqs,
    st.builds(RAck, rseq=_seconds, cseq=_cseqs),
    st.builds(Reason, protocol=_tokens, cause=st.none() | _seconds, text=st.text(max_size=20)),
    st.builds(SessionExpires, seconds=_seconds, refresher=st.sampled_from([None, "uac", "uas"])),
    st.builds(RetryAfter, seconds=_seconds, duration=st.none() | _seconds),
    st.builds(MediaType, type=_tokens.map(str.lower), subtype=_tokens.map(str.lower), params=_others),
)


@given(_values)
def test_parsing_undoes_printing(
    value: Via | CSeq | RAck | Reason | SessionExpires | RetryAfter | MediaType,
) -> None:
    """A field that was printed reads back as the same value."""
    assert type(value).parse(str(value)) == value


def test_every_part_of_a_via_is_read() -> None:
    """Transport, sent-by, the parameters that we know and those that we do not."""
    via = Via.parse(
        "SIP/2.0/UDP first.example.com:4000;TTL=16;maddr=224.2.0.1;branch=z9hG4bKa7c;Received=192.0.2.5;rport"
    )
    assert (via.transport, via.host, via.port) == ("UDP", "first.example.com", 4000)
    assert (via.branch, via.received, via.rport) == ("z9hG4bKa7c", "192.0.2.5", "")
    assert (via.param("ttl"), via.param("maddr"), via.param("x")) == ("16", "224.2.0.1", None)
    assert via.has_magic_cookie


def test_white_space_around_everything_in_a_via() -> None:
    """White space may stand around the slashes, the colon and the parameters (§25.1)."""
    via = Via.parse("sip /  2.0 / TCP     spindle.example.com : 5061  ;  branch  =   z9hG4bK9ikj8 ; rport = 17")
    assert (via.transport, via.host, via.port, via.branch, via.rport) == (
        "TCP",
        "spindle.example.com",
        5061,
        "z9hG4bK9ikj8",
        17,
    )


def test_ipv6_in_a_via() -> None:
    """An IPv6 sent-by loses its brackets; received is read with and without them (RFC 5118 §4.5)."""
    for received in ("[2001:db8::9:255]", "2001:db8::9:255"):
        via = Via.parse(f"SIP/2.0/UDP [2001:db8::9:1]:5060;received={received};branch=z9hG4bKas3-111")
        assert (via.host, via.port, via.received) == ("2001:db8::9:1", 5060, "2001:db8::9:255")


@pytest.mark.parametrize("received", ["[", "[]"])
def test_via_received_of_nothing(received: str) -> None:
    """Brackets around nothing are no address: they are not printed either."""
    via = Via.parse(f"SIP/2.0/UDP [2001:db8::9:1];received={received}")
    assert via.received is None
    assert Via.parse(str(via)) == via


def test_the_first_of_repeated_via_params_counts() -> None:
    """A second branch does not hide the first."""
    assert Via.parse("SIP/2.0/UDP a;branch=1;branch=2").branch == "1"


def test_branches_of_the_old_rules() -> None:
    """A branch without the cookie, or none at all, does not name the transaction by itself (§17.2.3)."""
    assert not Via.parse("SIP/2.0/UDP a;branch=1").has_magic_cookie
    assert not Via.parse("SIP/2.0/UDP a").has_magic_cookie


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0 a",
        "SIP/3.0/UDP a",
        "SIP/2.0/UDP a b",
        "SIP/2.0/UDP a:99999",
        "SIP/2.0/UDP a;rport=x",
        "SIP/2.0/UDP a;;,;,,",
        "SIP/2.0/UDP [::g]",
        "HTTP/2.0/UDP a",
    ],
)
def test_malformed_vias_are_refused(text: str) -> None:
    """What is no Via raises a remote error."""
    with pytest.raises(MalformedValue):
        Via.parse(text)


@pytest.mark.parametrize(
    "text", ["", "1", "INVITE", "x INVITE", "-1 INVITE", "2147483648 INVITE", "1 IN VITE", "1INVITE"]
)
def test_malformed_cseqs_are_refused(text: str) -> None:
    """A CSeq is a number below 2**31 and a method (§8.1.1.5)."""
    with pytest.raises(MalformedValue):
        CSeq.parse(text)


@pytest.mark.parametrize("text", ["", "1 2", "1 2 3 4", "4294967296 1 INVITE", "1 2147483648 INVITE", "a 1 INVITE"])
def test_malformed_racks_are_refused(text: str) -> None:
    """A RAck is two numbers in range and a method (RFC 3262 §7.2)."""
    with pytest.raises(MalformedValue):
        RAck.parse(text)


def test_reasons() -> None:
    """Protocol, cause and text are read; what else stands there is left out (RFC 3326)."""
    reason = Reason.parse('Q.850 ;cause=16 ;text="Terminated; \\"ok\\"";x=1')
    assert reason == Reason(protocol="Q.850", cause=16, text='Terminated; "ok"')
    assert str(Reason(protocol="SIP")) == "SIP"


@pytest.mark.parametrize("text", ["", ";cause=1", "SIP;cause=x", "S P", "<SIP>"])
def test_malformed_reasons_are_refused(text: str) -> None:
    """What is no Reason raises a remote error."""
    with pytest.raises(MalformedValue):
        Reason.parse(text)


def test_session_intervals() -> None:
    """The interval and who refreshes it, in any case (RFC 4028 §4)."""
    assert SessionExpires.parse("1800 ; Refresher=UAC") == SessionExpires(seconds=1800, refresher="uac")
    assert SessionExpires.parse("90") == SessionExpires(seconds=90)


@pytest.mark.parametrize("text", ["", "x", "90;refresher=me", "90;refresher", "4294967296"])
def test_malformed_session_intervals_are_refused(text: str) -> None:
    """What is no Session-Expires raises a remote error."""
    with pytest.raises(MalformedValue):
        SessionExpires.parse(text)


def test_retry_after_with_a_comment() -> None:
    """The comment is left out, the duration is kept (§20.33)."""
    assert RetryAfter.parse("120 (I'm in a meeting; sorry) ;duration=3600") == RetryAfter(seconds=120, duration=3600)


@pytest.mark.parametrize("text", ["", "soon", "1 (open", "1;duration=x"])
def test_malformed_retry_afters_are_refused(text: str) -> None:
    """What is no Retry-After raises a remote error."""
    with pytest.raises(MalformedValue):
        RetryAfter.parse(text)


def test_media_types() -> None:
    """Type and subtype compare in lower case; parameters are found without their quotes (§20.15)."""
    media = MediaType.parse('Multipart / MIXED ; Boundary="unique; boundary"')
    assert (media.full_type, media.param("boundary"), media.param("charset")) == (
        "multipart/mixed",
        "unique; boundary",
        None,
    )
    with pytest.raises(MalformedValue):
        MediaType.parse("application")
