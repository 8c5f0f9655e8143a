"""Bytes to messages, with limits, and judging them (RFC 3261 §7, §8.2, §18.3)."""

from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offhook.sip.errors import FramingError, MalformedMessage
from offhook.sip.framing import StreamFramer
from offhook.sip.message import Request, Response, refusal
from offhook.sip.parse import Limits, parse, validate

INVITE = b"""INVITE sip:bob@biloxi.example.com SIP/2.0
Via: SIP/2.0/UDP pc33.atlanta.example.com;branch=z9hG4bK776asdhds
Max-Forwards: 70
To: Bob <sip:bob@biloxi.example.com>
From: Alice <sip:alice@atlanta.example.com>;tag=1928301774
Call-ID: a84b4c76e66710@pc33.atlanta.example.com
CSeq: 314159 INVITE
Contact: <sip:alice@pc33.atlanta.example.com>
Content-Type: application/sdp
Content-Length: 4

v=0
""".replace(b"\n", b"\r\n").removesuffix(b"\n")

OK = INVITE.replace(b"INVITE sip:bob@biloxi.example.com SIP/2.0", b"SIP/2.0 200 OK").replace(
    b"Max-Forwards: 70\r\n", b""
)


def refused(data: bytes, limits: Limits | None = None) -> MalformedMessage:
    """What parsing and judging the bytes raises."""
    with pytest.raises(MalformedMessage) as caught:
        validate(parse(data, limits or Limits()))
    return caught.value


def test_a_request_is_read() -> None:
    """Start line, headers and body come apart, and the whole is in order."""
    request = parse(INVITE)
    assert isinstance(request, Request)
    assert (request.method, request.text_uri, request.body) == ("INVITE", "sip:bob@biloxi.example.com", b"v=0\r")
    validate(request)


def test_a_response_is_read() -> None:
    """Code and reason phrase come out of the status line, and the whole is in order."""
    response = parse(OK)
    assert isinstance(response, Response)
    assert (response.code, response.reason) == (200, "OK")
    validate(response)


@pytest.mark.parametrize(
    ("line", "code", "reason"),
    [
        (b"SIP/2.0 100 ", 100, ""),
        (b"SIP/2.0 100", 100, ""),
        (b"sip/2.0 486 Busy Here  now", 486, "Busy Here  now"),
        ("SIP/2.0 200 = 2**3 * 5**2 но".encode(), 200, "= 2**3 * 5**2 но"),
    ],
)
def test_status_lines(line: bytes, code: int, reason: str) -> None:
    """The reason phrase may be empty, missing, spaced and UTF-8 (RFC 4475 §3.1.1.11)."""
    response = parse(OK.replace(b"SIP/2.0 200 OK", line, 1))
    assert isinstance(response, Response)
    assert (response.code, response.reason) == (code, reason)


@pytest.mark.parametrize(
    "line",
    [
        b"SIP/2.0 4294967301 better not break the receiver",
        b"SIP/2.0 99 x",
        b"SIP/2.0 700 x",
        b"SIP/2.0 20x OK",
        b"SIP/2.0  200 OK",
        b"SIP/2.0",
        b"SIP/3.0 200 OK",
        b"SIP/2.0 200 O\rK",
        b"SIP/2.0 200 O\x00K",
    ],
)
def test_malformed_status_lines_are_refused_without_answer(line: bytes) -> None:
    """A response is never answered, however broken."""
    assert refused(OK.replace(b"SIP/2.0 200 OK", line, 1)).partial == ()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"INVITE sip:bob@biloxi.example.com SIP/7.0", 505),
        (b"INVITE sip:bob@biloxi.example.com HTTP/1.1", 400),
        (b"INVITE sip:bob@biloxi.example.com", 400),
        (b"INVITE  sip:bob@biloxi.example.com  SIP/2.0", 400),
        (b"INVITE sip:bob@biloxi.example.com SIP/2.0  ", 400),
        (b"INVITE sip:bob@biloxi.example.com; lr SIP/2.0", 400),
        (b"INVITE <sip:bob@biloxi.example.com> SIP/2.0", 400),
        (b"IN@VITE sip:bob@biloxi.example.com SIP/2.0", 400),
        (b" sip:bob@biloxi.example.com SIP/2.0", 400),
        (b"INVITE sip:bob\x00@biloxi.example.com SIP/2.0", 400),
        (b"INVITE sip:bob\r@biloxi.example.com SIP/2.0", 400),
        (b"INVITE nobodyKnowsThisScheme:totallyopaque SIP/2.0", 416),
        (b"INVITE sip:" + b"b" * 8200 + b"@biloxi.example.com SIP/2.0", 414),
        (b"BYE sip:bob@biloxi.example.com SIP/2.0", 400),
    ],
)
def test_malformed_request_lines_are_answered(line: bytes, code: int) -> None:
    """A broken request line leads to its code, with what the answer must echo."""
    error = refused(INVITE.replace(b"INVITE sip:bob@biloxi.example.com SIP/2.0", line, 1))
    assert error.code == code
    answer = refusal(error)
    assert answer is not None
    assert answer.call_id == "a84b4c76e66710@pc33.atlanta.example.com"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"Content-Length: 4", b"Content-Length: 5", 400),
        (b"Content-Length: 4", b"Content-Length: -999", 400),
        (b"Content-Length: 4", b"Content-Length: x", 400),
        (b"Content-Length: 4", b"Content-Length:", 400),
        (b"Content-Length: 4", b"Content-Length: 9999", 400),
        (b"Content-Length: 4", b"Content-Length: 70000", 413),
        (b"Content-Length: 4", b"Content-Length: 4\r\nl: 4", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: 300", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: x", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\r\nMax-Forwards: 7", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\r\nno colon", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\r\nX: a\x00b", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\r\nX: " + b"x" * 9000, 513),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\r\nX: " + b"x\r\n x" * 4000, 513),
        (b"Content-Type: application/sdp", b"X: y\r\n" * 256 + b"c: application/sdp", 513),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\r\nRoute: <sip:a", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: 70\r\nRecord-Route: nonsense", 400),
        (b"Contact: <sip:alice@pc33.atlanta.example.com>", b'Contact: "Joe" <sip:joe@example.org>;;;;', 400),
        (b"Content-Type: application/sdp", b"Content-Type: sdp", 400),
        (b"Content-Type: application/sdp", b"c: a/b\r\nContent-Type: application/sdp", 400),
        (b"To: Bob <sip:bob@biloxi.example.com>", b'To: "Bob <sip:bob@biloxi.example.com>', 400),
        (b"From: Alice <sip:", b"From: Bell, Alexander <sip:", 400),
        (b"From: Alice <sip:", b"From: Alice < sip:", 400),
    ],
)
def test_malformed_headers_are_answered(old: bytes, new: bytes, code: int) -> None:
    """A broken header leads to its code, with what the answer must echo."""
    error = refused(INVITE.replace(old, new, 1))
    assert error.code == code
    assert refusal(error) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"CSeq: 314159 INVITE", b"CSeq: INVITE"),
        (b"CSeq: 314159 INVITE", b"CSeq: 1 INVITE BYE"),
        (b"CSeq: 314159 INVITE\r\n", b""),
        (b"Via: SIP/2.0/UDP", b"Vie: SIP/2.0/UDP"),
        (b"Via: SIP/2.0/UDP", b"Via: SIP/2.0/UDP <"),
        (b"Via: SIP/2.0/UDP", b"Via: "),
        (b"Via: SIP/2.0/UDP", b"X: \x00\r\nVia: \x00 SIP/2.0/UDP"),
    ],
)
def test_what_cannot_be_matched_cannot_be_answered(old: bytes, new: bytes) -> None:
    """Without something like a Via and a CSeq nobody would know the answer."""
    assert old in INVITE
    assert refused(INVITE.replace(old, new, 1)).partial == ()


@pytest.mark.parametrize(
    ("old", "new", "echoed"),
    [
        (b"CSeq: 314159 INVITE", b"CSeq: 36893488147419103232 INVITE", ("CSeq", "36893488147419103232 INVITE")),
        (b"CSeq: 314159 INVITE\r\n", b"CSeq: 314159 INVITE\r\nCSeq: 1 INVITE\r\n", ("CSeq", "314159 INVITE")),
        (b"CSeq: 314159 INVITE\r\n", b"CSeq: 314159 ACK\r\n", ("CSeq", "314159 ACK")),
        (b"Call-ID: a84b4c76e66710@pc33.atlanta.example.com\r\n", b"", ("Call-ID", None)),
        (b"Call-ID: a84b4c76e66710@pc33.atlanta.example.com\r\n", b"Call-ID: \r\n", ("Call-ID", "")),
        (b"Call-ID: a84b4c76e66710@pc33.atlanta.example.com\r\n", b"Call-ID: 1\r\ni: 2\r\n", ("Call-ID", "1")),
        (b"To: Bob <sip:bob@biloxi.example.com>\r\n", b"", ("To", None)),
        (b"To: Bob <sip:bob@biloxi.example.com>\r\n", b"To: <sip:a>\r\nt: <sip:b>\r\n", ("To", "<sip:a>;tag=ours")),
        (b"From: Alice <sip:alice@atlanta.example.com>;tag=1928301774\r\n", b"", ("From", None)),
        (
            b"Via: SIP/2.0/UDP pc33",
            b"Via: SIP/9.0/UDP pc33;;,x\r\nVia: SIP/2.0/UDP pc33",
            ("Via", "SIP/9.0/UDP pc33;;,x"),
        ),
    ],
)
def test_what_is_missing_or_doubled_is_answered_with_the_rest(
    old: bytes, new: bytes, echoed: tuple[str, str | None]
) -> None:
    """Fields go back as they came, of those that stand once the first (RFC 4475 §3.1.2, §3.3.1, §3.3.8)."""
    assert old in INVITE
    answer = refusal(refused(INVITE.replace(old, new, 1)), to_tag="ours")
    assert answer is not None
    assert answer.headers.get(echoed[0]) == echoed[1]
    assert parse(bytes(answer)) == answer


def test_an_ack_is_never_answered() -> None:
    """A broken ACK is refused in silence (§17)."""
    ack = INVITE.replace(b"INVITE", b"ACK")
    assert refused(ack.replace(b"Max-Forwards: 70", b"Max-Forwards: x")).partial == ()
    assert refused(ack.replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1)).partial == ()


def test_a_missing_max_forwards_is_let_pass() -> None:
    """An old peer may leave Max-Forwards out (§16.3)."""
    validate(parse(INVITE.replace(b"Max-Forwards: 70\r\n", b"")))


def test_a_response_without_the_mandatory_fields_is_refused() -> None:
    """A response is judged by the same fields."""
    assert refused(OK.replace(b"Call-ID", b"X-Call-ID")).partial == ()


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\x00", b"INVITE", INVITE.partition(b"\r\n\r\n")[0], b"\r\n" * 40])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    """Keep-alives, noise and a header without its end are no messages."""
    assert refused(data).code == 400


def test_a_message_above_the_limit_is_refused() -> None:
    """One byte too many leads to 513, and is answered."""
    limits = Limits(message=len(INVITE))
    validate(parse(INVITE, limits))
    error = refused(INVITE + b"x", limits)
    assert error.code == 513
    assert error.partial


def test_limits_are_where_they_say() -> None:
    """A message may have as many header lines and as long ones as the limits say."""
    lines = INVITE.count(b"\r\n", 0, INVITE.index(b"\r\n\r\n"))
    parse(INVITE, Limits(header_lines=lines))
    assert refused(INVITE, Limits(header_lines=lines - 1)).code == 513
    longest = max(len(line) for line in INVITE.split(b"\r\n"))
    parse(INVITE, Limits(line=longest))
    assert refused(INVITE, Limits(line=longest - 3)).code == 513


def test_bytes_after_the_body_are_dropped() -> None:
    """In a datagram what follows the announced body does not count (§18.3)."""
    assert parse(INVITE + b"more").body == b"v=0\r"


def test_without_content_length_the_datagram_is_the_body() -> None:
    """Everything after the empty line is the body, NUL and all."""
    message = parse(INVITE.replace(b"Content-Length: 4\r\n", b"") + b"\x00\xff")
    assert message.body == b"v=0\r\x00\xff"


def test_line_ends_before_the_start_line_are_ignored() -> None:
    """A peer may send CRLFs first (§7.5)."""
    validate(parse(b"\r\n\r\n" + INVITE))


def test_a_header_line_cannot_be_made_by_a_lone_line_end() -> None:
    """CR or LF alone is no line end, and is no part of a value either."""
    for smuggled in (b"X: y\nContent-Length: 0", b"X: y\rContent-Length: 0"):
        assert refused(INVITE.replace(b"Max-Forwards: 70", smuggled)).code == 400


_PIECES = (
    b'INVITE|sip:a@b|Via|v: SIP/2.0/UDP a|To|<sip:a>|CSeq: 1 INVITE|Contact: *|l: 0|"|<|>|;|,|=|:|%|[| |\\|\0|\xff'
)
_pieces = st.sampled_from([*_PIECES.split(b"|"), b"\r\n", b"\r\n ", b"\r", b"\n"])


@given(st.one_of(st.binary(max_size=300), st.lists(_pieces, max_size=40).map(b"".join)))
@example(INVITE)
@example(OK)
def test_nothing_but_a_remote_error_escapes(data: bytes) -> None:
    """Any bytes give a message or MalformedMessage; what can be answered gives an answer that reads back."""
    try:
        message = parse(data)
        assert parse(bytes(message)) == message
        validate(message)
    except MalformedMessage as error:
        answer = refusal(error, to_tag="t")
        if answer is not None:
            assert isinstance(parse(bytes(answer)), Response)


@pytest.mark.parametrize(
    "line",
    [
        b"X: a" + b" " * 60000 + b"b\r\n c",
        b"l:" + b" " * 60000 + b"1\r\n c",
        b"To: " + b'"\\' * 4000,
        b"To: " + b"<" * 8000,
        b"To: x" + b" \r\n " * 2000 + b"<",
        b"Route: <sip:a>" + b" ;" * 4000,
        b"Contact: " + b"<sip:a>," * 1000,
        b"From: <sip:" + b"a:" * 4000 + b">",
        b"From: <sip:a@b" + b";a=b" * 2000 + b"?>",
        b"Content-Type: a/b" + b"; a" * 2700 + b'="',
    ],
)
def test_hostile_headers_are_read_in_one_pass(line: bytes) -> None:
    """A header made to backtrack takes no longer than any other of its size."""
    started = process_time()
    with pytest.raises(MalformedMessage):
        validate(parse(INVITE.replace(b"Max-Forwards: 70", line)))
    with pytest.raises(FramingError):
        StreamFramer().feed(INVITE.replace(b"Content-Length: 4", line + b"\r\nl: x"))
    assert process_time() - started < 2


@given(st.data())
def test_nothing_but_a_remote_error_escapes_from_damaged_messages(data: st.DataObject) -> None:
    """A message with a piece cut out, doubled or overwritten is read or refused, and what passed is safe to use."""
    whole = data.draw(st.sampled_from([INVITE, OK]))
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, min(len(whole), start + 20)))
    damaged = whole[:start] + data.draw(_pieces | st.just(b"")) + whole[stop:]
    try:
        message = parse(damaged)
        validate(message)
    except MalformedMessage:
        return
    for name in ("call_id", "cseq", "from_tag", "to_tag", "via", "contact", "route", "record_route", "max_forwards"):
        getattr(message, name)
    if isinstance(message, Request):
        assert message.uri.scheme in {"sip", "sips", "tel"}
