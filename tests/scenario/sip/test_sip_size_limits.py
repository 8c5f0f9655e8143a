"""Messages at their limits and one beyond, as datagrams and on streams; the limits are those of the settings."""

import pytest
from talk import Talk

from offhook.sip.events import InviteReceived
from offhook.sip.hop import Hop, Transport
from offhook.sip.parse import Limits
from offhook.sip.settings import EndpointSettings
from offhook.testing.caller import Caller

LIMITS = Limits(message=2000, header_lines=20, line=300)
SOURCE = "192.0.2.9"
BODY = b"v=0\r\n"


def limited() -> Talk:
    """A talk whose endpoint has small limits."""
    return Talk(EndpointSettings(edge="test", sent_by={}, limits=LIMITS))


def invite(phone: Caller, *, message: int = 0, lines: int = 0, line: int = 0) -> bytes:
    """An INVITE of exactly so many bytes, so many header lines, or with a header line of so many bytes."""
    data = bytes(phone.invite(send=False, body=BODY))
    head, _, body = data.partition(b"\r\n\r\n")
    if lines:
        head += b"".join(b"\r\nX: y" for _ in range(lines - head.count(b"\r\n")))
    if line:
        head += b"\r\nX-Long:" + b"y" * (line - len(b"X-Long"))
    if message:
        name = b"\r\nX-Fill: "
        while (missing := message - len(head) - 4 - len(body)) > 0:
            step = min(missing, 200)
            if missing - step and missing - step < len(name) + 1:
                step -= len(name) + 1
            head += name + b"y" * (step - len(name))
    return head + b"\r\n\r\n" + body


CASES = [
    ({"message": 2000}, {"message": 2001}, 513),
    ({"lines": 20}, {"lines": 21}, 513),
    ({"line": 300}, {"line": 301}, 513),
]


@pytest.mark.parametrize(("fits", "exceeds", "code"), CASES, ids=["message", "lines", "line"])
def test_datagrams_at_the_limit_and_beyond(fits: dict[str, int], exceeds: dict[str, int], code: int) -> None:
    """The first is a call, the second gets the code that says why."""
    talk = limited()
    talk.phone.send(invite(talk.phone, **fits))
    talk.ours.expect(InviteReceived)
    talk.phone.expect(100)
    talk.phone.send(invite(talk.phone, **exceeds))
    talk.phone.expect(code)


@pytest.mark.parametrize(("fits", "exceeds", "code"), CASES, ids=["message", "lines", "line"])
def test_streams_at_the_limit_and_beyond(fits: dict[str, int], exceeds: dict[str, int], code: int) -> None:
    """Byte by byte, too: what is too long as a whole closes the connection, what has too much in it is answered."""
    talk = limited()
    source = Hop(Transport.TCP, SOURCE, 40_000, 1)
    endpoint = talk.ours.endpoint
    for byte in invite(talk.phone, **fits):
        assert endpoint.receive_stream(1, bytes([byte]), source, 0.0)
    talk.ours.pump()
    talk.ours.expect(InviteReceived)
    endpoint.transmissions()
    is_open = endpoint.receive_stream(1, invite(talk.phone, **exceeds), source, 0.0)
    answers = [one.start_line for one in endpoint.transmissions()]
    if "message" in exceeds:
        assert not is_open
        assert answers == []
    else:
        assert is_open
        assert [answer.split()[0] for answer in answers] == [str(code)]


def test_a_stream_without_an_end_is_closed_before_it_fills_memory() -> None:
    """A header that goes on for ever, a kilobyte at a time."""
    talk = limited()
    source = Hop(Transport.TCP, SOURCE, 40_000, 1)
    feeding = [talk.ours.endpoint.receive_stream(1, b"X: " + b"y" * 1000, source, 0.0) for _ in range(3)]
    assert feeding == [True, False, False]
