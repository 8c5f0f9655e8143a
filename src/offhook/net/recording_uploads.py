"""Carries finished recordings to a shelf, and back for those who fetch them; what is here is served from here.

A recording is uploaded until that succeeds, by the next process if need be: what lies in the folder has not been, what
lies in its folder `fetched` has, and may be thrown away when there is too much of it.
"""

import asyncio
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

import structlog

from offhook.calls.errors import RecordingFailed
from offhook.net.chores import Chores
from offhook.net.recording_forms import derived

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # seconds between attempts, twice as long each time
AT_ONCE = 4
MOST_WAITING = 100_000

log = structlog.get_logger(__name__)


class Place(Protocol):
    """What a Shelf does."""

    def put(self, path: Path) -> None:
        """Copy a file there. Raises FileNotFoundError, RecordingFailed."""

    def get(self, name: str, path: Path) -> None:
        """Copy one here. Raises FileNotFoundError, RecordingFailed."""

    def remove(self, name: str) -> None:
        """Remove one, if it is there. Raises RecordingFailed."""


class RecordingUploads:
    """Uploads and fetches by SID, from start() to close(); `kept` is how many octets may stay here of what is there."""

    def __init__(self, shelf: Place, folder: Path, kept: int, *, first_pause: float = FIRST_PAUSE) -> None:
        self._shelf = shelf
        self._folder = folder
        self._fetched = folder / "fetched"
        self._kept = kept
        self._first_pause = first_pause
        self._chores = Chores(MOST_WAITING)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def start(self) -> int:
        """Go to work, and begin with what an earlier process left in the folder; how many there are."""
        await self._chores.start()
        left = await asyncio.to_thread(_recordings, self._folder)
        for sid in left:
            self.begin(sid)
        return len(left)

    async def close(self) -> None:
        """Leave what has not been uploaded to the next process."""
        await self._chores.close()

    def begin(self, sid: str) -> None:
        """Upload a recording that is whole."""
        if not self._chores.add(self._upload(sid)):
            log.warning("recording_left_to_the_next_start", recording_sid=sid)

    async def path(self, sid: str) -> Path:
        """Where the recording is here, fetched if need be. Raises FileNotFoundError, RecordingFailed."""
        here, fetched = self._folder / f"{sid}.wav", self._fetched / f"{sid}.wav"
        async with self._lock(sid):
            if await asyncio.to_thread(here.is_file):
                return here
            if not await asyncio.to_thread(fetched.is_file):
                await asyncio.to_thread(_fetch, self._shelf, fetched)
            await asyncio.to_thread(_make_room, self._fetched, self._kept, fetched)
            return fetched

    async def delete(self, sid: str) -> None:
        """Remove it here and there. Raises RecordingFailed, and then it is only gone from here."""
        async with self._lock(sid):
            for folder in (self._folder, self._fetched):
                await asyncio.to_thread(_unlink, folder / f"{sid}.wav")
            await asyncio.to_thread(self._shelf.remove, f"{sid}.wav")

    def _lock(self, sid: str) -> asyncio.Lock:
        """One thing at a time is done with a recording; whoever waits for the lock keeps it in the table."""
        return self._locks.setdefault(sid, asyncio.Lock())

    async def _upload(self, sid: str) -> None:
        pause = self._first_pause
        while not await self._is_settled(sid, pause):
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _is_settled(self, sid: str, pause: float) -> bool:
        """One attempt; whether nothing is left to be done."""
        path = self._folder / f"{sid}.wav"
        async with self._turns, self._lock(sid):
            try:
                await asyncio.to_thread(self._shelf.put, path)
            except FileNotFoundError:  # deleted meanwhile
                return True
            except RecordingFailed as error:
                log.warning("recording_not_uploaded", recording_sid=sid, reason=str(error), again_in=pause)
                return False
            await asyncio.to_thread(_keep, path, self._fetched, self._kept)
        log.info("recording_uploaded", recording_sid=sid)
        return True


# --- on threads ---------------------------------------------------------------------------------------------------


def _recordings(folder: Path) -> list[str]:
    return [path.stem for path in sorted(folder.glob("RE*.wav")) if "." not in path.stem]


def _fetch(shelf: Place, path: Path) -> None:
    """Under another name first, so that nobody takes half a file for a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{secrets.token_hex(4)}.unfinished")
    try:
        shelf.get(path.name, unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _keep(path: Path, fetched: Path, kept: int) -> None:
    """What has been uploaded stays for a while, forms and all: most recordings are fetched when they are new."""
    fetched.mkdir(parents=True, exist_ok=True)
    for file in (path, *derived(path)):
        with suppress(FileNotFoundError):
            file.replace(fetched / file.name)
    _make_room(fetched, kept, fetched / path.name)


def _make_room(folder: Path, kept: int, spared: Path) -> None:
    """Remove the oldest until no more than so many octets are there, and not the one that is wanted now."""
    with suppress(FileNotFoundError):
        spared.touch()
    found = sorted(((path.stat(), path) for path in folder.glob("RE*")), key=lambda one: one[0].st_mtime)
    total = sum(stat.st_size for stat, _ in found)
    for stat, path in found:
        if total <= kept:
            return
        if not path.name.startswith(spared.stem):
            total -= stat.st_size
            path.unlink(missing_ok=True)


def _unlink(path: Path) -> None:
    for file in (path, *derived(path)):
        file.unlink(missing_ok=True)
