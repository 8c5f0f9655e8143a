"""Comfort noise in offers and answers (RFC 3389 §5): answered where it is offered, and then offered, too."""

import pytest

from offhook.media.negotiation import Negotiation
from offhook.sdp.codecs import AUDIO_CODECS, COMFORT_NOISE, COMFORT_NOISE_16000, G711, G722, OPUS, PCMU, Codec
from offhook.sdp.negotiate import Agreement

HEAD = "v=0\r\no=far 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
PLAIN = "m=audio 4000 RTP/AVP 0 8\r\n"
RESTING = "m=audio 4000 RTP/AVP 0 13 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
WIDE = "m=audio 4000 RTP/AVP 9 0 13 98\r\na=rtpmap:98 CN/16000\r\n"


def _negotiation(codecs: tuple[Codec, ...] = G711) -> Negotiation:
    return Negotiation(address="198.51.100.5", port=40_000, session_id=7, codecs=codecs)


def _formats(description: bytes) -> str:
    return next(line for line in description.decode().split("\r\n") if line.startswith("m=")).partition("AVP ")[2]


def _agreed(offer: str, codecs: tuple[Codec, ...]) -> tuple[str, Agreement]:
    negotiation = _negotiation(codecs)
    answer = negotiation.make_answer((HEAD + offer).encode())
    assert negotiation.agreement is not None
    return _formats(answer), negotiation.agreement


def test_comfort_noise_is_answered_where_it_is_offered() -> None:
    """Behind the audio, under the static type, which needs no rtpmap; and not where it is not."""
    answered, agreement = _agreed(RESTING, G711)
    assert answered == "0 8 13 101"
    assert agreement.comfort_noise is not None
    assert (agreement.comfort_noise.payload_type, agreement.comfort_noise.codec) == (13, COMFORT_NOISE)
    answered, agreement = _agreed(PLAIN, G711)
    assert answered == "0 8"
    assert agreement.comfort_noise is None


def test_comfort_noise_is_offered_to_nobody_who_has_not() -> None:
    """Who is offered it may fall silent; a peer that has offered it itself is offered it again."""
    negotiation = _negotiation()
    assert _formats(negotiation.make_offer()) == "0 8 101"
    negotiation.make_answer((HEAD + RESTING).encode())
    offer = negotiation.make_offer()
    assert _formats(offer) == "0 8 13 101"
    assert b"a=rtpmap:13 CN/8000\r\n" in offer
    agreement = negotiation.accept_answer((HEAD + RESTING).encode())
    assert agreement.received_noise == (COMFORT_NOISE,)
    agreement = negotiation.accept_answer((HEAD + PLAIN).encode())
    assert (agreement.comfort_noise, agreement.received_noise) == (None, (COMFORT_NOISE,))


@pytest.mark.parametrize(
    ("codecs", "answered", "payload_type", "codec"),
    [
        ((PCMU, G722), "9 0 13 98", 98, COMFORT_NOISE_16000),
        ((PCMU,), "0 13", 13, COMFORT_NOISE),
    ],
)
def test_wide_sound_rests_by_its_own_rate(
    codecs: tuple[Codec, ...], answered: str, payload_type: int, codec: Codec
) -> None:
    """Of both rates, that of the codec is sent; that of 16 kHz is not taken without G.722."""
    formats, agreement = _agreed(WIDE, codecs)
    assert formats == answered
    assert agreement.comfort_noise is not None
    assert (agreement.comfort_noise.payload_type, agreement.comfort_noise.codec) == (payload_type, codec)


def test_opus_rests_in_its_own_way() -> None:
    """Neither answered beside Opus alone nor sent between its packets (RFC 7587 §3.1.3)."""
    offer = "m=audio 4000 RTP/AVP 96 13\r\na=rtpmap:96 opus/48000/2\r\n"
    assert _agreed(offer, (OPUS,))[0] == "96"
    assert _agreed(offer, AUDIO_CODECS)[0] == "96"
    both = "m=audio 4000 RTP/AVP 96 0 13\r\na=rtpmap:96 opus/48000/2\r\n"
    formats, agreement = _agreed(both, AUDIO_CODECS)
    assert (formats, agreement.comfort_noise) == ("96 0 13", None)


def test_a_comfort_noise_of_another_rate_is_not_known() -> None:
    """Browsers offer that of 32 kHz, too."""
    assert _agreed("m=audio 4000 RTP/AVP 0 106\r\na=rtpmap:106 CN/32000\r\n", AUDIO_CODECS)[0] == "0"
