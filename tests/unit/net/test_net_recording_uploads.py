"""Recordings that are kept elsewhere: carried there until that succeeds, fetched back, thrown away for want of room."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from offhook.calls.errors import RecordingFailed
from offhook.net.recording_files import RecordingFolder
from offhook.net.recording_shelf import Shelf
from offhook.net.recording_uploads import RecordingUploads

pytestmark = pytest.mark.asyncio
ONE, TWO, THREE = ("RE" + str(number) * 32 for number in (1, 2, 3))
SECOND = b"\x01\x00" * 8000
MANY = 10_000_000


class FakeShelf:
    """Files in memory; `failures` is how many attempts fail, `gate` holds an upload until it is set."""

    def __init__(self, failures: int = 0) -> None:
        self.files: dict[str, bytes] = {}
        self.failures = failures
        self.attempts = 0
        self.fetched = 0
        self.gate = threading.Event()
        self.gate.set()

    def put(self, path: Path) -> None:
        """Take a file, or fail."""
        self.attempts += 1
        content = path.read_bytes()
        assert self.gate.wait(5)
        if self.attempts <= self.failures:
            raise RecordingFailed("the bucket is closed")
        self.files[path.name] = content

    def get(self, name: str, path: Path) -> None:
        """Give one, or fail."""
        self.fetched += 1
        if self.failures < 0:
            raise RecordingFailed("the bucket is closed")
        if name not in self.files:
            raise FileNotFoundError(name)
        path.write_bytes(self.files[name])

    def remove(self, name: str) -> None:
        """Forget one."""
        self.files.pop(name, None)


async def opened(folder: Path, shelf: FakeShelf, kept: int = MANY) -> RecordingFolder:
    """A folder whose recordings go to this shelf."""
    made = RecordingFolder(folder, RecordingUploads(shelf, folder, kept, first_pause=0.01))
    await made.start()
    return made


async def record(recordings: RecordingFolder, sid: str, samples: bytes = SECOND) -> None:
    """One that is whole."""
    file = recordings.create(sid, 1)
    file.append(samples)
    await file.finish()


def found(folder: Path, pattern: str, *, is_deep: bool = True) -> list[Path]:
    """What is there."""
    return [*(folder.rglob(pattern) if is_deep else folder.glob(pattern))]


async def until(shelf: FakeShelf, folder: Path, *sids: str) -> None:
    """Wait until these are there, and no longer waiting here."""
    wanted = {f"{sid}.wav" for sid in sids}
    async with asyncio.timeout(5):
        while set(shelf.files) != wanted or found(folder, "RE*.wav", is_deep=False):  # noqa: ASYNC110 - it works on threads
            await asyncio.sleep(0.005)


async def test_a_recording_is_carried_away_and_still_fetched_at_once(tmp_path: Path) -> None:
    """Before, while and after it is uploaded it can be had; what is still here is not fetched."""
    shelf = FakeShelf()
    shelf.gate.clear()
    recordings = await opened(tmp_path, shelf)
    await record(recordings, ONE)
    assert (await recordings.form(ONE, is_mixed=False, is_mp3=False)).read_bytes().endswith(SECOND)
    shelf.gate.set()
    await until(shelf, tmp_path, ONE)
    path = await recordings.form(ONE, is_mixed=False, is_mp3=False)
    assert path.read_bytes() == shelf.files[f"{ONE}.wav"]
    assert shelf.fetched == 0
    await recordings.close()


async def test_what_is_not_here_is_fetched_once(tmp_path: Path) -> None:
    """For all who ask at the same time, and in any form."""
    shelf = FakeShelf()
    recordings = await opened(tmp_path, shelf)
    await record(recordings, ONE)
    await until(shelf, tmp_path, ONE)
    await recordings.close()
    (tmp_path / "fetched" / f"{ONE}.wav").unlink()
    again = await opened(tmp_path, shelf)
    paths = await asyncio.gather(*(again.form(ONE, is_mixed=False, is_mp3=False) for _ in range(5)))
    assert len(set(paths)) == 1
    assert shelf.fetched == 1
    assert (await again.form(ONE, is_mixed=False, is_mp3=True)).stat().st_size > 100
    with pytest.raises(FileNotFoundError):
        await again.form(TWO, is_mixed=False, is_mp3=False)
    await again.close()
    assert not found(tmp_path, "*.unfinished")


async def test_it_is_tried_until_it_succeeds(tmp_path: Path) -> None:
    """A place that cannot be reached costs no recording."""
    shelf = FakeShelf(failures=3)
    recordings = await opened(tmp_path, shelf)
    await record(recordings, ONE)
    await until(shelf, tmp_path, ONE)
    assert shelf.attempts == 4
    await recordings.close()


async def test_the_next_process_carries_what_is_left(tmp_path: Path) -> None:
    """Whether it had failed, or was never begun."""
    shelf = FakeShelf(failures=1_000_000)
    recordings = await opened(tmp_path, shelf)
    await record(recordings, ONE)
    await record(recordings, TWO, SECOND * 2)
    await recordings.close()
    assert shelf.files == {}
    shelf.failures = 0
    again = await opened(tmp_path, shelf)
    await until(shelf, tmp_path, ONE, TWO)
    await again.close()


async def test_deleted_is_deleted_everywhere(tmp_path: Path) -> None:
    """Also in the middle of its upload."""
    shelf = FakeShelf()
    recordings = await opened(tmp_path, shelf)
    await record(recordings, ONE)
    await until(shelf, tmp_path, ONE)
    await recordings.form(ONE, is_mixed=False, is_mp3=True)
    await recordings.delete(ONE)
    assert shelf.files == {}
    shelf.gate.clear()
    await record(recordings, TWO)
    asyncio.get_running_loop().call_later(0.02, shelf.gate.set)
    await recordings.delete(TWO)
    assert shelf.files == {}
    assert not found(tmp_path, "RE*")
    await recordings.close()


async def test_a_recording_without_sound_goes_nowhere(tmp_path: Path) -> None:
    """There is nothing to keep."""
    shelf = FakeShelf()
    recordings = await opened(tmp_path, shelf)
    await record(recordings, ONE, b"")
    await recordings.delete(ONE)
    await recordings.close()
    assert shelf.attempts == 0


async def test_only_so_much_stays_here(tmp_path: Path) -> None:
    """The oldest goes first, and never the one that is wanted now."""
    shelf = FakeShelf()
    recordings = await opened(tmp_path, shelf, kept=40_000)
    for age, sid in enumerate((ONE, TWO, THREE)):
        await record(recordings, sid)
        await until(shelf, tmp_path, *(ONE, TWO, THREE)[: age + 1])
        kept = tmp_path / "fetched" / f"{sid}.wav"
        os.utime(kept, (1000 + age, 1000 + age))
    assert sorted(path.name for path in (tmp_path / "fetched").iterdir()) == [f"{TWO}.wav", f"{THREE}.wav"]
    await recordings.form(ONE, is_mixed=False, is_mp3=False)
    assert sorted(path.name for path in (tmp_path / "fetched").iterdir()) == [f"{ONE}.wav", f"{THREE}.wav"]
    await recordings.close()


async def test_a_place_that_cannot_be_reached_says_so(tmp_path: Path) -> None:
    """To whoever fetches; nothing half is left."""
    shelf = FakeShelf(failures=-1)
    recordings = await opened(tmp_path, shelf)
    with pytest.raises(RecordingFailed, match="closed"):
        await recordings.form(ONE, is_mixed=False, is_mp3=False)
    assert not found(tmp_path, "*.unfinished")
    await recordings.close()


async def test_a_shelf_of_fsspec(tmp_path: Path) -> None:
    """Any place that it knows, here one in memory."""
    shelf = Shelf("memory://shelf/below", {})
    path = tmp_path / f"{ONE}.wav"
    path.write_bytes(SECOND)
    await asyncio.to_thread(shelf.put, path)
    copy = tmp_path / "copy.wav"
    await asyncio.to_thread(shelf.get, path.name, copy)
    assert copy.read_bytes() == SECOND
    await asyncio.to_thread(shelf.remove, path.name)
    await asyncio.to_thread(shelf.remove, path.name)
    with pytest.raises(FileNotFoundError):
        await asyncio.to_thread(shelf.get, path.name, copy)


@pytest.mark.parametrize("url", ["nothing://bucket", "s4://bucket/folder"])
async def test_a_place_that_nobody_knows(url: str) -> None:
    """The error says what to install, or what to write instead."""
    with pytest.raises(RecordingFailed, match=r"offhook\[s3\].*file:\./recordings"):
        Shelf(url, {})
