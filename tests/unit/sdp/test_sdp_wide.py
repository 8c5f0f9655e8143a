"""Offers and answers with G.722 and Opus: which codecs, which numbers, and by which clock keys are sent (RFC 7587)."""

import pytest

from offhook.sdp.codecs import AUDIO_CODECS, G722, OPUS, PCMA, PCMU, Codec, codec_named
from offhook.sdp.errors import NoCommonMedia
from offhook.sdp.negotiate import Agreement, LocalMedia, accept_answer, make_answer, make_offer
from offhook.sdp.parse import parse

HEAD = "v=0\r\no=far 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
BROWSER = (
    "m=audio 4000 RTP/AVP 111 9 0 126 110\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
    "a=rtpmap:126 telephone-event/8000\r\na=rtpmap:110 telephone-event/48000\r\n"
)


def local(*codecs: Codec) -> LocalMedia:
    """Our side with these."""
    return LocalMedia(session_id=7, version=1, address="198.51.100.5", port=40_000, codecs=codecs)


def agreed(offer: str, *codecs: Codec) -> Agreement:
    """What comes of an offer."""
    return make_answer(local(*codecs), parse((HEAD + offer).encode()))[1]


def test_the_offer_has_ours_in_our_order() -> None:
    """Opus with its two channels, and keys by its clock, too."""
    offer = str(make_offer(local(OPUS, G722, PCMU)))
    assert "m=audio 40000 RTP/AVP 96 9 0 101 102\r\n" in offer
    assert "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1;maxplaybackrate=16000" in offer
    assert "a=rtpmap:9 G722/8000\r\n" in offer
    assert "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n" in offer
    assert "a=rtpmap:102 telephone-event/48000\r\na=fmtp:102 0-16\r\n" in offer


@pytest.mark.parametrize(
    ("ours", "codec", "payload_type", "keys"),
    [
        (AUDIO_CODECS, OPUS, 111, 110),
        ((PCMU, OPUS), OPUS, 111, 110),
        ((PCMU, G722), G722, 9, 126),
        ((PCMA, PCMU), PCMU, 0, 126),
    ],
)
def test_what_a_browser_offers(ours: tuple[Codec, ...], codec: Codec, payload_type: int, keys: int) -> None:
    """Its first one that we may use, under its number; keys by the clock of that one."""
    found = agreed(BROWSER, *ours)
    assert (found.codec, found.payload_type, found.telephone_event) == (codec, payload_type, keys)
    assert found.event_codec.clock_rate == codec.clock_rate


def test_keys_by_the_clock_of_telephones_are_better_than_none() -> None:
    """Many offer Opus and telephone-event/8000 alone."""
    found = agreed(
        "m=audio 4000 RTP/AVP 96 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n",
        *AUDIO_CODECS,
    )
    assert (found.telephone_event, found.event_codec.clock_rate) == (101, 8000)


@pytest.mark.parametrize("written", ["opus/48000/2", "OPUS/48000", "opus/48000/1"])
def test_opus_by_any_of_its_names(written: str) -> None:
    """In whatever case, and without its channels."""
    assert agreed(f"m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 {written}\r\n", *AUDIO_CODECS).codec == OPUS


@pytest.mark.parametrize("written", ["opus/16000/2", "opus/48000/3", "G722/16000", "PCMU/8000/2", "PCMU/16000"])
def test_what_only_looks_like_one_of_ours(written: str) -> None:
    """Another clock or another number of channels is another codec."""
    with pytest.raises(NoCommonMedia, match="PCMU or PCMA or G722 or opus"):
        agreed(f"m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 {written}\r\n", *AUDIO_CODECS)


def test_an_answer_may_not_choose_what_was_not_offered() -> None:
    """We would be sent what nobody here can read."""
    offer = make_offer(local(PCMU, PCMA))
    with pytest.raises(NoCommonMedia):
        accept_answer(offer, parse((HEAD + "m=audio 4000 RTP/AVP 9\r\n").encode()))
    taken = accept_answer(offer, parse((HEAD + "m=audio 4000 RTP/AVP 9 8\r\n").encode()))
    assert taken.codec == PCMA


def test_names_are_read_in_any_case() -> None:
    """As people write them in a configuration."""
    assert [codec_named(name) for name in ("pcmu", "PCMA", "g722", "Opus", "G729", "")] == [
        PCMU,
        PCMA,
        G722,
        OPUS,
        None,
        None,
    ]
