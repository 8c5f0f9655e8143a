"""The forms of a recording: what was said is still in them, and nobody ever sees half a file."""

import asyncio
import wave
from array import array
from pathlib import Path

import pytest

from offhook.audio.files import decode
from offhook.audio.measure import loudest_tone, tone_dbfs
from offhook.audio.tones import tone
from offhook.net.recording_files import RecordingFolder

pytestmark = pytest.mark.asyncio
ANN_HZ, BOB_HZ = 500.0, 1300.0
LENGTH = 3.0


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(one.name for one in folder.iterdir())


async def dual(folder: RecordingFolder, sid: str) -> None:
    """A recording with a tone of its own in each channel."""
    one, other = (array("h", tone((hertz,), LENGTH, level_dbfs=-12)) for hertz in (ANN_HZ, BOB_HZ))
    both = array("h", bytes(4 * len(one)))
    both[0::2], both[1::2] = one, other
    file = folder.create(sid, 2)
    file.append(both.tobytes())
    await file.finish()


async def test_mixed(tmp_path: Path) -> None:
    """Both voices in one channel."""
    folder = RecordingFolder(tmp_path)
    await dual(folder, "RE1")
    path = await folder.form("RE1", is_mixed=True, is_mp3=False)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getnframes()) == (1, round(LENGTH * 8000))
        samples = file.readframes(file.getnframes())
    assert tone_dbfs(samples, ANN_HZ) > -16
    assert tone_dbfs(samples, BOB_HZ) > -16
    assert await folder.form("RE1", is_mixed=False, is_mp3=False) == tmp_path / "RE1.wav"
    await folder.close()


async def test_mp3(tmp_path: Path) -> None:
    """One channel is a tone again once decoded, as long and as loud; made once, gone with the recording."""
    folder = RecordingFolder(tmp_path)
    file = folder.create("RE2", 1)
    file.append(tone((ANN_HZ,), LENGTH, level_dbfs=-12))
    await file.finish()
    first, second = await asyncio.gather(*(folder.form("RE2", is_mixed=False, is_mp3=True) for _ in range(2)))
    assert first == second == tmp_path / "RE2.mp3"
    samples, rate_hz = decode(first.read_bytes(), "audio/mpeg")
    hertz, level = loudest_tone(samples[8000:40_000], rate_hz)
    assert hertz == pytest.approx(ANN_HZ, abs=3)
    assert level == pytest.approx(-12, abs=1)
    assert len(samples) / 2 / rate_hz == pytest.approx(LENGTH, abs=0.2)
    await folder.delete("RE2")
    assert names(tmp_path) == []
    await folder.close()


async def test_mixed_mp3(tmp_path: Path) -> None:
    """Both at once; a form that is there is not made again."""
    folder = RecordingFolder(tmp_path)
    await dual(folder, "RE3")
    path = await folder.form("RE3", is_mixed=True, is_mp3=True)
    samples, rate_hz = decode(path.read_bytes(), "audio/mpeg")
    assert rate_hz == 8000
    middle = samples[8000:40_000]
    assert tone_dbfs(middle, ANN_HZ) > -18
    assert tone_dbfs(middle, BOB_HZ) > -18
    made = path.stat().st_mtime_ns
    assert (await folder.form("RE3", is_mixed=True, is_mp3=True)).stat().st_mtime_ns == made
    assert names(tmp_path) == ["RE3.mixed.mp3", "RE3.wav"]
    await folder.close()


async def test_without_a_recording(tmp_path: Path) -> None:
    """FileNotFoundError, and nothing is left."""
    folder = RecordingFolder(tmp_path)
    with pytest.raises(FileNotFoundError):
        await folder.form("RE4", is_mixed=False, is_mp3=True)
    assert names(tmp_path) == []
    await folder.close()
