"""A byte stream cut into messages (RFC 3261 §18.3, RFC 5626 §3.5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.errors import FramingError
from offhook.sip.framing import KeepAlive, StreamFramer, is_keep_alive
from offhook.sip.parse import Limits

EMPTY = b"OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n"
BODY = b"MESSAGE sip:a SIP/2.0\r\nX: 1\r\nContent-Length: 6\r\nY: 2\r\n\r\n\r\n\r\nab"
FOLDED = b"INFO sip:a SIP/2.0\r\nCONTENT-LENGTH \t:\r\n 3\r\n\r\nxyz"

Pieces = list[bytes | KeepAlive]


def drain(framer: StreamFramer, chunks: list[bytes]) -> tuple[Pieces, str]:
    """What comes out of the framer for these chunks, and the error that ends it."""
    found: Pieces = []
    try:
        for chunk in (*chunks, b""):
            found += framer.feed(chunk)
    except FramingError as error:
        return found, str(error)
    return found, ""


def test_messages_come_out_in_order() -> None:
    """Each message ends where its Content-Length says."""
    framer = StreamFramer()
    assert framer.feed(EMPTY + BODY + FOLDED) == [EMPTY, BODY, FOLDED]
    assert framer.waiting == 0


def test_a_message_waits_until_it_is_whole() -> None:
    """An incomplete message is held and comes out with its last byte."""
    framer = StreamFramer()
    assert framer.feed(BODY[:-1]) == []
    assert framer.waiting == len(BODY) - 1
    assert framer.feed(BODY[-1:]) == [BODY]


def test_keep_alives_between_messages() -> None:
    """A double CRLF is a ping; a single one means nothing (§7.5)."""
    framer = StreamFramer()
    assert framer.feed(b"\r\n\r\n" + EMPTY + b"\r\n" + EMPTY + b"\r\n\r\n\r\n" + EMPTY) == [
        KeepAlive.PING,
        EMPTY,
        EMPTY,
        KeepAlive.PING,
        EMPTY,
    ]


def test_half_a_ping_waits() -> None:
    """A CRLF alone may become a ping."""
    framer = StreamFramer()
    assert framer.feed(b"\r\n") == []
    assert framer.feed(b"\r") == []
    assert framer.feed(b"\n") == [KeepAlive.PING]


@pytest.mark.parametrize(
    "header",
    [
        b"X: 1",
        b"Content-Length: x",
        b"Content-Length: -1",
        b"Content-Length:",
        b"Content-Length: 1\r\nl: 1",
        b"Content-Length: 1\r\n 2",
        b"X: 1\r\n Content-Length: 1",
        b"Content-Length: 99999999999",
        b"Content-Length: 65536",
    ],
)
def test_a_stream_without_a_usable_length_is_over(header: bytes) -> None:
    """Without exactly one Content-Length within the limit no next message can be found, now or later."""
    framer = StreamFramer()
    with pytest.raises(FramingError):
        framer.feed(b"INFO sip:a SIP/2.0\r\n" + header + b"\r\n\r\n")
    with pytest.raises(FramingError):
        framer.feed(EMPTY)
    assert framer.waiting == 0


def test_what_was_whole_before_an_error_comes_out_first() -> None:
    """The messages before the broken one are returned, and the next call raises."""
    framer = StreamFramer()
    assert framer.feed(EMPTY + b"INFO sip:a SIP/2.0\r\n\r\n") == [EMPTY]
    with pytest.raises(FramingError):
        framer.feed(b"")


def test_an_endless_header_is_cut_off() -> None:
    """No more than the limit is ever held, with or without the end of the header."""
    framer = StreamFramer(Limits(message=100))
    assert framer.feed(b"x" * 100) == []
    with pytest.raises(FramingError) as caught:
        framer.feed(b"x")
    assert caught.value.code == 513
    with pytest.raises(FramingError):
        StreamFramer(Limits(message=100)).feed(b"x" * 200 + b"\r\n\r\n")


def test_a_message_of_exactly_the_limit_passes() -> None:
    """The limit is the largest size that is let in, header and body together."""
    assert StreamFramer(Limits(message=len(BODY))).feed(BODY) == [BODY]
    with pytest.raises(FramingError):
        StreamFramer(Limits(message=len(BODY) - 1)).feed(BODY)


_streams = st.lists(
    st.sampled_from([EMPTY, BODY, FOLDED, b"\r\n\r\n", b"\r\n", b"\r", b"x", b"BAD\r\n\r\n", b"l: 1\r\n\r\n"]),
    max_size=6,
).map(b"".join)


@given(_streams | st.binary(max_size=60), st.lists(st.integers(1, 9), max_size=30))
def test_the_cut_of_the_chunks_does_not_matter(stream: bytes, sizes: list[int]) -> None:
    """A stream fed whole, byte by byte or in any chunks gives the same messages and the same end."""
    limits = Limits(message=120)
    whole = drain(StreamFramer(limits), [stream])
    assert drain(StreamFramer(limits), [bytes([byte]) for byte in stream]) == whole
    chunks, rest = [], stream
    for size in sizes:
        chunks.append(rest[:size])
        rest = rest[size:]
    assert drain(StreamFramer(limits), [*chunks, rest]) == whole


@pytest.mark.parametrize(("datagram", "is_it"), [(b"", True), (b"\r\n\r\n", True), (b"\x00" * 4, True), (EMPTY, False)])
def test_keep_alive_datagrams(datagram: bytes, is_it: bool) -> None:  # noqa: FBT001  # a column of the table
    """Line ends and zero bytes keep a NAT open and are no message."""
    assert is_keep_alive(datagram) is is_it
