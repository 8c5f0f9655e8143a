"""Every torture message of RFC 4475 and RFC 5118 meets the fate that verdicts.toml names."""

import hashlib
import itertools
from functools import reduce
from typing import Any

import pytest
from torture_messages import DATA, Verdict, verdicts

from offhook.sdp.parse import parse as parse_sdp
from offhook.sip.endpoint import Endpoint
from offhook.sip.errors import FramingError, MalformedMessage
from offhook.sip.framing import KeepAlive, StreamFramer
from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request, Response, response_to
from offhook.sip.parse import parse, validate
from offhook.sip.settings import EndpointSettings

VERDICTS = verdicts()
LABELS = [verdict.label for verdict in VERDICTS]
each = pytest.mark.parametrize("verdict", VERDICTS, ids=LABELS)
SOURCE = Hop(Transport.UDP, "198.51.100.7", 5099)
RFC_4475, RFC_5118 = 49, 12


def judged(data: bytes) -> Request | Response:
    """The message, found right. Raises MalformedMessage."""
    message = parse(data)
    validate(message)
    return message


def read(message: Request | Response, path: str) -> Any:
    """What a path of the table names: attributes and places, a header, or a part of the SDP."""
    name = path.partition(" ")[2]
    if name:
        return message.headers.get(name)
    if path.startswith("sdp."):
        return reduce(step, path.split(".")[1:], parse_sdp(message.body))
    return reduce(step, path.split("."), message)


def step(value: Any, name: str) -> Any:
    """One step of a path."""
    return value[int(name)] if name.isdigit() else getattr(value, name)


def plain(value: Any) -> Any:
    """The value as TOML writes it."""
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return "none" if value is None else value


def endpoint() -> Endpoint:
    """A stack of its own for each message."""
    numbers = itertools.count()
    sent_by = dict.fromkeys(Transport, ("192.0.2.250", 5060))
    return Endpoint(EndpointSettings(edge="e", sent_by=sent_by), lambda: f"token{next(numbers)}")


def answers(stack: Endpoint) -> list[Response]:
    """What the stack sends; all of it goes back to where the message came from, and can be read."""
    found = []
    for sent in stack.transmissions():
        assert sent.hop.host == SOURCE.host
        message = parse(sent.data)
        assert isinstance(message, Response)
        found.append(message)
    return found


def test_the_table_holds_every_message() -> None:
    """All 49 of RFC 4475 and all 12 of RFC 5118, and no message without a row."""
    printed = [verdict for verdict in VERDICTS if verdict.amended is None]
    assert len([one for one in printed if one.section.startswith("4475")]) == RFC_4475
    assert len([one for one in printed if one.section.startswith("5118")]) == RFC_5118
    assert {path.stem for path in DATA.glob("rfc*/*.txt")} == {one.name for one in printed}
    assert len(set(LABELS)) == len(LABELS)


@pytest.mark.parametrize(
    "verdict", [one for one in VERDICTS if one.section.startswith("4475") and not one.amended], ids=lambda one: one.name
)
def test_the_bytes_are_those_of_the_archive(verdict: Verdict) -> None:
    """Octet for octet the files of RFC 4475, appendix A."""
    assert hashlib.sha256(verdict.message).hexdigest() == verdict.sha256


@each
def test_what_the_parser_makes_of_it(verdict: Verdict) -> None:
    """Accepted, with the readings of the table, or refused with its code."""
    if verdict.parser == "accepted":
        message = judged(verdict.message)
        assert {path: plain(read(message, path)) for path in verdict.reads} == verdict.reads
    else:
        with pytest.raises(MalformedMessage) as caught:
            judged(verdict.message)
        assert caught.value.code == verdict.parser


@each
def test_what_was_accepted_prints_and_reads_back(verdict: Verdict) -> None:
    """The printed message is the same message, and printing it again changes nothing; so is its answer."""
    if verdict.parser != "accepted":
        return
    message = judged(verdict.message)
    assert judged(bytes(message)) == message
    assert bytes(judged(bytes(message))) == bytes(message)
    if isinstance(message, Request):
        answer = response_to(message, 200, to_tag="ours")
        assert judged(bytes(answer)) == answer


@each
def test_what_the_endpoint_answers(verdict: Verdict) -> None:
    """The codes, the header fields and the event of the table, and nothing else."""
    stack = endpoint()
    stack.receive(verdict.message, SOURCE, 0.0)
    sent = answers(stack)
    assert [answer.code for answer in sent] == verdict.answers
    for name, value in verdict.headers.items():
        assert sent[-1].headers.get(name) == value
    events = []
    while (event := stack.next_event()) is not None:
        events.append(type(event).__name__)
    assert events == ([verdict.event] if verdict.event else [])


@each
@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_what_the_framer_cuts(verdict: Verdict, size: int) -> None:
    """The number of messages in the table, whatever the chunks; what is cut reads as the datagram does."""
    framer = StreamFramer()
    data = verdict.message
    pieces: list[bytes | KeepAlive] = []
    closed = False
    try:
        for start in range(0, len(data), size):
            pieces += framer.feed(data[start : start + size])
    except FramingError:
        closed = True
    messages = [piece for piece in pieces if isinstance(piece, bytes)]
    assert ("closed" if closed and not messages else len(messages)) == verdict.frames
    if messages and verdict.parser == "accepted":
        assert judged(messages[0]) == judged(data)


def test_two_requests_with_the_bare_cookie_are_two() -> None:
    """A branch that identifies nothing does not make a second request the first one's retransmission (§3.2.1)."""
    data = next(verdict.message for verdict in VERDICTS if verdict.name == "badbranch")
    stack = endpoint()
    stack.receive(data, SOURCE, 0.0)
    stack.receive(data.replace(b"CSeq: 8", b"CSeq: 9"), SOURCE, 0.1)
    assert [answer.cseq.number for answer in answers(stack)] == [8, 9]
