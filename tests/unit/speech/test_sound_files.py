"""Sounds that are kept in a folder."""

import os
from pathlib import Path

import pytest

from offhook.calls.ports import Sound
from offhook.speech.service import SpeechService, VoiceSource
from offhook.speech.sound_files import SoundFiles
from offhook.testing.speech import StageVoice

SOUND = Sound(samples=b"\1\2" * 400, rate_hz=16_000)


def test_a_sound_outlasts_the_process(tmp_path: Path) -> None:
    """As it was, under its own key only, readable by nobody else."""
    folder = tmp_path / "deep" / "speech"
    SoundFiles(folder, 10_000).put(("a", "b"), SOUND)
    later = SoundFiles(folder, 10_000)
    assert later.get(("a", "b")) == SOUND
    assert later.get(("a", "c")) is None
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(list(folder.iterdir())) == 1


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    """The files never have more than their room together."""
    files = SoundFiles(tmp_path, 2 * 844)
    for moment, name in enumerate(("a", "b")):
        files.put((name,), SOUND)
        os.utime(files._path((name,)), (moment, moment))
    assert files.get(("a",)) == SOUND
    files.put(("c",), SOUND)
    assert [files.get((name,)) is not None for name in "abc"] == [True, False, True]


def test_what_cannot_be_read_or_written_is_no_sound(tmp_path: Path) -> None:
    """A broken file goes away; a folder that is none costs nothing."""
    files = SoundFiles(tmp_path, 10_000)
    for content in (b"", b"RIFF", b"x" * 100):
        files._path(("a",)).write_bytes(content)
        assert files.get(("a",)) is None
        assert not files._path(("a",)).exists()
    (tmp_path / "file").touch()
    nowhere = SoundFiles(tmp_path / "file", 10_000)
    nowhere.put(("a",), SOUND)
    assert nowhere.get(("a",)) is None


class _Vendor:
    """Counts."""

    asked = 0

    async def synthesize(self, _order: object) -> Sound:
        """The sound."""
        self.asked += 1
        return SOUND


@pytest.mark.asyncio
async def test_a_text_is_paid_for_once_in_the_life_of_a_folder(tmp_path: Path) -> None:
    """Another process finds it there."""
    vendor = _Vendor()
    for _ in range(2):
        source = VoiceSource(name="Polly", provider=vendor)
        speech = SpeechService(StageVoice(), [source], files=SoundFiles(tmp_path, 10_000))
        assert await speech.synthesize("hi", "Polly.Amy", "en-US") == SOUND
    assert vendor.asked == 1
