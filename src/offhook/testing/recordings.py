"""Recordings in memory: a fake of calls.ports.RecordingFiles."""

from offhook.calls.errors import RecordingFailed


class MemoryRecording:
    """One file; `fail_after` octets nothing more is kept."""

    def __init__(self, channels: int, fail_after: int | None) -> None:
        self.channels = channels
        self.samples = bytearray()
        self.is_finished = False
        self._is_full = False
        self._fail_after = fail_after

    def append(self, samples: bytes) -> None:
        """Keep more sound, as long as there is room."""
        room = len(samples) if self._fail_after is None else max(0, self._fail_after - len(self.samples))
        self.samples += samples[:room]
        self._is_full = self._is_full or room < len(samples)

    async def finish(self, worth: int | None = None) -> int:
        """The end, with no more than so many octets. Raises RecordingFailed when there was no room."""
        self.is_finished = True
        del self.samples[len(self.samples) if worth is None else worth :]
        if self._is_full:
            raise RecordingFailed("the disk is full", len(self.samples))
        return len(self.samples)

    def channel(self, number: int) -> bytes:
        """The samples of one channel, counted from 0."""
        values = memoryview(bytes(self.samples)).cast("h")
        return values[number :: self.channels].tobytes()


class MemoryRecordings:
    """Files by SID."""

    def __init__(self) -> None:
        self.files: dict[str, MemoryRecording] = {}
        self.fail_after: int | None = None

    def create(self, sid: str, channels: int) -> MemoryRecording:
        """Begin one."""
        self.files[sid] = MemoryRecording(channels, self.fail_after)
        return self.files[sid]

    async def mend(self, sid: str) -> int:
        """What is there of one."""
        return len(self.files[sid].samples) if sid in self.files else 0

    async def read(self, sid: str) -> bytes:
        """All of one. Raises RecordingFailed."""
        if sid not in self.files:
            raise RecordingFailed(f"there is no recording {sid}")
        return bytes(self.files[sid].samples)

    async def delete(self, sid: str) -> None:
        """Forget one."""
        self.files.pop(sid, None)
