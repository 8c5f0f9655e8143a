"""Where recorded sound is kept; satisfied by net.recording_files and testing.recordings."""

from typing import Protocol


class RecordingFile(Protocol):
    """One recording that is being written."""

    def append(self, samples: bytes) -> None:
        """More sound: 16-bit little-endian at 8 kHz, channels interleaved. Returns at once, and never raises."""

    async def finish(self, worth: int | None = None) -> int:
        """Make it whole, of its first `worth` octets; how many octets of samples it holds.

        Raises RecordingFailed when some could not be kept.
        """


class RecordingFiles(Protocol):
    """Files by the SIDs of their recordings."""

    def create(self, sid: str, channels: int) -> RecordingFile:
        """Begin a file. Returns at once; what goes wrong is told by finish."""

    async def mend(self, sid: str) -> int:
        """Make a file whole that an earlier process left; how many octets of samples it holds, 0 for none."""

    async def read(self, sid: str) -> bytes:
        """The samples of a whole recording of a few minutes. Raises RecordingFailed, also when there is none."""

    async def delete(self, sid: str) -> None:
        """Remove a file; nothing happens when there is none."""
