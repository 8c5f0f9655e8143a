"""Recordings on the disk: whole at every moment, and mended after a crash."""

import asyncio
import wave
from pathlib import Path

import pytest

from offhook.calls.errors import RecordingFailed
from offhook.net.recording_files import HEADER, RecordingFolder, recordings_folder

pytestmark = pytest.mark.asyncio
SID = "RE" + "1" * 32


def read(path: Path) -> tuple[int, bytes]:
    """Channels and samples, as anybody's reader sees them."""
    with wave.open(str(path)) as file:
        assert (file.getsampwidth(), file.getframerate()) == (2, 8000)
        return file.getnchannels(), file.readframes(file.getnframes())


@pytest.mark.parametrize("channels", [1, 2])
async def test_what_is_appended_is_in_the_file(tmp_path: Path, channels: int) -> None:
    """In order."""
    folder = RecordingFolder(tmp_path / "recordings")
    file = folder.create(SID, channels)
    pieces = [bytes([number]) * 320 for number in range(50)]
    for piece in pieces:
        file.append(piece)
    assert await file.finish() == 50 * 320
    assert read(folder.path(SID)) == (channels, b"".join(pieces))
    await folder.delete(SID)
    await folder.delete(SID)
    assert not folder.path(SID).exists()
    await folder.close()


async def test_it_can_be_played_before_it_is_finished(tmp_path: Path) -> None:
    """The header is renewed with each piece."""
    folder = RecordingFolder(tmp_path)
    file = folder.create(SID, 1)
    file.append(b"\x01\x00" * 800)
    await folder.submit(lambda: None)
    assert read(folder.path(SID)) == (1, b"\x01\x00" * 800)
    await file.finish()
    await folder.close()


async def test_what_a_crash_has_left_is_mended(tmp_path: Path) -> None:
    """Samples that the header does not know count; half a frame does not; what is no file of ours is none."""
    folder = RecordingFolder(tmp_path)
    file = folder.create(SID, 2)
    file.append(b"\x01\x00\x02\x00" * 10)
    await file.finish()
    path = folder.path(SID)
    path.write_bytes(path.read_bytes() + b"\x03\x00\x04\x00\x05")
    assert await folder.mend(SID) == 44
    assert read(path) == (2, b"\x01\x00\x02\x00" * 10 + b"\x03\x00\x04\x00")
    assert await folder.mend("RE" + "2" * 32) == 0
    path.write_bytes(b"RIFF")
    assert await folder.mend(SID) == 0
    await folder.close()


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Finish says so; nothing is raised before."""
    (tmp_path / "file").write_text("")
    folder = RecordingFolder(tmp_path / "file")
    file = folder.create(SID, 1)
    file.append(bytes(320))
    with pytest.raises(RecordingFailed, match="cannot be written"):
        await file.finish()
    await folder.close()


async def test_many_at_once(tmp_path: Path) -> None:
    """Each has its own sound."""
    folder = RecordingFolder(tmp_path)
    sids = [f"RE{number:032x}" for number in range(20)]
    files = {sid: folder.create(sid, 1) for sid in sids}
    for _ in range(10):
        for number, file in enumerate(files.values()):
            file.append(bytes([number]) * 320)
    assert set(await asyncio.gather(*(file.finish() for file in files.values()))) == {3200}
    for number, sid in enumerate(sids):
        assert read(folder.path(sid))[1] == bytes([number]) * 3200
    await folder.close()


async def test_where_they_are_kept(tmp_path: Path) -> None:
    """A folder, relative to the data folder or absolute; what goes elsewhere is written into the data folder first."""
    assert recordings_folder("file:./recordings", tmp_path) == tmp_path / "recordings"
    assert recordings_folder("file:///var/lib/x", tmp_path) == Path("/var/lib/x")
    assert HEADER.size == 44
    assert recordings_folder("s3://bucket/folder", tmp_path) == tmp_path / "recordings"
    with pytest.raises(RecordingFailed, match="s3"):
        recordings_folder("recordings", tmp_path)


async def test_all_of_a_recording_is_read(tmp_path: Path) -> None:
    """Its samples without the header; RecordingFailed when there are none."""
    folder = RecordingFolder(tmp_path)
    file = folder.create(SID, 1)
    file.append(b"\x01\x02" * 800)
    await file.finish()
    assert await folder.read(SID) == b"\x01\x02" * 800
    await folder.delete(SID)
    with pytest.raises(RecordingFailed):
        await folder.read(SID)
    folder.path(SID).mkdir()
    with pytest.raises(RecordingFailed):
        await folder.read(SID)
    await folder.close()
