"""Session descriptions from text (RFC 8866 §5, §9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sdp.description import Attribute, Direction, MediaDescription, Origin, SessionDescription
from offhook.sdp.errors import MalformedDescription, MissingDescription, SdpError
from offhook.sdp.parse import MOST_MEDIA, MOST_OCTETS, parse

OFFER = (
    b"v=0\r\n"
    b"o=alice 2890844526 2890844527 IN IP4 192.0.2.10\r\n"
    b"s=call\r\n"
    b"c=IN IP4 192.0.2.10\r\n"
    b"t=0 0\r\n"
    b"m=audio 49170 RTP/AVP 0 101\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\n"
    b"a=recvonly\r\n"
    b"m=video 51372 RTP/AVP 99\r\n"
    b"c=IN IP6 2001:db8::1\r\n"
    b"a=rtpmap:99 h263-1998/90000\r\n"
)


def test_a_whole_description_is_read() -> None:
    """Session lines and media lines end up where they belong."""
    description = parse(OFFER)
    assert description.origin == Origin(
        username="alice", session_id=2890844526, version=2890844527, address="192.0.2.10"
    )
    audio, video = description.media
    assert audio == MediaDescription(
        kind="audio",
        port=49170,
        protocol="RTP/AVP",
        formats=("0", "101"),
        attributes=(Attribute(name="rtpmap", value="101 telephone-event/8000"), Attribute(name="recvonly")),
    )
    assert description.address_of(audio) == "192.0.2.10"
    assert description.address_of(video) == "2001:db8::1"
    assert description.direction_of(audio) == Direction.RECVONLY
    assert description.direction_of(video) == Direction.SENDRECV


def test_what_is_printed_reads_the_same() -> None:
    """Printing and parsing again gives an equal description."""
    assert bytes(parse(OFFER)) == OFFER
    assert parse(bytes(parse(OFFER))) == parse(OFFER)


def test_a_session_direction_counts_for_lines_without_their_own() -> None:
    """a=inactive above the first m= line holds every line (RFC 8866 §6.7)."""
    description = parse(OFFER.replace(b"t=0 0\r\n", b"t=0 0\r\na=inactive\r\n"))
    assert description.direction_of(description.media[0]) == Direction.RECVONLY
    assert description.direction_of(description.media[1]) == Direction.INACTIVE


@pytest.mark.parametrize(
    "body",
    [
        OFFER.replace(b"\r\n", b"\n"),
        OFFER.replace(b"s=call\r\n", b"s=call\r\nb=AS:64\r\nk=prompt\r\n"),
        OFFER + b"\r\n\r\n",
        OFFER.replace(b"192.0.2.10\r\nt", b"192.0.2.10/127\r\nt"),
    ],
    ids=["bare line feeds", "lines nobody reads", "empty lines at the end", "time to live"],
)
def test_harmless_differences_are_understood(body: bytes) -> None:
    """Peers that write a little differently mean the same."""
    assert parse(body) == parse(OFFER)


@pytest.mark.parametrize("body", [None, b"", b"\r\n \r\n"])
def test_a_missing_body_is_told_apart(body: bytes | None) -> None:
    """An empty body is missing, not malformed: the API has a code of its own for it."""
    with pytest.raises(MissingDescription):
        parse(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (OFFER.replace(b"v=0", b"v=1"), "v=0"),
        (OFFER.removeprefix(b"v=0\r\n"), "v=0"),
        (OFFER.replace(b"o=", b"i="), "o= line"),
        (OFFER.replace(b"2890844526", b"minus"), "session id"),
        (OFFER.replace(b"2890844526", b"9" * 21), "session id"),
        (OFFER.replace(b"IN IP4 192.0.2.10\r\ns", b"IN IP4\r\ns"), "six words"),
        (OFFER.replace(b"IN IP4 192.0.2.10\r\nt", b"ATM NSAP 1\r\nt"), "IP4 or IP6"),
        (OFFER.replace(b"49170", b"70000"), "up to 65535"),
        (OFFER.replace(b"49170", b"-1"), "port"),
        (OFFER.replace(b"49170", "٤٩".encode()), "port"),
        (OFFER.replace(b"RTP/AVP 0 101", b"RTP/AVP"), "formats"),
        (OFFER.replace(b"RTP/AVP 0 101", b"RTP/AVP" + b" 0" * 65), "formats"),
        (OFFER + b"nonsense\r\n", "letter"),
        (OFFER + b"A=upper\r\n", "letter"),
        (OFFER + b"a=x\0y\r\n", "letter"),
        (OFFER + b"a=\xff\r\n", "UTF-8"),
        (OFFER + b"a=x\r\n" * 512, "lines"),
        (OFFER + b"a=" + b"x" * MOST_OCTETS, "octets"),
        (OFFER + b"m=audio 0 RTP/AVP 0\r\n" * MOST_MEDIA, "media lines"),
    ],
)
def test_broken_descriptions_say_what_is_wrong(body: bytes, reason: str) -> None:
    """Each breach of grammar or limit is one error with what was expected."""
    with pytest.raises(MalformedDescription, match=reason):
        parse(body)


@given(st.binary(max_size=400) | st.lists(st.sampled_from(OFFER.split(b"\r\n"))).map(b"\r\n".join))
def test_whatever_comes_nothing_else_is_raised(body: bytes) -> None:
    """Random octets and shuffled lines parse, and print the same again, or raise an SdpError."""
    try:
        description = parse(body)
    except SdpError:
        return
    assert parse(bytes(description)) == description


def test_a_direction_is_mirrored() -> None:
    """What one side sends the other receives."""
    assert [direction.mirrored.value for direction in Direction] == ["sendrecv", "recvonly", "sendonly", "inactive"]


def test_a_new_version_differs_in_nothing_else() -> None:
    """with_version changes one number of the o= line."""
    description = parse(OFFER)
    assert isinstance(description, SessionDescription)
    assert bytes(description.with_version(5)) == OFFER.replace(b"2890844527", b"5")
