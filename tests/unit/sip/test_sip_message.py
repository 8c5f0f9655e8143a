"""Requests and responses as values, and the response to a request (RFC 3261 §7, §8.2.6)."""

import pytest

from offhook.sip.address import WILDCARD, Address
from offhook.sip.errors import IllegalValue, MalformedMessage, MalformedValue
from offhook.sip.fields import CSeq, MediaType, Via
from offhook.sip.headers import Headers
from offhook.sip.message import Message, Request, Response, refusal, response_to
from offhook.sip.parse import parse
from offhook.sip.uri import SipUri

FIELDS = (
    ("Via", "SIP/2.0/UDP a.example.com;branch=z9hG4bK1, SIP/2.0/TCP b.example.com;branch=z9hG4bK2"),
    ("Via", "SIP/2.0/TLS c.example.com;branch=z9hG4bK3"),
    ("Record-Route", "<sip:p1;lr>, <sip:p2;lr>"),
    ("Record-Route", "<sip:p3;lr>"),
    ("Route", "<sip:r1;lr>"),
    ("Max-Forwards", "70"),
    ("From", '"Alice" <sip:alice@example.com>;tag=f1'),
    ("To", "<sip:bob@example.com>"),
    ("Call-ID", "c1@example.com"),
    ("CSeq", "7 INVITE"),
    ("Contact", "<sip:alice@a.example.com>"),
    ("Require", "100rel, Timer"),
    ("Supported", "Replaces"),
    ("Allow", "INVITE, ACK"),
    ("Timestamp", "54"),
    ("Content-Type", "application/SDP"),
)


def invite(*extra: tuple[str, str], method: str = "INVITE") -> Request:
    """An INVITE with every field that has an accessor."""
    return Request(method, "sip:bob@example.com", Headers((*FIELDS, *extra)), b"v=0\r\n")


def test_accessors_of_a_request() -> None:
    """Each typed accessor reads its header."""
    request = invite()
    assert request.uri == SipUri(user="bob", host="example.com")
    assert request.text_uri == "sip:bob@example.com"
    assert (request.call_id, request.cseq) == ("c1@example.com", CSeq(7, "INVITE"))
    assert (request.from_.display_name, request.from_tag, request.to_tag) == ("Alice", "f1", None)
    assert str(request.to.uri) == "sip:bob@example.com"
    assert request.via == Via(transport="UDP", host="a.example.com", branch="z9hG4bK1")
    assert [via.branch for via in request.vias] == ["z9hG4bK1", "z9hG4bK2", "z9hG4bK3"]
    assert [str(address.uri) for address in request.record_route] == ["sip:p1;lr", "sip:p2;lr", "sip:p3;lr"]
    assert [str(address.uri) for address in request.route] == ["sip:r1;lr"]
    assert request.contact == Address.parse("<sip:alice@a.example.com>")
    assert request.contacts == [request.contact]
    assert (request.max_forwards, request.require, request.supported) == (70, ["100rel", "timer"], ["replaces"])
    assert (request.allow, request.content_type) == (
        ["INVITE", "ACK"],
        MediaType(type="application", subtype="sdp"),
    )


def test_optional_fields_may_be_absent() -> None:
    """An absent optional field is None or an empty list; an empty Content-Type is none."""
    request = Request("OPTIONS", "sip:x", Headers([("Content-Type", "")]))
    assert (request.contact, request.contacts, request.max_forwards, request.content_type) == (None, [], None, None)
    assert (request.route, request.record_route, request.require, request.vias) == ([], [], [], [])
    assert Request("OPTIONS", "sip:x", Headers()).content_type is None


@pytest.mark.parametrize("name", ["call_id", "cseq", "from_", "to", "from_tag", "to_tag", "via"])
def test_mandatory_fields_raise_when_absent(name: str) -> None:
    """A mandatory field that is absent raises a remote error."""
    with pytest.raises(MalformedValue):
        getattr(Request("OPTIONS", "sip:x", Headers()), name)


def test_accessors_follow_the_headers() -> None:
    """What was read is forgotten when the headers change."""
    request = invite()
    assert str(request.to) == "<sip:bob@example.com>"
    request.headers.set("To", "<sip:bob@example.com>;tag=t2")
    assert request.to_tag == "t2"
    request.headers.set("Contact", "*")
    assert request.contacts == [WILDCARD]


def test_printing_a_request() -> None:
    """The start line, the fields in order, a Content-Length of our own making, the body."""
    request = Request("INFO", "sip:a@b", Headers([("l", "999"), ("X", "caf\udce9"), ("Content-Length", "5")]), b"abc")
    assert bytes(request) == b"INFO sip:a@b SIP/2.0\r\nX: caf\xe9\r\nContent-Length: 3\r\n\r\nabc"
    assert repr(request) == "<Request INFO sip:a@b SIP/2.0>"


def test_any_spelling_of_content_length_is_replaced() -> None:
    """There is one Content-Length on the wire, however the field was spelled."""
    printed = bytes(Response(200, "OK", Headers([("cOnTeNt-LeNgTh", "9"), ("L", "8")])))
    assert printed == b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("message", [invite(), Response(180, "Läutet", Headers(FIELDS), b"x")])
def test_parsing_undoes_printing(message: Request | Response) -> None:
    """A message that was printed reads back as an equal message."""
    read = parse(bytes(message))
    assert read == message
    assert read.body == message.body
    assert read != Request("BYE", "sip:x", Headers())
    assert read != "text"


def test_a_request_takes_a_uri_as_value_or_text() -> None:
    """A URI value is not read again; a text is read when it is asked for."""
    uri = SipUri(user="bob", host="example.com")
    assert Request("BYE", uri, Headers()).uri is uri
    assert Request("BYE", str(uri), Headers()).uri == uri
    with pytest.raises(MalformedValue):
        _ = Request("BYE", "nonsense", Headers()).uri


@pytest.mark.parametrize("method", ["", "IN VITE", "INVITE\r\n", "INVITE:", "é"])
def test_methods_are_tokens(method: str) -> None:
    """A method that is no token raises a local error."""
    with pytest.raises(IllegalValue):
        Request(method, "sip:a@b", Headers())


@pytest.mark.parametrize(
    "uri", ["", "sip:a b", "sip:a\r\nX: y", "sip:a\tb", "sip:a\x00", "sip:é\x7f", "sip:é b", "sip:\ud800"]
)
def test_request_uris_do_not_end_the_line(uri: str) -> None:
    """White space, control and unencodable characters in a Request-URI raise a local error."""
    with pytest.raises(IllegalValue):
        Request("BYE", uri, Headers())


def test_request_uris_may_hold_utf8() -> None:
    """What a telephone writes unescaped can be written again."""
    assert bytes(Request("BYE", "sip:é@b", Headers())).startswith("BYE sip:é@b SIP/2.0\r\n".encode())


@pytest.mark.parametrize("reason", ["OK\r\nX: y", "a\nb", "é\r", "\x00", "\ud800"])
def test_reason_phrases_do_not_end_the_line(reason: str) -> None:
    """A control or unencodable character in a reason phrase raises a local error."""
    with pytest.raises(IllegalValue):
        Response(200, reason, Headers())


@pytest.mark.parametrize("code", [-1, 0, 99, 700, 4294967301])
def test_status_codes_are_in_range(code: int) -> None:
    """A code outside 100 to 699 raises a local error."""
    with pytest.raises(IllegalValue):
        Response(code, "", Headers())


@pytest.mark.parametrize(
    ("code", "provisional", "success"),
    [
        (100, True, False),
        (199, True, False),
        (200, False, True),
        (299, False, True),
        (300, False, False),
        (699, False, False),
    ],
)
def test_classes_of_responses(code: int, provisional: bool, success: bool) -> None:  # noqa: FBT001  # columns
    """1xx is provisional, everything above is final, 2xx is success (§7.2)."""
    response = Response(code, "", Headers())
    assert (response.is_provisional, response.is_final, response.is_success) == (provisional, not provisional, success)


def test_a_response_copies_what_it_must() -> None:
    """Via, From, To, Call-ID and CSeq come from the request, the To with our tag (§8.2.6.2)."""
    request = invite()
    response = response_to(request, 486, to_tag="t1")
    assert (response.code, response.reason, response.body) == (486, "Busy Here", b"")
    assert response.headers.all("Via") == request.headers.all("Via")
    assert response.headers.get("From") == request.headers.get("From")
    assert response.headers.get("To") == "<sip:bob@example.com>;tag=t1"
    assert (response.call_id, response.cseq) == (request.call_id, request.cseq)
    assert {name for name, _ in response.headers} == {"Via", "From", "To", "Call-ID", "CSeq"}


@pytest.mark.parametrize("code", [180, 200, 299])
def test_dialog_making_responses_copy_the_record_route(code: int) -> None:
    """101 to 299 to a request that makes a dialog carry its Record-Route (§12.1.1)."""
    assert response_to(invite(), code).headers.all("Record-Route") == ["<sip:p1;lr>, <sip:p2;lr>", "<sip:p3;lr>"]
    assert "Record-Route" not in response_to(invite(method="BYE"), code).headers


@pytest.mark.parametrize("code", [100, 300, 486])
def test_other_responses_do_not_copy_the_record_route(code: int) -> None:
    """100 and final failures make no dialog."""
    assert "Record-Route" not in response_to(invite(), code).headers


def test_trying_has_the_timestamp_and_no_tag() -> None:
    """A 100 carries the Timestamp back and no To tag of ours (§8.2.6.1)."""
    trying = response_to(invite(), 100, to_tag="t1")
    assert (trying.headers.get("Timestamp"), trying.to_tag) == ("54", None)
    assert "Timestamp" not in response_to(invite(), 180).headers


def test_a_tag_that_is_there_stays() -> None:
    """In a dialog the To has its tag already."""
    request = invite()
    request.headers.set("To", "<sip:bob@example.com>;tag=old")
    assert response_to(request, 200, to_tag="new").to_tag == "old"


def test_reason_and_body_of_a_response() -> None:
    """A reason phrase and a body of our own are taken; an unknown code has its class's phrase."""
    response = response_to(invite(), 200, "Fine", body=b"x")
    assert (response.reason, response.body) == ("Fine", b"x")
    assert response_to(invite(), 499).reason == "Bad Request"
    assert response_to(invite(), 200, "").reason == ""


def test_refusing_a_malformed_request() -> None:
    """The answer to a request that could not be read echoes what was understood, and has our tag."""
    error = MalformedMessage("bad", code=400, partial=FIELDS)
    response = refusal(error, to_tag="t1")
    assert response is not None
    assert (response.code, response.to_tag, response.cseq.method) == (400, "t1", "INVITE")


def test_a_to_that_cannot_be_read_goes_back_as_it_came() -> None:
    """A broken To is echoed without a tag."""
    fields = tuple((name, '"open <sip:bob@example.com>' if name == "To" else value) for name, value in FIELDS)
    response = refusal(MalformedMessage("bad", partial=fields), to_tag="t1")
    assert response is not None
    assert response.headers.get("To") == '"open <sip:bob@example.com>'


def test_what_cannot_be_answered_is_not() -> None:
    """Without the fields to echo there is no answer."""
    assert refusal(MalformedMessage("bad")) is None


def test_a_message_is_a_request_or_a_response() -> None:
    """What has no start line cannot be printed."""
    with pytest.raises(NotImplementedError):
        bytes(Message(Headers(), b""))
