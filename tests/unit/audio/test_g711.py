"""G.711: the Python definition against the standard's marks, and the native tables against the definition."""

import struct

import pytest

from offhook.audio import g711
from offhook.media import engine
from offhook.sdp.codecs import PCMA, PCMU

ALL_SAMPLES = range(-32768, 32768)
ALL_OCTETS = bytes(range(256))


@pytest.mark.parametrize(
    ("sample", "octet"), [(0, 0xFF), (-1, 0x7F), (32767, 0x80), (-32768, 0x00), (1000, 0xCE), (-1000, 0x4E)]
)
def test_marks_of_mu_law(sample: int, octet: int) -> None:
    """Silence, both ends of the range and a value between stand where the table of the standard has them."""
    assert g711.encode_ulaw_sample(sample) == octet


@pytest.mark.parametrize(
    ("sample", "octet"), [(0, 0xD5), (-1, 0x55), (32767, 0xAA), (-32768, 0x2A), (1000, 0xFA), (-1000, 0x7A)]
)
def test_marks_of_a_law(sample: int, octet: int) -> None:
    """Silence, both ends of the range and a value between stand where the table of the standard has them."""
    assert g711.encode_alaw_sample(sample) == octet


def test_octets_survive_decoding_and_encoding() -> None:
    """Each octet decodes to a sample of its own cell; mu-law's two zeros are one."""
    assert [g711.encode_alaw_sample(g711.decode_alaw_octet(octet)) for octet in ALL_OCTETS] == list(ALL_OCTETS)
    ulaw = [g711.encode_ulaw_sample(g711.decode_ulaw_octet(octet)) for octet in ALL_OCTETS]
    assert ulaw == [0xFF if octet == 0x7F else octet for octet in ALL_OCTETS]


def test_the_error_stays_within_half_a_step() -> None:
    """A sample comes back within a 31st of its size, counted with mu-law's bias."""
    for sample in range(-32000, 32000, 7):
        for encode, decode in (
            (g711.encode_ulaw_sample, g711.decode_ulaw_octet),
            (g711.encode_alaw_sample, g711.decode_alaw_octet),
        ):
            assert abs(decode(encode(sample)) - sample) <= (abs(sample) + 132) / 31 + 4


def test_the_native_encoder_agrees_on_every_sample() -> None:
    """All 65,536 samples, both laws, bit for bit."""
    samples = struct.pack(f"<{len(ALL_SAMPLES)}h", *ALL_SAMPLES)
    assert engine.encode(PCMU, samples) == bytes(map(g711.encode_ulaw_sample, ALL_SAMPLES))
    assert engine.encode(PCMA, samples) == bytes(map(g711.encode_alaw_sample, ALL_SAMPLES))


def test_the_native_decoder_agrees_on_every_octet() -> None:
    """All 256 octets, both laws, bit for bit."""
    assert engine.decode(PCMU, ALL_OCTETS) == g711.decode_ulaw(ALL_OCTETS)
    assert engine.decode(PCMA, ALL_OCTETS) == g711.decode_alaw(ALL_OCTETS)
