"""Messages built to be dear: the work grows with their size alone, and an answer is never much larger than its cause.

Python's own steps are counted. Those of regular expressions cannot be, so the same shapes come a hundred times larger
than any limit lets in: read in one pass they take a moment, and in more than one they would not be done within the
limit that every test has.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from offhook.sdp.errors import SdpError
from offhook.sdp.parse import parse as parse_sdp
from offhook.sip.address import Address
from offhook.sip.bodies import session_description
from offhook.sip.digest import Challenge, Credentials
from offhook.sip.errors import FramingError, MalformedMessage, MalformedValue
from offhook.sip.fields import CSeq, MediaType, RAck, Reason, RetryAfter, SessionExpires, Via
from offhook.sip.framing import StreamFramer
from offhook.sip.grammar import split_list
from offhook.sip.message import Request, refusal, response_to
from offhook.sip.parse import Limits, parse, validate
from offhook.sip.replaces import Replaces
from offhook.sip.uri import SipUri, TelUri, parse_uri

LARGE = 1_000_000
WIDE = Limits(message=4 * LARGE, header_lines=LARGE, line=2 * LARGE)
HEAD = (
    "INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@y>;tag=1\r\nTo: <sip:b@x>\r\n"
    "Call-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:a@y>\r\n"
)
MULTIPART = "multipart/mixed;boundary=b"


def message(fields: str, body: bytes = b"", content_type: str = "application/sdp") -> bytes:
    """An INVITE with these header fields and this body."""
    rest = f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return (HEAD + fields + rest).encode("latin-1") + body


def parts(piece: bytes, size: int) -> bytes:
    """A multipart body of this piece, over and over."""
    return message("", piece * (size // len(piece)) + b"--b--", MULTIPART)


SHAPES: dict[str, Callable[[int], bytes]] = {
    "header lines": lambda size: message("X: y\r\n" * (size // 6)),
    "header names": lambda size: message("".join(f"X{number}: y\r\n" for number in range(size // 10))),
    "Vias": lambda size: message("Via: SIP/2.0/UDP h\r\n" * (size // 20)),
    "Vias in a line": lambda size: message(f"Via: {'SIP/2.0/UDP h, ' * (size // 15)}SIP/2.0/UDP h\r\n"),
    "Froms": lambda size: message("From: <sip:a@y>\r\n" * (size // 17)),
    "Content-Lengths": lambda size: message("l: 0\r\n" * (size // 6)),
    "commas": lambda size: message(f"Contact: {',' * size}\r\n"),
    "option tags": lambda size: message(f"Require: {'a,' * (size // 2)}b\r\n"),
    "folds": lambda size: message("X: a" + "\r\n a" * (size // 4) + "\r\n"),
    "empty folds": lambda size: message("X: a" + "\r\n " * (size // 3) + "\r\n"),
    "spaces": lambda size: message(f"X: a{' ' * size}b\r\n"),
    "spaces before folds": lambda size: message("X: a" + (" " * 60 + "\r\n ") * (size // 63) + "b\r\n"),
    "spaces in a name": lambda size: message(f"X{' ' * size}: y\r\n"),
    "no colon": lambda size: message("a" * size + "\r\n"),
    "parameters": lambda size: message(f"Route: <sip:a@b>{';a=b' * (size // 4)}\r\n"),
    "quoted parameters": lambda size: message("Route: <sip:a@b>" + ';a="b;"' * (size // 7) + "\r\n"),
    "parameters of a URI": lambda size: message(f"Route: <sip:a@b{';a=b' * (size // 4)}>\r\n"),
    "headers of a URI": lambda size: message(f"Contact: <sip:a@b?{'a=b&' * (size // 4)}c=d>\r\n"),
    "escapes": lambda size: message(f"Contact: <sip:{'%41' * (size // 3)}@b>\r\n"),
    "escaped quotes": lambda size: message('Contact: "' + '\\"' * (size // 2) + '" <sip:a@b>\r\n'),
    "an open quote": lambda size: message('Contact: "' + '\\"' * (size // 2) + "\r\n"),
    "quotes": lambda size: message("Contact: " + '"' * size + "\r\n"),
    "brackets": lambda size: message(f"Contact: {'<' * size}\r\n"),
    "carriage returns": lambda size: message("X: " + "\r" * size + "\r\n"),
    "escaped controls": lambda size: message('X: "' + "\\\x01" * (size // 2) + '"\r\n'),
    "backslashes": lambda size: message('X: "' + "\\" * size + '"\x01\r\n'),
    "line ends before": lambda size: b"\r\n" * (size // 2) + message(""),
    "parts": lambda size: parts(b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", size),
    "delimiters": lambda size: parts(b"--b\r\n", size),
    "nested parts": lambda size: message(
        "",
        b"".join(
            b"--b%d\r\nContent-Type: multipart/mixed;boundary=b%d\r\n\r\n" % (depth, depth + 1)
            for depth in range(size // 52)
        ),
        "multipart/mixed;boundary=b0",
    ),
    "nested messages": lambda size: message(
        "", b"--b\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * (size // 32), MULTIPART
    ),
    "header of a part": lambda size: message("", b"--b\r\n" + b"X: y\r\n" * (size // 6) + b"\r\nx\r\n--b--", MULTIPART),
    "almost delimiters": lambda size: parts(b"\r\n--", size),
}  # fmt: skip


def read(data: bytes, limits: Limits) -> bytes:
    """Do with the bytes what an endpoint does, and a platform after it; the answer."""
    try:
        read = parse(data, limits)
        validate(read)
    except MalformedMessage as error:
        answer = refusal(error, "t")
        return bytes(answer) if answer is not None else b""
    session_description(read)
    bytes(read)
    try:
        for _ in (read.vias, read.contacts, read.route, read.require, read.headers.values("X")):
            pass
    except MalformedValue:
        pass
    return bytes(response_to(read, 200, to_tag="t")) if isinstance(read, Request) else b""


def steps(work: Callable[[], Any]) -> int:
    """How many lines of Python run."""
    count = 0

    def trace(_frame: FrameType, _event: str, _argument: object) -> Callable[..., Any]:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


each_shape = pytest.mark.parametrize("shape", SHAPES)


@pytest.mark.slow
@each_shape
def test_twice_the_size_is_twice_the_steps(shape: str) -> None:
    """Up to the largest message that is taken."""
    small, large = (SHAPES[shape](size) for size in (15_000, 30_000))
    read(small, WIDE)  # what is done once is not counted
    assert steps(lambda: read(large, WIDE)) <= 2.2 * steps(lambda: read(small, WIDE)) + 1000


@pytest.mark.slow
@each_shape
def test_a_message_is_read_in_one_pass(shape: str) -> None:
    """A megabyte is read before the test's time is up: squared it would take hours."""
    read(SHAPES[shape](LARGE), WIDE)


@each_shape
def test_an_answer_is_hardly_larger_than_its_cause(shape: str) -> None:
    """Within the limits that hold: nobody can make us send others much more than was sent to us."""
    data = SHAPES[shape](60_000)
    assert len(read(data, Limits())) <= len(data) + 200


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [1, 1000])
@pytest.mark.parametrize("shape", ["header lines", "folds", "spaces", "carriage returns", "Content-Lengths"])
def test_a_stream_is_cut_in_one_pass(shape: str, chunk: int) -> None:
    """What has been searched for the end of a header is not searched again with every octet."""
    data, framer = SHAPES[shape](LARGE // 4), StreamFramer(WIDE)
    try:
        for start in range(0, len(data), chunk):
            framer.feed(data[start : start + chunk])
    except FramingError:
        assert shape == "Content-Lengths"


READERS: tuple[Callable[[str], object], ...] = (
    Address.parse, Via.parse, CSeq.parse, RAck.parse, Reason.parse, SessionExpires.parse, RetryAfter.parse,
    MediaType.parse, Challenge.parse, Credentials.parse, Replaces.parse, SipUri.parse, TelUri.parse, parse_uri,
    split_list,
)  # fmt: skip
BEGINNINGS = (
    "", '"', "<sip:", "sip:a@b", "<sip:a@b>", '"x" <sip:a@b>;x="', "tel:1", "SIP/2.0/UDP h", "5 (", "1 ", "a/b",
    'Digest realm="r", nonce="n", a=', 'Q.850;text="', "c;to-tag=", "90;",
)  # fmt: skip
PIECES = (
    " ", "\t", '"', "\\", '\\"', "<", ",", ";", "=", ":", "@", "%4", "(", "a", " a", ";a", ";a=b", ', a="b"', "a@", "[",
    '"a"', "a ", "\\a", " ;", "<>,",
)  # fmt: skip
ENDS = ("", '"', "\0")


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__qualname__)
def test_a_value_is_read_in_one_pass(reader: Callable[[str], object]) -> None:
    """Any beginning with any piece repeated and any end: squared, a single one would take all the test's time."""
    for beginning in BEGINNINGS:
        for piece in PIECES:
            for end in ENDS:
                try:
                    reader(beginning + piece * (60_000 // len(piece)) + end)
                except MalformedValue:
                    continue


@pytest.mark.parametrize(
    "line", ["a=x\r\n", "a=rtpmap:0 PCMU/8000\r\n", "m=audio 1 RTP/AVP 0\r\n", "c=IN IP4 h\r\n", "\r\n"]
)
def test_a_description_has_its_limits(line: str) -> None:
    """16 kB, 512 lines and 16 media lines (sdp/parse.py) keep any description cheap."""
    with pytest.raises(SdpError):
        parse_sdp(b"v=0\r\n" + line.encode() * 4000)


def test_nothing_that_was_read_can_end_a_line() -> None:
    """CR, LF and NUL are refused wherever they stand in a header, escaped or not, folds apart (RFC 3261 §7.3.1)."""
    for text in (
        "a\rEvil: 1",
        "a\nEvil: 1",
        '"a\\\rEvil: 1"',
        '"a\\\nEvil: 1"',
        "a\0",
        "a\r\r\nEvil: 1",
        "a\n\r\nEvil: 1",
    ):
        with pytest.raises(MalformedMessage):
            parse(message(f"X: {text}\r\n"))
    for text in ("%0d%0aEvil: 1", "a\u0085Evil: 1", "a\u2028Evil: 1", "\\r\\nEvil: 1"):
        data = message("").replace(b"Contact: ", f"Contact: {text}, ".encode())
        read = parse(data)
        assert bytes(read).count(b"\r\n") == data.count(b"\r\n")
        assert "Evil" not in read.headers


@pytest.mark.parametrize("start", [b"SIP/2.0 200 OK", b"SIP/3.0 200 OK", b"sip/2.0 99 x", b"SIP/2.0", b"ACK x SIP/2.0"])
def test_nothing_answers_a_response(start: bytes) -> None:
    """However it is made, a response gets none, and neither does an ACK: nobody starts an echo."""
    data = message("").replace(b"INVITE sip:b@x SIP/2.0", start).replace(b"Call-ID: 1", b"Call-ID: ")
    with pytest.raises(MalformedMessage) as caught:
        validate(parse(data))
    assert refusal(caught.value) is None
