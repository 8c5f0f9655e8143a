"""Ringing tones by country and keys as tones, measured."""

import pytest

from offhook.audio.errors import UnknownTone
from offhook.audio.measure import loudest_tone, rms_dbfs, tone_dbfs
from offhook.audio.tones import KEYS, RINGING, keys, ringing, silence, tone

COUNTRIES = (
    "at au bg br be ch cl cn cz de dk ee es fi fr gr hu il in it lt jp mx my nl no nz ph pl pt ru se sg th uk us us-old"
    " tw ve za"
)


def test_every_country_of_the_contract_rings() -> None:
    """The table has exactly the values of contract 1 §3.1."""
    assert sorted(RINGING) == sorted(COUNTRIES.split())


@pytest.mark.parametrize("country", sorted(RINGING))
def test_a_period_is_as_long_as_its_bursts(country: str) -> None:
    """One period is whole frames of 20 ms, so that loops have no seam, and ends in silence."""
    period = ringing(country)
    assert len(period) / 16000 == pytest.approx(sum(RINGING[country].bursts))
    assert len(period) % 320 == 0
    assert not any(period[-16000:])


@pytest.mark.parametrize(
    ("country", "frequencies_hz"), [("us", (440, 480)), ("uk", (400, 450)), ("de", (425,)), ("fr", (440,))]
)
def test_ringing_sounds_at_its_frequencies(country: str, frequencies_hz: tuple[int, ...]) -> None:
    """Each frequency is there with its share of the level, and nothing a little way off."""
    burst = ringing(country)[:6400]  # the first 0.4 s
    for frequency_hz in frequencies_hz:
        assert tone_dbfs(burst, frequency_hz) > -24
    assert tone_dbfs(burst, 700) < -50


def test_a_modulated_tone_swings() -> None:
    """Modulation leaves two side tones and takes the carrier away."""
    second = tone((400,), 1.0, level_dbfs=-10, modulation_hz=25)
    assert tone_dbfs(second, 387.5) > -17
    assert tone_dbfs(second, 412.5) > -17
    assert tone_dbfs(second, 400) < -40


@pytest.mark.parametrize("key", sorted(KEYS))
def test_keys_have_their_two_frequencies(key: str) -> None:
    """A key sounds for 100 ms at its row and its column (ITU-T Q.23), then rests for 100 ms."""
    samples = keys(key)
    assert len(samples) == 3200
    row_hz, column_hz = KEYS[key]
    assert tone_dbfs(samples[:1600], row_hz) > -18
    assert tone_dbfs(samples[:1600], column_hz) > -18
    assert not any(samples[1600:])


def test_pauses_between_keys() -> None:
    """W is half a second, W a whole one, and small letters are keys, too."""
    assert keys("wW") == silence(1.5)
    assert keys("a") == keys("A")


@pytest.mark.parametrize("make", [lambda: ringing("atlantis"), lambda: keys("x")])
def test_what_is_in_no_table_is_refused(make: object) -> None:
    """An unknown country or key raises UnknownTone."""
    assert callable(make)
    with pytest.raises(UnknownTone):
        make()


@pytest.mark.parametrize("frequency_hz", [300.0, 443.3, 1004.0, 3399.5])
def test_measuring_finds_what_was_made(frequency_hz: float) -> None:
    """The loudest tone is found to a tenth of a hertz and a tenth of a decibel."""
    samples = tone((frequency_hz,), 1.0, level_dbfs=-13)
    found_hz, level_dbfs = loudest_tone(samples)
    assert found_hz == pytest.approx(frequency_hz, abs=0.1)
    assert level_dbfs == pytest.approx(-13, abs=0.1)
    assert rms_dbfs(samples) == pytest.approx(-13, abs=0.1)


def test_measuring_silence() -> None:
    """Silence has no tone and no level, and so has nothing at all."""
    for samples in (silence(0.1), b""):
        assert loudest_tone(samples) == (0.0, float("-inf"))
        assert rms_dbfs(samples) == float("-inf")
