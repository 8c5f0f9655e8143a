"""Sound as calls hold it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Samples to play: 16-bit little-endian mono."""

    samples: bytes
    rate_hz: int = 8000

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / 2 / self.rate_hz
