"""What a scripted telephone says that it hears."""

import pytest

from offhook.audio.tones import ringing, silence, tone
from offhook.testing.ear import SILENCE, SOUND, TONE, WINDOW_BYTES, Ear, Heard

FRAME_BYTES = 320


def heard(samples: bytes) -> list[Heard]:
    """What an ear reports of samples that come packet by packet."""
    ear = Ear()
    pieces = (samples[at : at + FRAME_BYTES] for at in range(0, len(samples), FRAME_BYTES))
    return [report for piece in pieces if (report := ear.hear(piece)) is not None]


@pytest.mark.parametrize("frequency_hz", [300, 440, 1000, 3400])
def test_a_tone_is_reported_once_with_its_frequency_and_level(frequency_hz: int) -> None:
    """However long it lasts, and right to 2 Hz and 1 dB."""
    (report,) = heard(tone((frequency_hz,), 2.0, level_dbfs=-12))
    assert report.kind == TONE
    assert report.frequency_hz == pytest.approx(frequency_hz, abs=2)
    assert report.level_dbfs == pytest.approx(-12, abs=1)


def test_every_change_is_reported_in_order() -> None:
    """A tone, silence and another tone are three reports, whatever their windows had at the seams."""
    samples = tone((440,), 1.1, level_dbfs=-12) + silence(1.1) + tone((660,), 1.1, level_dbfs=-12)
    assert [report.kind for report in heard(samples)] == [TONE, SILENCE, TONE]


def test_two_frequencies_together_are_no_tone() -> None:
    """The American ringing tone is a sound without one frequency."""
    (report,) = heard(ringing("us")[: WINDOW_BYTES * 4])
    assert (report.kind, report.frequency_hz) == (SOUND, 0)


def test_one_window_alone_is_not_believed() -> None:
    """A piece that ends before a second window agrees is not reported."""
    assert heard(tone((440,), 0.4, level_dbfs=-12)) == []
