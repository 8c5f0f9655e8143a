"""Audio files to telephone samples: what is taken, how it sounds, and what is refused."""

import io
import random
import struct
import wave
from contextlib import suppress
from typing import Any

import pytest
import soundfile  # type: ignore[import-untyped]

from offhook.audio.errors import UndecodableAudio
from offhook.audio.files import decode
from offhook.audio.g711 import decode_ulaw, encode_ulaw_sample
from offhook.audio.measure import loudest_tone
from offhook.audio.resample import to_telephone
from offhook.audio.tones import tone
from offhook.audio.wav import wav_file


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


@pytest.mark.parametrize(
    "changes",
    [
        *({"rate": rate_hz} for rate_hz in (0, 1, 3999, 4_000_000_000)),
        *({"bits": bits} for bits in (0, 7, 12)),
        *({"tag": tag, "bits": 16} for tag in (3, 7)),
        *({"channels": count, "align": count} for count in (0, 65_535)),
    ],
    ids=str,
)
def test_a_wav_of_no_sound_is_refused(changes: dict[str, int]) -> None:
    """Whatever its samples are."""
    form = {"tag": 1, "channels": 1, "rate": 8000, "bits": 16, "align": 2} | changes
    head = struct.pack("<HHIIHH", form["tag"], form["channels"], form["rate"], 16_000, form["align"], form["bits"])
    with pytest.raises(UndecodableAudio):
        decode(wav_file(head, bytes(range(200)) * 8), "audio/wav")


@pytest.mark.parametrize("rate_hz", [0, -8000, 3999, 192_001])
def test_rates_of_no_sound_are_refused(rate_hz: int) -> None:
    """Rates outside 4 to 192 kHz are a mistake."""
    with pytest.raises(UndecodableAudio, match="rate"):
        to_telephone(bytes(100), rate_hz)


def test_half_a_sample_at_the_end_is_dropped() -> None:
    """An odd number of octets loses its last."""
    assert to_telephone(b"\x01\x02\x03", 8000) == b"\x01\x02"


def _sndfile(samples: bytes, **form: Any) -> bytes:
    body = io.BytesIO()
    with soundfile.SoundFile(body, "w", samplerate=8000, channels=1, **form) as file:
        file.buffer_write(samples, dtype="int16")
    return body.getvalue()


@pytest.mark.slow  # the first of them loads libsndfile
@pytest.mark.parametrize(
    ("form", "content_type", "is_exact"),
    [
        ({"format": "AIFF", "subtype": "PCM_16"}, "audio/aiff", True),
        ({"format": "AIFF", "subtype": "PCM_24"}, "audio/x-aiff", True),
        ({"format": "AIFF", "subtype": "ULAW"}, "audio/x-aifc", False),
        ({"format": "AIFF", "subtype": "GSM610"}, "audio/x-aifc", False),
        ({"format": "WAV", "subtype": "GSM610"}, "audio/wav", False),
        ({"format": "WAV", "subtype": "MS_ADPCM"}, "audio/wav", False),
        ({"format": "WAV", "subtype": "IMA_ADPCM"}, "audio/wav", False),
        ({"format": "WAV", "subtype": "ULAW"}, "audio/wav", False),
        ({"format": "WAVEX", "subtype": "PCM_16"}, "audio/wav", True),
        ({"format": "W64", "subtype": "PCM_16"}, "audio/wav", True),
        ({"format": "RF64", "subtype": "PCM_16"}, "audio/wav", True),
        ({"format": "RAW", "subtype": "GSM610"}, "audio/gsm", False),
        ({"format": "RAW", "subtype": "GSM610"}, "audio/x-gsm", False),
        ({"format": "WAV", "subtype": "GSM610"}, "audio/gsm", False),
    ],
)
def test_every_kind_of_the_contract_sounds_as_it_was_written(
    form: dict[str, str], content_type: str, *, is_exact: bool
) -> None:
    """AIFF, AIFC and GSM 6.10, the latter within the losses of its kind (contract 2 §1.2)."""
    samples = tone((440,), 0.5, level_dbfs=-10)
    heard, rate_hz = decode(_sndfile(samples, **form), content_type)
    assert rate_hz == 8000
    if is_exact:
        assert heard == samples
    frequency_hz, level_dbfs = loudest_tone(heard)
    assert frequency_hz == pytest.approx(440, abs=2)
    assert level_dbfs == pytest.approx(-10, abs=1.5)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"FORM\0\0\0\4AIFF", "audio/aiff"),
        (b"FORM\xff\xff\xff\xffAIFC" + b"\xff" * 500, "audio/aiff"),
        (b"\xd0" + bytes(32) + b"\x11" * 33, "audio/gsm"),
        (b"\xd0", "audio/gsm"),
        (b"", "audio/gsm"),
        (b"\xd0" + bytes(32), "audio/wav"),
        (b"RIFF\0\0\0\0WAVEfmt \x14\0\0\0\x31\0" + b"\xff" * 90, "audio/wav"),
    ],
)
def test_broken_files_are_refused(body: bytes, content_type: str) -> None:
    """Nothing but UndecodableAudio comes of them."""
    with pytest.raises(UndecodableAudio):
        decode(body, content_type)


def test_an_aiff_that_breaks_off_plays_as_far_as_it_goes() -> None:
    """A header that promises more than there is harms nothing."""
    samples = tone((440,), 0.5, level_dbfs=-10)
    heard, _ = decode(_sndfile(samples, format="AIFF", subtype="PCM_16")[:4054], "audio/aiff")
    assert heard == samples[: len(heard)]
    assert len(heard) == 4000


def test_too_long_a_gsm_file_is_refused_before_it_is_unpacked() -> None:
    """33 octets are 20 ms."""
    with pytest.raises(UndecodableAudio, match="at most 1 seconds"):
        decode((b"\xd0" + bytes(32)) * 51, "audio/gsm", longest=1)


@pytest.mark.slow
@pytest.mark.parametrize("coding", ["MS_ADPCM", "ULAW", "FLOAT"])
def test_a_wav_with_a_broken_fact_takes_no_time(coding: str) -> None:
    """With this one miniaudio was busy for most of a minute: a fact chunk of no size before the samples."""
    body = bytearray(_sndfile(tone((440,), 0.3, level_dbfs=-10), format="WAV", subtype=coding))
    fact = body.index(b"fact")
    body[fact + 4 : fact + 8] = bytes(4)
    with suppress(UndecodableAudio):
        decode(bytes(body), "audio/wav")


@pytest.mark.parametrize("size", [0, 2**31 - 1, 2**32 - 1])
def test_a_wav_from_a_pipe_is_played_to_its_end(size: int) -> None:
    """The program that wrote it could not know its size."""
    samples = tone((440,), 0.25, level_dbfs=-10)
    body = _wav(samples)[:40] + size.to_bytes(4, "little") + samples
    assert decode(body, "audio/wav") == (samples, 8000)


@pytest.mark.slow
def test_ogg_is_never_given_to_miniaudio(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken one ended the process there; libsndfile plays a whole one and refuses a broken one."""
    body = _sndfile(tone((440,), 0.5, level_dbfs=-10), format="OGG", subtype="VORBIS")
    assert loudest_tone(decode(body, "audio/ogg")[0])[0] == pytest.approx(440, abs=2)
    monkeypatch.setattr("offhook.audio.files.miniaudio.stream_memory", None)  # to call it is an error
    for length in (4, 40, 400, 1200):
        with pytest.raises(UndecodableAudio):
            decode(body[:length] + bytes(length), "audio/mpeg")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_nothing_but_undecodable_audio_comes_of_broken_files(seed: int, capfd: pytest.CaptureFixture[str]) -> None:
    """Bytes of the head changed at random; nothing is printed, either."""
    source = random.Random(seed)  # noqa: S311
    samples = tone((440,), 0.1, level_dbfs=-10)
    kinds = [("AIFF", "PCM_16"), ("AIFF", "GSM610"), ("WAV", "GSM610"), ("WAV", "MS_ADPCM"), ("WAV", "PCM_16")]
    bodies = [_sndfile(samples, format=name, subtype=coding) for name, coding in kinds]
    for _ in range(150):
        body = bytearray(source.choice(bodies))
        for _ in range(source.choice((1, 2, 8))):
            at = source.randrange(100)
            body[at : at + source.randrange(3)] = source.randbytes(source.randrange(5))
        try:
            decode(bytes(body), source.choice(["audio/aiff", "audio/wav", "audio/gsm"]))
        except UndecodableAudio:
            continue
    assert capfd.readouterr() == ("", "")
