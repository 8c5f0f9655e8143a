"""However a stream is split, the same messages come out of it: on the framer for many, over real sockets for a few."""

import asyncio
import random
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.net.authority import Authority
from tests.unit.net.sip_phones import MakePhone
from tests.unit.net.stream_desk import shut, tls_of

from offhook.net.edge import SecureSide, SipEdge
from offhook.sip.framing import KeepAlive, StreamFramer


def options(number: int, body: bytes = b"") -> bytes:
    """One request."""
    return (
        b"OPTIONS sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK%d;rport\r\n"
        b"From: <sip:a@127.0.0.1>;tag=a\r\nTo: <sip:bob@127.0.0.1>\r\nCall-ID: c%d\r\nCSeq: 1 OPTIONS\r\n"
        b"Max-Forwards: 70\r\nContent-Length: %d\r\n\r\n" % (number, number, len(body))
    ) + body


PIECES = st.one_of(
    st.just(b"\r\n\r\n"),
    st.just(b"\r\n"),
    st.builds(options, st.integers(0, 9), st.sampled_from([b"", b"\r\n", b"\r\n\r\n", b"OPTIONS", b"\x00\xff" * 9])),
)


@given(pieces=st.lists(PIECES, max_size=6), cuts=st.lists(st.integers(0, 2000), max_size=12))
def test_any_split_gives_the_same(pieces: list[bytes], cuts: list[int]) -> None:
    """Whole, byte by byte, or cut anywhere; and it is known whether a message is on its way."""
    stream = b"".join(pieces)
    ends = sorted(min(cut, len(stream)) for cut in cuts)
    parts = [stream[start:end] for start, end in zip([0, *ends], [*ends, len(stream)], strict=True)]
    whole, singly, split = StreamFramer(), StreamFramer(), StreamFramer()
    expected = whole.feed(stream)
    assert [piece for byte in stream for piece in singly.feed(bytes([byte]))] == expected
    assert [piece for part in parts for piece in split.feed(part)] == expected
    messages = [piece for piece in expected if not isinstance(piece, KeepAlive)]
    assert messages == [piece for piece in pieces if piece.strip()]
    assert not any(framer.is_within_message for framer in (whole, singly, split))


@given(cut=st.integers(1, len(options(1, b"body")) - 1))
def test_a_begun_message_is_known(cut: int) -> None:
    """From its first byte to its last."""
    framer = StreamFramer()
    assert not framer.feed(b"\r\n\r\n" + options(1, b"body")[:cut])[1:]
    assert framer.is_within_message
    framer.feed(options(1, b"body")[cut:])
    assert not framer.is_within_message


@pytest.mark.asyncio
@pytest.mark.parametrize("transport", ["tcp", "tls"])
@pytest.mark.parametrize("seed", range(5))
async def test_any_split_over_a_socket(make_phone: MakePhone, authority: Authority, transport: str, seed: int) -> None:
    """Ten requests and ten pings in random pieces get ten answers and ten pongs, whatever TCP and TLS make of them."""
    secure = SecureSide(host="127.0.0.1", port=0, tls=tls_of(authority.issue("ip:127.0.0.1")))
    bob = await make_phone(SipEdge(name="ashburn", host="127.0.0.1", port=0, secure=secure))
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    service = bob.service
    port = service.secure_port("ashburn") if transport == "tls" else service.port("ashburn")
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client if transport == "tls" else None)
    source = random.Random(seed)  # noqa: S311 - repeatable on purpose
    stream = b"".join(options(number, b"x" * source.randrange(50)) + b"\r\n\r\n" for number in range(10))
    if transport == "tls":
        stream = stream.replace(b"SIP/2.0/TCP", b"SIP/2.0/TLS")
    while stream:
        size = source.choice((1, 2, 3, 50, 400))
        writer.write(stream[:size])
        await writer.drain()
        stream = stream[size:]
    answers, pongs = 0, 0
    rest = b""
    while answers < 10 or pongs < 10:
        rest += await reader.read(65536)
        answers, pongs = rest.count(b"SIP/2.0 200 "), rest.count(b"\r\n\r\n\r\n")
    assert (answers, pongs) == (10, 10)
    await shut(writer)
