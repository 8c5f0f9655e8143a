"""Audio files to telephone samples: what is taken, how it sounds, and what is refused."""

import io
import random
import wave

import pytest

from offhook.audio.errors import UndecodableAudio
from offhook.audio.files import decode
from offhook.audio.g711 import decode_ulaw, encode_ulaw_sample
from offhook.audio.measure import loudest_tone
from offhook.audio.resample import to_telephone
from offhook.audio.tones import tone


def _wav(samples: bytes, rate_hz: int = 8000, channels: int = 1) -> bytes:
    body = io.BytesIO()
    with wave.open(body, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples)
    return body.getvalue()


def test_a_wav_of_our_own_rate_comes_out_as_it_went_in() -> None:
    """At 8 kHz mono no sample changes."""
    samples = tone((440,), 0.5, level_dbfs=-10)
    assert decode(_wav(samples), "audio/wav") == (samples, 8000)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000, 44_100, 48_000])
def test_other_rates_sound_the_same(rate_hz: int) -> None:
    """A tone keeps its frequency, its level and its length at any usual rate."""
    # A tone made for 8 kHz and said to be of another rate is that much higher.
    samples = tone((250 * 8000 / rate_hz * 4,), rate_hz / 8000 / 2, level_dbfs=-10)
    expected_hz = 250 * 4
    for heard in (decode(_wav(samples, rate_hz), "audio/x-wav")[0], to_telephone(samples, rate_hz)):
        assert len(heard) / 16000 == pytest.approx(0.5, abs=0.01)
        frequency_hz, level_dbfs = loudest_tone(heard)
        assert frequency_hz == pytest.approx(expected_hz, abs=1)
        assert level_dbfs == pytest.approx(-10, abs=0.7)


def test_two_channels_become_one() -> None:
    """Stereo is mixed down."""
    samples = tone((440,), 0.25, level_dbfs=-10)
    both = b"".join(samples[at : at + 2] * 2 for at in range(0, len(samples), 2))
    heard, _ = decode(_wav(both, channels=2), "audio/wav")
    assert loudest_tone(heard) == pytest.approx(loudest_tone(samples), abs=0.01)


@pytest.mark.parametrize("content_type", ["audio/ulaw", "audio/basic; rate=8000", "AUDIO/ULAW"])
def test_raw_mu_law_is_told_by_its_type(content_type: str) -> None:
    """Raw octets have no header: the media type says what they are."""
    octets = bytes(map(encode_ulaw_sample, range(-3000, 3000)))
    assert decode(octets, content_type) == (decode_ulaw(octets), 8000)


@pytest.mark.parametrize(
    "body",
    [b"", b"not audio", _wav(b""), _wav(b"\x01\x02" * 100)[:30], b"RIFF" + b"\xff" * 200, b"<?xml version='1.0'?>" * 9],
    ids=["empty", "text", "no samples", "cut header", "lies", "xml"],
)
def test_what_is_no_audio_is_refused(body: bytes) -> None:
    """Anything without samples is UndecodableAudio, whatever it calls itself."""
    with pytest.raises(UndecodableAudio):
        decode(body, "audio/mpeg")


@pytest.mark.parametrize("content_type", ["audio/wav", "audio/ulaw"])
def test_what_is_too_long_is_refused(content_type: str) -> None:
    """A limit in seconds holds for packed and raw audio alike."""
    with pytest.raises(UndecodableAudio, match="at most 1 seconds"):
        decode(_wav(bytes(2 * 16_400)), content_type, longest=1.0)


@pytest.mark.slow
def test_a_tiny_file_that_claims_to_be_long_is_refused() -> None:
    """Few samples at one per second unpack to hours: the limit stops them while they do."""
    with pytest.raises(UndecodableAudio):
        decode(_wav(bytes(20_000), rate_hz=1), "audio/wav")


def test_garbage_raises_nothing_else() -> None:
    """Damaged files decode to something or are refused."""
    whole = bytearray(_wav(tone((440,), 0.05, level_dbfs=-10), 44_100))
    for _ in range(300):
        damaged = bytearray(whole)
        for at in random.sample(range(60), 4):
            damaged[at] = random.getrandbits(8)
        try:
            samples, rate_hz = decode(bytes(damaged), "audio/wav", longest=60)
        except UndecodableAudio:
            continue
        assert samples
        assert rate_hz == 8000


@pytest.mark.parametrize("rate_hz", [0, -8000, 3999, 192_001])
def test_rates_of_no_sound_are_refused(rate_hz: int) -> None:
    """Rates outside 4 to 192 kHz are a mistake."""
    with pytest.raises(UndecodableAudio, match="rate"):
        to_telephone(bytes(100), rate_hz)


def test_half_a_sample_at_the_end_is_dropped() -> None:
    """An odd number of octets loses its last."""
    assert to_telephone(b"\x01\x02\x03", 8000) == b"\x01\x02"
