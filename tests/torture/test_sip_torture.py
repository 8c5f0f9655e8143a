"""Hard but legal, and broken messages, after the categories of RFC 4475 and RFC 5118; the messages are our own.

Each broken one states the code that it leads to; None means that it gets no answer.
"""

import pytest

from offhook.sip.errors import MalformedMessage
from offhook.sip.message import Request, Response, refusal, response_to
from offhook.sip.parse import parse, validate

TAIL = """To: <sip:desk@example.net>
From: <sip:shop@example.org>;tag=81x2
Call-ID: torture@198.51.100.7
CSeq: 12 {method}
Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKtorture
Max-Forwards: 70
Content-Length: 0

"""


def wire(text: str) -> bytes:
    """The message with CRLF line ends."""
    return text.encode().replace(b"\n", b"\r\n")


def request(line: str, method: str = "OPTIONS", **replaced: str) -> bytes:
    """A request with this start line; header fields are replaced by name, with _ for -, or left out when empty."""
    text = TAIL.format(method=method)
    for name, value in replaced.items():
        header = name.replace("_", "-")
        start = text.index(f"{header}:")
        stop = text.index("\n", start) + 1
        text = text[:start] + (f"{value}\n" if value else "") + text[stop:]
    return wire(f"{line}\n{text}")


def accepted(data: bytes) -> Request:
    """The request, judged and found right; it can be answered, and the answer reads back."""
    message = parse(data)
    assert isinstance(message, Request)
    validate(message)
    assert parse(bytes(message)) == message
    answer = response_to(message, 200, to_tag="ours")
    assert parse(bytes(answer)) == answer
    return message


# --- legal -------------------------------------------------------------------------------------------------------


def test_white_space_and_folds_everywhere() -> None:
    """Every place that may hold white space or a fold holds it (RFC 4475 §3.1.1.1)."""
    message = accepted(
        wire(
            "INVITE sip:desk@example.net;odd=1 SIP/2.0\nTO :\n sip:desk@example.net ;   tag    = 77\n"
            'From   : "A \\\\\\""       <sip:shop@example.org>\n  ;\n  tag = 81x2\nMaX-fOrWaRdS: 0068\n'
            "Call-ID: torture@198.51.100.7\nCSeq: 0009\n  INVITE\n"
            "Via  : SIP  /   2.0\n /UDP\n    198.51.100.7;branch=390skdjuw\ns :\n"
            "NewFangledHeader:   newfangled value\n continued newfangled value\n"
            "UnknownHeaderWithUnusualValue: ;;,,;;,;\nContent-Type: application/sdp\n"
            "Route:\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\n"
            "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\n  branch  =   z9hG4bK9ikj8  ,\n"
            " SIP  /    2.0   / UDP  198.51.100.111   ; branch=\n z9hG4bK30239\n"
            'm:"Quoted \\"\\"" <sip:shop@example.org> ; newparam =\n      newvalue ;\n  secondparam ; q = 0.33\n'
            "Content-Length   : 3\n\nv=0"
        )
    )
    assert (message.to_tag, message.from_tag, message.max_forwards) == ("77", "81x2", 68)
    assert (message.cseq.number, message.body) == (9, b"v=0")
    assert [via.branch for via in message.vias] == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]
    assert message.headers.get("Subject") == ""
    assert message.headers.get("NewFangledHeader") == "newfangled value continued newfangled value"
    assert message.headers.get("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    assert message.contact is not None
    assert (message.contact.param("q"), message.contact.param("newparam")) == ("0.33", "newvalue")
    assert message.route[0].sip_uri.is_loose_router


def test_every_legal_character() -> None:
    """Methods, users, tags and quoted text may hold far more than letters (RFC 4475 §3.1.1.2)."""
    method = "!odd-Method0123456789_*+`.%indeed'~"
    uri = "sip:1_odd.URI~(so-be!it)&isn't+it$/mad?,/;;*:&it+has=1,odd!*pas$wo~d_too.(isn't-it)@example.com"
    message = accepted(
        request(
            f"{method} {uri} SIP/2.0",
            method,
            To='To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:desk@example.net>',
            From="From: token1~` token2'+_ token3*%!.- <sip:shop@example.org>;pA''~+*_!.-%=\"да\";tag=_t~1'+`*%!-.",
            Call_ID="Call-ID: odd.%ZK-!.*_+'@w\"*:<>?{}[]\\/ord",
        )
    )
    assert (message.method, message.text_uri) == (method, uri)
    assert message.from_tag == "_t~1'+`*%!-."
    assert message.from_.display_name == "token1~` token2'+_ token3*%!.-"
    assert message.call_id == "odd.%ZK-!.*_+'@w\"*:<>?{}[]\\/ord"


def test_escapes_are_not_resolved_too_early() -> None:
    """%00, %40 and %3B in a user are octets of the user (RFC 4475 §3.1.1.3, §3.1.1.4)."""
    message = accepted(request("REGISTER sip:null-%00-user%3Bx%40y@example.net SIP/2.0", "REGISTER"))
    assert str(message.uri) == "sip:null-%00-user%3Bx%40y@example.net"


def test_a_percent_sign_in_a_token_means_itself() -> None:
    """RE%47IST%45R is a method of its own, not REGISTER (RFC 4475 §3.1.1.5)."""
    assert accepted(request("RE%47IST%45R sip:example.net SIP/2.0", "RE%47IST%45R")).method == "RE%47IST%45R"


def test_no_space_before_the_bracket() -> None:
    """A display name may touch its bracket (RFC 4475 §3.1.1.6)."""
    assert accepted(request("OPTIONS sip:a SIP/2.0", From="From: shop<sip:shop@example.org>;tag=1")).from_tag == "1"


def test_long_values() -> None:
    """Values of some thousands of characters are values (RFC 4475 §3.1.1.7)."""
    user = "u" * 3000
    message = accepted(request(f"OPTIONS sip:{user}@example.net SIP/2.0", Max_Forwards=f"X-{'n' * 500}: {'v' * 4000}"))
    assert message.text_uri == f"sip:{user}@example.net"


def test_a_second_message_in_the_datagram_is_not_seen() -> None:
    """What follows the announced body is dropped (RFC 4475 §3.1.1.8)."""
    assert (
        accepted(request("REGISTER sip:a SIP/2.0", "REGISTER") + request("INVITE sip:b SIP/2.0", "INVITE")).body == b""
    )


def test_any_transport_in_a_via() -> None:
    """Unknown transports are tokens (RFC 4475 §3.1.1.10)."""
    vias = ", ".join(f"SIP/2.0/{name} h;branch=z9hG4bK{name}" for name in ("UNKNOWN", "TLS-SCTP", "tcp"))
    message = accepted(request("OPTIONS sip:a SIP/2.0", Via=f"Via: {vias}"))
    assert [via.transport for via in message.vias] == ["UNKNOWN", "TLS-SCTP", "tcp"]


def test_binary_bodies() -> None:
    """A body is octets, line ends and NUL included (RFC 4475 §3.1.1.11)."""
    body = bytes(range(256)) + b"\r\n\r\n\r\n"
    data = request("MESSAGE sip:a SIP/2.0", "MESSAGE", Content_Length=f"Content-Length: {len(body)}") + body
    assert accepted(data).body == body


@pytest.mark.parametrize("line", ["SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое", "SIP/2.0 100 "])
def test_unusual_reason_phrases(line: str) -> None:
    """A reason phrase may be UTF-8, or empty (RFC 4475 §3.1.1.12, §3.1.1.13)."""
    message = parse(request(line))
    assert isinstance(message, Response)
    validate(message)
    assert bytes(message).startswith(wire(f"{line}\n"))


def test_an_old_request() -> None:
    """A request by the rules of RFC 2543: no branch cookie, no From tag, no Max-Forwards (RFC 4475 §3.4.1)."""
    message = accepted(
        request(
            "INVITE sip:desk@example.net SIP/2.0",
            "INVITE",
            Via="Via: SIP/2.0/UDP iftgw.example.com",
            From="From: <sip:shop@example.org;user=phone>",
            Max_Forwards="",
        )
    )
    assert (message.from_tag, message.via.has_magic_cookie, message.max_forwards) == (None, False, None)


@pytest.mark.parametrize(
    ("via", "host", "received"),
    [
        ("SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKa", "2001:db8::9:1", "2001:db8::9:255"),
        ("SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKa", "2001:db8::9:1", "2001:db8::9:255"),
        ("SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKa", "::ffff:192.0.2.10", None),
    ],
)
def test_ipv6(via: str, host: str, received: str | None) -> None:
    """IPv6 addresses in Request-URI, Via and Contact (RFC 5118 §4)."""
    message = accepted(
        request("OPTIONS sip:[2001:db8::10:5070] SIP/2.0", Via=f"Via: {via}\nm: <sip:a@[2001:db8::1]:5061>")
    )
    assert (message.via.host, message.via.received) == (host, received)
    assert message.contact is not None
    assert (message.contact.sip_uri.host, message.contact.sip_uri.port) == ("2001:db8::1", 5061)


# --- broken ------------------------------------------------------------------------------------------------------

LINE = "OPTIONS sip:desk@example.net SIP/2.0"

BROKEN: dict[str, tuple[bytes, int | None]] = {
    "extra separators in a Via (3.1.2.1)": (request(LINE, Via="Via: SIP/2.0/UDP 198.51.100.7;;,;,,"), None),
    "extra separators in a Contact (3.1.2.1)": (request(LINE, Via=f"{TAIL.splitlines()[4]}\nm: <sip:a>;;;;"), 400),
    "Content-Length larger than the body (3.1.2.2)": (request(LINE, Content_Length="l: 9999"), 400),
    "negative Content-Length (3.1.2.3)": (request(LINE, Content_Length="l: -999"), 400),
    "numbers out of range in a request (3.1.2.4)": (request(LINE, CSeq="CSeq: 36893488147419103232 OPTIONS"), None),
    "Max-Forwards out of range (3.1.2.4)": (request(LINE, Max_Forwards="Max-Forwards: 300"), 400),
    "numbers out of range in a response (3.1.2.5)": (
        request("SIP/2.0 503 x", CSeq="CSeq: 9292394834772304023312 X"),
        None,
    ),
    "unclosed quote in the To (3.1.2.6)": (request(LINE, To='To: "Desk <sip:desk@example.net>'), 400),
    "brackets around the Request-URI (3.1.2.7)": (request("OPTIONS <sip:desk@example.net> SIP/2.0"), 400),
    "white space in the Request-URI (3.1.2.8)": (request("OPTIONS sip:desk@example.net; lr SIP/2.0"), 400),
    "two spaces in the start line (3.1.2.9)": (request("OPTIONS  sip:desk@example.net  SIP/2.0"), 400),
    "white space after the start line (3.1.2.10)": (request(f"{LINE}  "), 400),
    "headers without brackets in a Contact (3.1.2.13)": (
        request(LINE, Max_Forwards="Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"),
        400,
    ),
    "white space inside the brackets (3.1.2.14)": (request(LINE, To='To: "Desk" < sip:desk@example.net >'), 400),
    "comma in an unquoted display name (3.1.2.15)": (
        request(LINE, From="From: Bell, A <sip:a@example.com>;tag=43"),
        400,
    ),
    "unknown protocol version (3.1.2.16)": (request("OPTIONS sip:desk@example.net SIP/7.0"), 505),
    "method differs from the CSeq (3.1.2.17)": (request(LINE, "INVITE"), 400),
    "unknown method differs from the CSeq (3.1.2.18)": (request("NEWMETHOD sip:a SIP/2.0", "INVITE"), 400),
    "status code too large (3.1.2.19)": (request("SIP/2.0 4294967301 better not break"), None),
    "no Call-ID (3.3.1)": (request(LINE, Call_ID=""), None),
    "unknown scheme in the Request-URI (3.3.2)": (request("OPTIONS nobodyKnowsThisScheme:opaque SIP/2.0"), 416),
    "known but wrong scheme in the Request-URI (3.3.3)": (request("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"), 416),
    "two of what stands once (3.3.8)": (request(LINE, Call_ID="Call-ID: 1\ni: 2"), None),
    "two Content-Lengths (3.3.9)": (request(LINE, Content_Length="Content-Length: 0\nl: 8"), 400),
    "IPv6 without brackets (RFC 5118 4.2)": (request("OPTIONS sip:2001:db8::10 SIP/2.0"), 400),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_messages(name: str) -> None:
    """A broken message leads to its code, or to silence when it cannot be matched to anything."""
    data, code = BROKEN[name]
    with pytest.raises(MalformedMessage) as caught:
        validate(parse(data))
    answer = refusal(caught.value, to_tag="ours")
    assert (answer.code if answer else None) == code
    if answer:
        assert parse(bytes(answer)) == answer


def test_other_schemes_outside_the_request_uri() -> None:
    """To, From and Contact may name any scheme (RFC 4475 §3.3.4)."""
    message = accepted(
        request(
            "REGISTER sip:example.net SIP/2.0",
            "REGISTER",
            To="To: isbn:2983792873",
            From="From: <http://www.example.com>;tag=3234233",
            Max_Forwards="Contact: <name:Jo_Smith>",
        )
    )
    assert (message.to.uri.scheme, message.from_.uri.scheme, message.from_tag) == ("isbn", "http", "3234233")
