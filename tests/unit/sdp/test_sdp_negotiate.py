"""Offer in, answer out (RFC 3264), as text: what is sent to the peer, and what of it is agreed."""

import pytest

from offhook.sdp.codecs import PCMA, PCMU
from offhook.sdp.description import Direction
from offhook.sdp.errors import MalformedDescription, NoCommonMedia
from offhook.sdp.negotiate import LocalMedia, accept_answer, make_answer, make_offer
from offhook.sdp.parse import parse

LOCAL = LocalMedia(session_id=7, version=1, address="198.51.100.5", port=40_000)
HEAD = "v=0\r\no=far 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
OUR_HEAD = "v=0\r\no=offhook 7 1 IN IP4 198.51.100.5\r\ns=offhook\r\nc=IN IP4 198.51.100.5\r\nt=0 0\r\n"
PLAIN = "m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"


def _answer(offered: str, head: str = HEAD) -> str:
    return str(make_answer(LOCAL, parse((head + offered).encode()))[0]).removeprefix(OUR_HEAD)


def test_the_offer_is_pcmu_then_pcma_then_keys() -> None:
    """The whole offer, as contract 1 §2.4 has it."""
    assert str(make_offer(LOCAL)) == OUR_HEAD + (
        "m=audio 40000 RTP/AVP 0 8 101\r\n"
        "a=rtpmap:0 PCMU/8000\r\n"
        "a=rtpmap:8 PCMA/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\n"
        "a=fmtp:101 0-16\r\n"
        "a=ptime:20\r\n"
        "a=maxptime:20\r\n"
        "a=sendrecv\r\n"
    )


def test_an_address_of_ipv6_is_written_as_one() -> None:
    """o= and c= name the family of the address."""
    offer = str(make_offer(LocalMedia(session_id=7, version=1, address="2001:db8::5", port=40_000)))
    assert "o=offhook 7 1 IN IP6 2001:db8::5\r\n" in offer
    assert "c=IN IP6 2001:db8::5\r\n" in offer


def test_the_answer_keeps_the_offerers_order_and_payload_types() -> None:
    """The offerer's first codec comes first, under the offerer's numbers, and what we do not know is left out."""
    offered = (
        "m=audio 4000 RTP/AVP 18 97 8 96\r\n"
        "a=rtpmap:97 telephone-event/8000\r\na=rtpmap:96 pcmu/8000/1\r\na=fmtp:97 0-15\r\n"
    )
    assert _answer(offered) == (
        "m=audio 40000 RTP/AVP 8 96 97\r\n"
        "a=rtpmap:8 PCMA/8000\r\n"
        "a=rtpmap:96 PCMU/8000\r\n"
        "a=rtpmap:97 telephone-event/8000\r\n"
        "a=fmtp:97 0-16\r\n"
        "a=ptime:20\r\n"
        "a=maxptime:20\r\n"
        "a=sendrecv\r\n"
    )
    _, agreement = make_answer(LOCAL, parse((HEAD + offered).encode()))
    assert (agreement.codec, agreement.payload_type, agreement.telephone_event) == (PCMA, 8, 97)
    assert {payload.payload_type: payload.codec.name for payload in agreement.received} == {
        8: "PCMA",
        96: "PCMU",
        97: "telephone-event",
    }


def test_other_lines_are_rejected_in_their_place() -> None:
    """Video and a second audio line are answered with port 0, and the number of lines stays (RFC 3264 §6)."""
    offered = "m=video 5000 RTP/AVP 99\r\n" + PLAIN + "m=audio 6000 RTP/AVP 0\r\n"
    lines = [line for line in _answer(offered).split("\r\n") if line.startswith("m=")]
    assert lines == ["m=video 0 RTP/AVP 99", "m=audio 40000 RTP/AVP 0 8 101", "m=audio 0 RTP/AVP 0"]


@pytest.mark.parametrize(
    ("offered", "answered", "may_send", "may_receive"),
    [
        ("sendrecv", "sendrecv", True, True),
        ("sendonly", "recvonly", False, True),
        ("recvonly", "sendonly", True, False),
        ("inactive", "inactive", False, False),
    ],
)
def test_hold_is_mirrored(offered: str, answered: str, *, may_send: bool, may_receive: bool) -> None:
    """A peer that holds is answered with the other side of its direction (RFC 3264 §6.1), on either level."""
    for text in (PLAIN + f"a={offered}\r\n", f"a={offered}\r\n" + PLAIN):
        assert f"a={answered}\r\n" in _answer(text)
        _, agreement = make_answer(LOCAL, parse((HEAD + text).encode()))
        assert (agreement.direction.may_send, agreement.direction.may_receive) == (may_send, may_receive)


def test_the_old_way_of_hold_names_no_address() -> None:
    """c=0.0.0.0 means that nothing is to be sent (RFC 3264 §8.4)."""
    _, agreement = make_answer(LOCAL, parse((HEAD.replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0") + PLAIN).encode()))
    assert agreement.remote_address is None


def test_rtcp_goes_one_port_above_unless_told() -> None:
    """a=rtcp moves RTCP (RFC 3605); nonsense in it does not."""
    for line, expected in (("", 4001), ("a=rtcp:5005\r\n", 5005), ("a=rtcp:x\r\n", 4001), ("a=rtcp:99999\r\n", 4001)):
        _, agreement = make_answer(LOCAL, parse((HEAD + PLAIN + line).encode()))
        assert agreement.remote_rtcp_port == expected


@pytest.mark.parametrize(
    "offered",
    [
        "",
        "m=audio 4000 RTP/AVP 18\r\n",
        "m=audio 0 RTP/AVP 0\r\n",
        "m=audio 4000 RTP/SAVP 0\r\n",
        "m=video 4000 RTP/AVP 0\r\n",
        "m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n",
        "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 L16/44100\r\n",
        "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMU/16000\r\n",
        "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMU/8000/2\r\n",
        "m=audio 4000 RTP/AVP 200\r\na=rtpmap:200 PCMU/8000\r\n",
    ],
    ids=[
        "no line",
        "no codec",
        "rejected",
        "encrypted",
        "video",
        "keys only",
        "static number reused",
        "wideband",
        "stereo",
        "no payload type",
    ],
)
def test_nothing_in_common_is_refused(offered: str) -> None:
    """Without an RTP/AVP audio line in G.711 there is no answer."""
    with pytest.raises(NoCommonMedia):
        _answer(offered)


@pytest.mark.parametrize(
    "address", ["IN IP4 example.com", "IN IP4 224.2.1.1/127", "IN IP4 255.255.255.255", "IN IP4 1"]
)
def test_packets_go_to_one_host_only(address: str) -> None:
    """Names, multicast and broadcast addresses are refused: nobody makes us flood a network."""
    with pytest.raises(MalformedDescription):
        _answer(PLAIN, HEAD.replace("IN IP4 192.0.2.1\r\nt", f"{address}\r\nt"))


def test_an_offer_without_an_address_is_refused() -> None:
    """A c= line must stand somewhere (RFC 8866 §5.7)."""
    with pytest.raises(MalformedDescription, match="c= line"):
        _answer(PLAIN, HEAD.replace("c=IN IP4 192.0.2.1\r\n", ""))


def test_the_answer_to_our_offer_chooses() -> None:
    """The answerer's first codec is what we send; what it may send is everything we offered."""
    offer = make_offer(LOCAL)
    agreement = accept_answer(offer, parse((HEAD + "m=audio 4000 RTP/AVP 8\r\n").encode()))
    assert (agreement.remote_address, agreement.remote_port) == ("192.0.2.1", 4000)
    assert (agreement.codec, agreement.payload_type, agreement.telephone_event) == (PCMA, 8, None)
    assert {payload.payload_type for payload in agreement.received} == {0, 8, 101}
    assert agreement.direction == Direction.SENDRECV


def test_an_answerer_with_its_own_number_for_keys_is_understood() -> None:
    """Keys are sent under the answerer's number and taken under both."""
    answer = "m=audio 4000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\na=sendonly\r\n"
    agreement = accept_answer(make_offer(LOCAL), parse((HEAD + answer).encode()))
    assert (agreement.codec, agreement.telephone_event) == (PCMU, 96)
    assert {payload.payload_type for payload in agreement.received} == {0, 8, 96, 101}
    assert agreement.direction == Direction.RECVONLY


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("m=audio 0 RTP/AVP 0\r\n", NoCommonMedia),
        ("m=audio 4000 RTP/AVP 18\r\n", NoCommonMedia),
        ("", MalformedDescription),
        (PLAIN + PLAIN, MalformedDescription),
    ],
    ids=["rejected", "no codec", "no line", "a line too many"],
)
def test_an_answer_that_does_not_fit_is_refused(answer: str, error: type[Exception]) -> None:
    """An answer has our offer's lines (RFC 3264 §6) and accepts the one that carries sound."""
    with pytest.raises(error):
        accept_answer(make_offer(LOCAL), parse((HEAD + answer).encode()))
