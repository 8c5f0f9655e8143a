"""Sounds that providers spoke, kept in a folder across restarts: one WAV for each, the longest unused go first.

Everything here blocks: call it off the loop. A folder that cannot be used costs the keeping and nothing else.
"""

import contextlib
import os
import tempfile
import wave
from hashlib import sha256
from pathlib import Path

from offhook.calls.ports import Sound
from offhook.speech.cache import Key

_SUFFIX = ".wav"


class SoundFiles:
    """Files in a folder of their own, of `room` bytes together."""

    def __init__(self, folder: Path, room: int) -> None:
        self._folder = folder
        self._room = room

    def get(self, key: Key) -> Sound | None:
        """The sound, which is then the last to be removed; None when there is none, or none that can be read."""
        path = self._path(key)
        try:
            with wave.open(str(path), "rb") as reader:
                samples, rate_hz = reader.readframes(reader.getnframes()), reader.getframerate()
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, wave.Error, EOFError):
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        return Sound(samples=samples, rate_hz=rate_hz) if samples else None

    def put(self, key: Key, sound: Sound) -> None:
        """Keep a sound, and remove the oldest until all fit."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file, wave.open(file, "wb") as writer:
                    writer.setnchannels(1)
                    writer.setsampwidth(2)
                    writer.setframerate(sound.rate_hz)
                    writer.writeframes(sound.samples)
                # Whoever reads meanwhile sees a whole file or none.
                Path(name).replace(self._path(key))
            finally:
                Path(name).unlink(missing_ok=True)
            self._make_room()

    def _make_room(self) -> None:
        states = [(path, path.stat()) for path in self._folder.iterdir() if path.suffix == _SUFFIX]
        size = sum(state.st_size for _, state in states)
        for path, state in sorted(states, key=lambda one: one[1].st_mtime_ns):
            if size <= self._room:
                break
            path.unlink(missing_ok=True)
            size -= state.st_size

    def _path(self, key: Key) -> Path:
        return self._folder / f"{sha256(chr(0).join(key).encode(errors='replace')).hexdigest()}{_SUFFIX}"
