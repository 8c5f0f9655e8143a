"""calls.ports.RecordingFiles in a local folder: WAV files that are whole at every moment but the last second.

One thread writes for all; the header is renewed with each piece, so that a file that a crash has left can be played.
"""

import asyncio
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Any, TypeVar

import structlog

from offhook.calls.errors import RecordingFailed
from offhook.net.recording_forms import RecordingForms, derived
from offhook.net.recording_uploads import RecordingUploads

RATE, WIDTH = 8000, 2
HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
MOST_WAITING = 64 * 1024 * 1024  # octets of all recordings that the disk has not taken yet

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


def recordings_folder(url: str, data: Path) -> Path:
    """The folder that recordings are written into: the one of a `file:` URL, relative to the data folder, or in there.

    Raises RecordingFailed for what is no URL.
    """
    scheme, _, path = url.partition(":")
    if not scheme or not path:
        raise RecordingFailed(f"recordings.url must look like file:./recordings or s3://bucket/folder, not {url!r}")
    return data / path.removeprefix("//") if scheme == "file" else data / "recordings"


class RecordingFolder:
    """Files by SID; make it on the running loop and `close` it. `uploads` carry them elsewhere when they are whole."""

    def __init__(self, folder: Path, uploads: RecordingUploads | None = None) -> None:
        self.folder = folder
        self._uploads = uploads
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recordings")
        self._forms = RecordingForms()
        self.waiting = 0

    def path(self, sid: str) -> Path:
        """Where a recording is."""
        return self.folder / f"{sid}.wav"

    def create(self, sid: str, channels: int) -> "WavFile":
        """Begin a file. Returns at once; what goes wrong is told by finish."""
        return WavFile(self, self.path(sid), channels)

    def keep(self, path: Path) -> None:
        """A file is whole: let it be carried to where it belongs."""
        if self._uploads is not None:
            self._uploads.begin(path.stem)

    async def start(self) -> None:
        """Once everything is mended, carry away what an earlier process left here."""
        if self._uploads is not None:
            await self._uploads.start()

    async def mend(self, sid: str) -> int:
        """Make a file whole that an earlier process left; how many octets of samples it holds, 0 for none."""
        return await self.submit(_mend, self.path(sid))

    async def delete(self, sid: str) -> None:
        """Remove a file and its other forms; nothing happens when there is none. Raises RecordingFailed."""
        if self._uploads is not None:
            await self._uploads.delete(sid)
        for path in (self.path(sid), *derived(self.path(sid))):
            await self.submit(_unlink, path)

    async def form(self, sid: str, *, is_mixed: bool, is_mp3: bool) -> Path:
        """The file with this form of a recording. Raises FileNotFoundError when there is none, RecordingFailed."""
        path = self.path(sid) if self._uploads is None else await self._uploads.path(sid)
        return await self._forms.of(path, is_mixed=is_mixed, is_mp3=is_mp3)

    async def read(self, sid: str) -> bytes:
        """The samples of a whole recording, held at once. Raises RecordingFailed, also when there is none."""
        for _ in range(2):  # it may be carried from one place to another in between
            with suppress(FileNotFoundError):
                path = await self.form(sid, is_mixed=False, is_mp3=False)
                return await asyncio.to_thread(_samples, path)
        raise RecordingFailed(f"there is no sound of recording {sid}")

    async def close(self) -> None:
        """Write what waits."""
        if self._uploads is not None:
            await self._uploads.close()
        await asyncio.to_thread(self._thread.shutdown)

    def submit(self, work: Callable[..., Result], *taken: Any) -> asyncio.Future[Result]:
        """Do it on the thread, in turn."""
        return asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *taken))


class WavFile:
    """One file; satisfies calls.ports.RecordingFile."""

    def __init__(self, folder: RecordingFolder, path: Path, channels: int) -> None:
        self._folder = folder
        self._path = path
        self._channels = channels
        self._file: FileIO | None = None
        self._octets = 0
        self._failure = ""
        folder.submit(self._open).add_done_callback(_forget)

    def append(self, samples: bytes) -> None:
        """More sound; when the disk is far behind, what comes is left out, and finish says so."""
        if self._folder.waiting + len(samples) > MOST_WAITING:
            self._failure = self._failure or "the disk is too slow: sound was left out"
            return
        self._folder.waiting += len(samples)
        written = self._folder.submit(self._write, samples)
        written.add_done_callback(lambda _: self._settle(len(samples)))

    async def finish(self, worth: int | None = None) -> int:
        """Close it. Raises RecordingFailed when not all of it could be kept; what was kept stays."""
        await self._folder.submit(self._close, worth)
        if self._octets:
            self._folder.keep(self._path)
        if self._failure:
            raise RecordingFailed(self._failure, self._octets)
        return self._octets

    def _settle(self, octets: int) -> None:
        self._folder.waiting -= octets

    # --- on the thread --------------------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: what a full disk has refused must not wait in a buffer for a later write, nor for the close.
            self._file = self._path.open("w+b", buffering=0)
            _put(self._file, header(0, self._channels), 0)
        except OSError as error:
            self._fail(error)

    def _write(self, samples: bytes) -> None:
        if self._file is None or self._failure:
            return
        try:
            _put(self._file, samples, HEADER.size + self._octets)
            self._octets += len(samples)
            _put(self._file, header(self._octets, self._channels), 0)
        except OSError as error:
            self._fail(error)

    def _close(self, worth: int | None) -> None:
        if self._file is None:
            return
        try:
            with self._file:
                self._octets = self._octets if worth is None else min(worth, self._octets)
                _put(self._file, header(self._octets, self._channels), 0)
                self._file.truncate(HEADER.size + self._octets)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        if self._failure:
            return
        self._failure = f"{self._path.name} cannot be written: {error.strerror or error}"
        log.error("recording_not_written", path=str(self._path), reason=str(error))


def _put(file: FileIO, octets: bytes, at: int) -> None:
    """All of it: a disk that is nearly full takes a part first, and says why with the next (POSIX write)."""
    file.seek(at)
    rest = memoryview(octets)
    while rest:
        rest = rest[file.write(rest) :]


def header(octets: int, channels: int) -> bytes:
    """The 44 octets before the samples (RIFF WAVE, PCM)."""
    frame = channels * WIDTH
    return HEADER.pack(
        b"RIFF", 36 + octets, b"WAVE", b"fmt ", 16, 1, channels, RATE, RATE * frame, frame, 8 * WIDTH, b"data", octets
    )


def _mend(path: Path) -> int:
    try:
        with path.open("r+b") as file:
            head = file.read(HEADER.size)
            if len(head) < HEADER.size:
                return 0
            channels = HEADER.unpack(head)[6]
            frame = WIDTH * max(1, channels)
            octets = (path.stat().st_size - HEADER.size) // frame * frame
            file.seek(0)
            file.write(header(octets, channels))
            file.truncate(HEADER.size + octets)
            return int(octets)
    except FileNotFoundError:
        return 0


def _samples(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(HEADER.size)
            return file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RecordingFailed(f"{path.name} cannot be read: {error.strerror or error}") from error


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)


def _forget(done: "asyncio.Future[None]") -> None:
    if not done.cancelled() and done.exception() is not None:
        log.error("recording_not_opened", reason=str(done.exception()))
