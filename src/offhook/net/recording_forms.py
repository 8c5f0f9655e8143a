"""The forms in which a recording is fetched: as it was written, with its two channels mixed, and as MP3.

Other forms than the first are made when somebody asks for them, beside the loop, and kept for the next who does.
"""

import asyncio
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from offhook.audio.mixing import mixed
from offhook.calls.errors import RecordingFailed

RATE = 8000
BLOCK = 8 * RATE  # samples that are held at a time
MIXED, MP3 = ".mixed.wav", ".mp3"
DERIVED = (MIXED, MP3, ".mixed.mp3")


def derived(path: Path) -> list[Path]:
    """Where the other forms of a recording are, made or not."""
    return [path.with_suffix(suffix) for suffix in DERIVED]


class RecordingForms:
    """Makes them one at a time, so that fetching many does not starve what is being recorded."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def of(self, path: Path, *, is_mixed: bool, is_mp3: bool) -> Path:
        """The file that has this form of a recording. Raises FileNotFoundError when there is none, RecordingFailed."""
        if not is_mixed and not is_mp3:
            return path
        form = path.with_suffix((".mixed" if is_mixed else "") + (MP3 if is_mp3 else ".wav"))
        async with self._turn:
            if not await asyncio.to_thread(form.is_file):
                await asyncio.to_thread(_make, path, form, is_mixed=is_mixed, is_mp3=is_mp3)
        return form


def _make(path: Path, form: Path, *, is_mixed: bool, is_mp3: bool) -> None:
    """Under another name first: nobody fetches half a file, nor what a crash has left of one."""
    import soundfile  # type: ignore[import-untyped]  # noqa: PLC0415 - it brings numpy, 0.1 s and 25 MB

    unfinished = path.with_suffix(f".{secrets.token_hex(4)}.unfinished")
    kind: dict[str, Any] = {"format": "MP3", "subtype": "MPEG_LAYER_III"} if is_mp3 else {"format": "WAV"}
    if not path.is_file():
        raise FileNotFoundError(path)
    try:
        with soundfile.SoundFile(path) as source:
            channels = 1 if is_mixed else source.channels
            with soundfile.SoundFile(unfinished, "w", source.samplerate, channels, **kind) as target:
                while samples := bytes(source.buffer_read(BLOCK, dtype="int16")):
                    target.buffer_write(_mix(samples) if is_mixed else samples, dtype="int16")
        unfinished.replace(form)
    except (OSError, soundfile.SoundFileError) as error:
        raise RecordingFailed(f"{form.name} cannot be made: {error}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _mix(samples: bytes) -> bytes:
    both = memoryview(samples).cast("h")
    return mixed(both[0::2].tobytes(), both[1::2].tobytes())
