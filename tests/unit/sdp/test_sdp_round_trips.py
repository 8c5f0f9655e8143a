"""Session descriptions of any shape print and read back as themselves, and what both sides settle is the same."""

import string
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.media.negotiation import Negotiation
from offhook.sdp.description import Attribute, MediaDescription, Origin, SessionDescription
from offhook.sdp.parse import MOST_MEDIA, parse

_words = st.text(string.ascii_letters + string.digits + "-+._", min_size=1, max_size=10)
_texts = st.text(max_size=20).map(lambda text: text.translate({ord(mark): None for mark in "\r\n\0"})).filter(bool)
_hosts = st.ip_addresses().map(str) | st.just("host.example")
_numbers = st.integers(0, 2**64 - 1)
_attributes = st.lists(
    st.builds(Attribute, name=_words, value=st.none() | st.just("") | _texts), max_size=4
).map(tuple)  # fmt: skip
_media = st.builds(
    MediaDescription,
    kind=_words,
    port=st.integers(0, 65_535),
    protocol=_words,
    formats=st.lists(_words, min_size=1, max_size=4).map(tuple),
    address=st.none() | _hosts,
    attributes=_attributes,
)
_descriptions = st.builds(
    SessionDescription,
    origin=st.builds(Origin, username=_words, session_id=_numbers, version=_numbers, address=_hosts),
    name=_texts,
    address=st.none() | _hosts,
    attributes=_attributes,
    media=st.lists(_media, max_size=MOST_MEDIA).map(tuple),
)


@pytest.mark.slow
@given(_descriptions)
def test_parsing_undoes_printing(description: SessionDescription) -> None:
    """What was printed reads back as the same value, with CRLF or, from careless peers, with LF alone."""
    assert parse(bytes(description)) == description
    assert parse(bytes(description).replace(b"\r\n", b"\n")) == description


@pytest.mark.slow
@given(st.randoms(use_true_random=False), st.booleans(), st.lists(st.booleans(), max_size=3))
def test_both_sides_settle_the_same(source: Random, is_secure: bool, turns: list[bool]) -> None:  # noqa: FBT001  # drawn
    """Offer and answer, in turn from either side, end in agreements that mirror one another (RFC 3264)."""
    one, other = (
        Negotiation(address=host, port=port, session_id=1, random_octets=source.randbytes)
        for host, port in (("192.0.2.1", 4000), ("2001:db8::2", 6000))
    )
    for is_turned in (False, *turns):
        offerer, answerer = (other, one) if is_turned else (one, other)
        offerer.accept_answer(answerer.make_answer(offerer.make_offer(is_secure=is_secure)))
        ours, theirs = offerer.agreement, answerer.agreement
        assert ours is not None
        assert theirs is not None
        assert (ours.remote_address, ours.remote_port) == (answerer.address, answerer.port)
        assert (theirs.remote_address, theirs.remote_port) == (offerer.address, offerer.port)
        assert (ours.codec, ours.payload_type, ours.direction) == (theirs.codec, theirs.payload_type, theirs.direction)
        assert (ours.security is None) == (theirs.security is None) == (not is_secure)
        if ours.security is not None and theirs.security is not None:
            assert (ours.security.local_key, ours.security.remote_key) == (
                theirs.security.remote_key,
                theirs.security.local_key,
            )
