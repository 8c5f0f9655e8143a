"""Recordings on a disk that is full: the system refuses to write more, in a process of its own."""

import subprocess
import sys
import wave
from pathlib import Path

import pytest

LIMIT = """
import asyncio, os, resource, sys
from pathlib import Path
from offhook.calls.errors import RecordingFailed
from offhook.net.recording_files import RecordingFolder

ROOM, SOUND = int(sys.argv[2]), b"\\x01\\x00" * 4000

def room(octets):  # the system refuses to make any file longer (EFBIG), and writes what still fits
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))

async def record(folder, sid):
    file = folder.create(sid, 1)
    for _ in range(4):
        file.append(SOUND)
    try:
        return await file.finish(), ""
    except RecordingFailed as error:
        return error.octets, str(error)

async def main():
    folder = RecordingFolder(Path(sys.argv[1]))
    before = len(os.listdir("/proc/self/fd"))
    room(ROOM)
    print("=", *await record(folder, "full"))
    room(resource.RLIM_INFINITY)
    print("=", *await record(folder, "after"))
    print("=", len(os.listdir("/proc/self/fd")) - before)
    await folder.close()

asyncio.run(main())
"""

FORM = """
import asyncio, os, resource, sys
from pathlib import Path
from offhook.calls.errors import RecordingFailed
from offhook.net.recording_files import RecordingFolder

async def main():
    folder = RecordingFolder(Path(sys.argv[1]))
    file = folder.create("whole", 1)
    file.append(b"\\x01\\x00" * 80000)
    await file.finish()
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    try:
        await folder.form("whole", is_mixed=False, is_mp3=True)
    except RecordingFailed as error:
        print("=", error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print("=", (await folder.form("whole", is_mixed=False, is_mp3=True)).stat().st_size > 10000)
    await folder.close()

asyncio.run(main())
"""


def run(script: str, folder: Path, room: int) -> list[str]:
    """The lines that it says, with so much room for each file."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, str(folder), str(room)], capture_output=True, text=True, check=True, timeout=60
    )
    return [line.removeprefix("= ") for line in done.stdout.splitlines() if line.startswith("= ")]


@pytest.mark.parametrize(("room", "kept"), [(44 + 20_000, 16_000), (44 + 16_000, 16_000), (44 + 10, 0), (10, 0)])
def test_a_disk_that_is_full(tmp_path: Path, room: int, kept: int) -> None:
    """What was kept can be played, nothing stays open, and later recordings are whole when there is room again."""
    full, after, opened = run(LIMIT, tmp_path, room)
    assert full.startswith(f"{kept} full.wav cannot be written: ")
    assert after.strip() == "32000"
    if kept:
        with wave.open(str(tmp_path / "full.wav")) as file:
            assert file.readframes(file.getnframes()) == b"\x01\x00" * (kept // 2)
        assert (tmp_path / "full.wav").stat().st_size == 44 + kept
    assert int(opened) <= 3  # of the loop and its threads: the files themselves are closed


def test_a_form_for_which_there_is_no_room(tmp_path: Path) -> None:
    """It is refused, no half of it is left, and it is made when there is room again."""
    refused, made = run(FORM, tmp_path, 3000)
    assert refused.startswith("whole.mp3 cannot be made: ")
    assert made == "True"
    assert {path.name for path in tmp_path.iterdir()} == {"whole.wav", "whole.mp3"}
