"""The session description in a body: alone, or a part among others (RFC 3261 §7.4, RFC 5621)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.bodies import media_type, session_description
from offhook.sip.headers import Headers
from offhook.sip.message import Request

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\n"
LOCATION = b"--x\r\nContent-Type: application/pidf+xml\r\n\r\n<presence/>\r\n"
SESSION = b"--x\r\nContent-Type: application/sdp\r\n\r\n" + SDP + b"\r\n"


def message(content_type: str, body: bytes) -> Request:
    """An INVITE with this body."""
    fields = (("Content-Type", content_type),) if content_type else ()
    return Request("INVITE", "sip:a@192.0.2.1", Headers(fields), body)


@pytest.mark.parametrize("kind", ["application/sdp", "Application/SDP", "application/sdp;charset=utf-8"])
def test_sdp_alone_is_the_body(kind: str) -> None:
    """As it came."""
    assert session_description(message(kind, SDP)) == SDP


@pytest.mark.parametrize("order", [LOCATION + SESSION, SESSION + LOCATION])
@pytest.mark.parametrize("kind", ["mixed", "alternative", "related", "MIXED"])
def test_sdp_is_found_among_other_parts(kind: str, order: bytes) -> None:
    """Carriers send where the caller is, or ISUP, along with it."""
    found = session_description(message(f'multipart/{kind};boundary="x"', order + b"--x--\r\n"))
    assert found is not None
    assert found.rstrip() == SDP.rstrip()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("", SDP),
        ("text/plain", SDP),
        ("nonsense", SDP),
        ("application/sdp", b""),
        ("multipart/mixed", SESSION + b"--x--"),  # no boundary
        ("multipart/mixed;boundary=y", SESSION + b"--x--"),  # another one
        ("multipart/mixed;boundary=x", LOCATION + b"--x--"),
        ("multipart/mixed;boundary=x", b""),
        (
            "multipart/mixed;boundary=x",
            SESSION.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1),
        ),
        ("multipart/mixed;boundary=x", LOCATION * 16 + SESSION + b"--x--"),
    ],
)
def test_there_is_none(kind: str, body: bytes) -> None:
    """What cannot be read, or is too deep in a heap of parts, is not there."""
    assert session_description(message(kind, body)) is None


@pytest.mark.parametrize(("text", "kind"), [("Text/Plain; a=b", "text/plain"), ("", ""), ("a b", "")])
def test_the_media_type_is_lower_case_without_parameters(text: str, kind: str) -> None:
    """Empty when it cannot be read."""
    assert media_type(message(text, SDP)) == kind


@given(st.binary(max_size=400), st.sampled_from(["multipart/mixed;boundary=x", 'multipart/related;boundary="x"']))
def test_no_body_raises(body: bytes, kind: str) -> None:
    """Every octet of it is a stranger's."""
    session_description(message(kind, body))
    session_description(message(kind, SESSION + body))
