"""Says in words what a piece of live sound is: a tone, some sound, or silence. For scripted telephones.

Fed with decoded samples as they come, 16-bit little-endian mono at 8 kHz.
"""

from dataclasses import dataclass

from offhook.audio.measure import loudest_tone, rms_dbfs

WINDOW_BYTES = 4000  # a quarter of a second: two of them tell 4 Hz apart
SILENCE_DBFS = -50.0
# How much weaker than the whole its loudest sine may be in a pure tone; a sine that fills half a window is 3 dB below.
PURITY_DB = 1.5
SAME_TONE_HZ = 8.0

TONE, SOUND, SILENCE = "tone", "sound", "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is heard; `frequency_hz` is 0 unless it is a tone."""

    kind: str
    frequency_hz: float = 0.0
    level_dbfs: float = SILENCE_DBFS

    def is_like(self, other: "Heard | None") -> bool:
        """Whether a listener would call both the same."""
        return (
            other is not None and self.kind == other.kind and abs(self.frequency_hz - other.frequency_hz) < SAME_TONE_HZ
        )


class Ear:
    """Reports a change once two windows in a row agree on it, so that no change of tone is taken for a third one."""

    def __init__(self) -> None:
        self._samples = bytearray()
        self._last: Heard | None = None
        self._reported: Heard | None = None

    def hear(self, samples: bytes) -> Heard | None:
        """Take the next samples; what is heard now when that is new."""
        self._samples += samples
        if len(self._samples) < WINDOW_BYTES:
            return None
        window = bytes(self._samples[:WINDOW_BYTES])
        del self._samples[:WINDOW_BYTES]
        before, now = self._last, judge(window)
        self._last = now
        if not now.is_like(before) or now.is_like(self._reported):
            return None
        self._reported = now
        return now


def judge(window: bytes) -> Heard:
    """What one piece of sound is."""
    level_dbfs = rms_dbfs(window)
    if level_dbfs < SILENCE_DBFS:
        return Heard(kind=SILENCE)
    frequency_hz, tone_dbfs = loudest_tone(window)
    if tone_dbfs < level_dbfs - PURITY_DB:
        return Heard(kind=SOUND, level_dbfs=round(level_dbfs, 1))
    return Heard(kind=TONE, frequency_hz=round(frequency_hz, 1), level_dbfs=round(tone_dbfs, 1))
