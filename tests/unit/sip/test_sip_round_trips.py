"""Whole messages, written in every way that the grammar leaves open, read as what was meant and print as one thing."""

import string
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.address import Address
from offhook.sip.digest import Challenge, Credentials
from offhook.sip.errors import MalformedValue
from offhook.sip.fields import CSeq, MediaType, Via
from offhook.sip.headers import COMPACT_FORMS
from offhook.sip.message import Message, Request, Response
from offhook.sip.parse import parse, validate
from offhook.sip.replaces import Replaces
from offhook.sip.uri import SipUri, TelUri, parse_uri

COMPACT = {name: short for short, name in COMPACT_FORMS.items()}
LISTS = ("Via", "Contact", "Record-Route", "Route", "Supported", "Allow")

_tokens = st.text(string.ascii_letters + string.digits + "-.!*_+~", min_size=1, max_size=8)
_words = st.lists(st.text(string.ascii_letters + ',;:"\\<>@é', min_size=1, max_size=6), max_size=3).map(" ".join)
_hosts = st.sampled_from(["example.com", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.2", "a_b"])
_params = st.lists(st.tuples(_tokens.map(lambda name: f"x{name}"), st.just("") | _tokens), max_size=2).map(tuple)
_sip_uris = st.builds(
    SipUri,
    scheme=st.sampled_from(["sip", "sips"]),
    user=st.just("") | _tokens,
    host=_hosts,
    port=st.none() | st.integers(0, 65535),
    params=_params,
)
_tel_uris = st.builds(TelUri, number=st.text(string.digits + "-.()", min_size=1, max_size=12), params=_params)
_addresses = st.builds(Address, uri=_sip_uris | _tel_uris, display_name=_words, params=_params)
_routes = st.builds(Address, uri=_sip_uris, params=_params)
_vias = st.builds(
    Via, transport=_tokens, host=_hosts, port=st.none() | st.integers(0, 65535), branch=_tokens, params=_params
)
_media_types = st.builds(MediaType, type=st.just("a"), subtype=st.just("b"), params=_params)


@dataclass(frozen=True)
class Meaning:
    """What a message says."""

    start: str
    values: dict[str, list[str]]
    body: bytes


@st.composite
def meanings(draw: st.DrawFn) -> Meaning:
    """A request or a response."""
    method = draw(st.sampled_from(["INVITE", "OPTIONS", "BYE"]) | _tokens)
    is_request = draw(st.booleans())
    uri = draw(_sip_uris | _tel_uris)
    code, reason = draw(st.integers(100, 699)), draw(_words)
    body = draw(st.binary(max_size=40))
    values: dict[str, Sequence[object]] = {
        "Via": draw(st.lists(_vias, min_size=1, max_size=3)),
        "From": [draw(_addresses).with_tag(draw(_tokens))],
        "To": [draw(_addresses).with_tag(draw(st.none() | _tokens))],
        "Call-ID": [draw(_tokens)],
        "CSeq": [CSeq(draw(st.integers(0, 2**31 - 1)), method)],
        "Contact": draw(st.lists(_addresses, max_size=3)),
        "Record-Route": draw(st.lists(_routes, max_size=3)),
        "Route": draw(st.lists(_routes, max_size=2)),
        "Supported": draw(st.lists(_tokens, max_size=3)),
        "Allow": draw(st.lists(_tokens, max_size=3)),
        "Max-Forwards": draw(st.lists(st.integers(0, 255), max_size=1)),
        "Content-Type": draw(st.lists(_media_types, max_size=1)),
        "X-Own": draw(st.lists(_words.filter(bool), max_size=2)),
    }  # fmt: skip
    start = f"{method} {uri} SIP/2.0" if is_request else f"SIP/2.0 {code} {reason}"
    return Meaning(start, {name: [str(value) for value in found] for name, found in values.items() if found}, body)


@st.composite
def spelled(draw: st.DrawFn, meaning: Meaning) -> bytes:
    """One way to write it: any order, case and form of the names, lists in one line or more, folds at spaces."""
    lines = []
    for name, values in meaning.values.items():
        rest = list(values)
        while rest:
            count = draw(st.integers(1, len(rest))) if name in LISTS else 1
            comma = draw(st.sampled_from([",", ", ", " ,\t"]))
            lines.append((name, comma.join(rest[:count])))
            rest = rest[count:]
    # Lines of one name keep their order; those of different names may stand in any.
    places = draw(st.permutations(range(len(lines))))
    ordered = sorted(zip(places, lines, strict=True), key=lambda pair: pair[0])
    queues = {name: [line for line in lines if line[0] == name] for name in meaning.values}
    text = b"".join(_line(draw, *queues[name].pop(0)) for _, (name, _) in ordered)
    length = _line(draw, "Content-Length", str(len(meaning.body)))
    return b"\r\n".join([_encoded(meaning.start), length + text, meaning.body])


def _line(draw: st.DrawFn, name: str, value: str) -> bytes:
    forms = [name, name.lower(), name.upper(), f"{name} ", f"{name}\t "]
    forms += [COMPACT[name.lower()]] if name.lower() in COMPACT else []
    folds = draw(st.sets(st.integers(0, 40), max_size=3))
    pieces = value.split(" ")
    text = pieces[0]
    for place, piece in enumerate(pieces[1:]):
        text += ("\r\n " if place in folds else " ") + piece
    gap = draw(st.sampled_from(["", " ", "\t ", "\r\n  "]))
    end = draw(st.sampled_from(["", " ", " \t"]))
    return _encoded(f"{draw(st.sampled_from(forms))}:{gap}{text}{end}\r\n")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def said(message: Message) -> dict[str, list[str]]:
    """What a message says, by its accessors."""
    values: dict[str, list[str]] = {
        "Via": [str(via) for via in message.vias],
        "From": [str(message.from_)],
        "To": [str(message.to)],
        "Call-ID": [message.call_id],
        "CSeq": [str(message.cseq)],
        "Contact": [str(address) for address in message.contacts],
        "Record-Route": [str(address) for address in message.record_route],
        "Route": [str(address) for address in message.route],
        "Supported": message.headers.values("Supported"),
        "Allow": message.allow,
        "Max-Forwards": [] if message.max_forwards is None else [str(message.max_forwards)],
        "Content-Type": [] if message.content_type is None else [str(message.content_type)],
        "X-Own": message.headers.all("X-Own"),
    }
    return {name: found for name, found in values.items() if found}


@pytest.mark.slow
@given(st.data())
def test_a_message_is_read_as_it_was_meant_however_it_is_spelled(data: st.DataObject) -> None:
    """Order, case, compact forms, lists and folds change nothing (§7.3)."""
    meaning = data.draw(meanings())
    message = parse(data.draw(spelled(meaning)))
    validate(message)
    assert said(message) == meaning.values
    assert message.body == meaning.body
    start = f"{message.method} {message.uri} SIP/2.0" if isinstance(message, Request) else ""
    if isinstance(message, Response):
        start = f"SIP/2.0 {message.code} {message.reason}"
    assert start == meaning.start


@pytest.mark.slow
@given(st.data())
def test_what_was_read_prints_as_one_thing(data: st.DataObject) -> None:
    """parse(bytes(message)) is the message, says the same and prints the same bytes again."""
    message = parse(data.draw(spelled(data.draw(meanings()))))
    printed = bytes(message)
    again = parse(printed)
    assert (again, bytes(again), said(again)) == (message, printed, said(message))


@given(_tel_uris)
def test_a_tel_uri_reads_back(uri: TelUri) -> None:
    """A number keeps its separators and parameters (RFC 3966)."""
    assert parse_uri(str(uri)) == uri


@given(st.builds(Replaces, call_id=_tokens, to_tag=_tokens, from_tag=_tokens, is_early_only=st.booleans()))
def test_a_replaces_reads_back(replaces: Replaces) -> None:
    """A dialog's three names (RFC 3891)."""
    assert Replaces.parse(str(replaces)) == replaces


@pytest.mark.parametrize("tag", ['"x\\"y"', '"a;b"', '"a b"', '""'])
def test_a_replaces_with_a_quoted_tag_is_refused(tag: str) -> None:
    """Tags are tokens (RFC 3891 §6.1): one that needs its quotes is nobody's."""
    with pytest.raises(MalformedValue):
        Replaces.parse(f"c;to-tag=a;from-tag={tag}")


_texts = st.text(max_size=12)


@given(
    st.builds(
        Challenge,
        realm=_texts,
        nonce=_texts,
        algorithm=st.none() | _tokens,
        qop=st.lists(_tokens, max_size=3).map(tuple),
        opaque=st.none() | _texts,
        stale=st.booleans(),
    )
)
def test_a_challenge_reads_back(challenge: Challenge) -> None:
    """Quotes and backslashes in a realm, a nonce or an opaque are only text (RFC 7616)."""
    assert Challenge.parse(str(challenge)) == challenge


@given(
    st.builds(
        Credentials,
        username=_texts,
        realm=_texts,
        nonce=_texts,
        uri=_texts,
        response=_texts,
        algorithm=st.none() | _tokens,
        qop=st.none() | _tokens,
        cnonce=st.none() | _texts,
        nc=st.none() | st.integers(0, 2**32 - 1),
        opaque=st.none() | _texts,
    )
)
def test_credentials_read_back(credentials: Credentials) -> None:
    """Likewise the answer."""
    assert Credentials.parse(str(credentials)) == credentials
