"""When somebody has begun to speak, and when they have stopped: by how loud the sound is (contract 2 §1.7).

Pure: sound comes in as blocks of samples, time is what they last.
"""

from offhook.audio.measure import rms_dbfs

SPEAKING = -38.0  # dBFS: louder than a line with nobody on it
LEAST = 0.1  # seconds of it in a row: a click is shorter
AUTO = 1.0  # seconds of silence that end speech when nobody says how many


class SpeechEnd:
    """Listens to one turn of speech; `silence` and `longest` in seconds."""

    __slots__ = ("_longest", "_loud", "_quiet", "_silence", "_spoken", "has_begun", "is_over")

    def __init__(self, *, silence: float, longest: float) -> None:
        self._silence = silence
        self._longest = longest
        self._loud = self._quiet = self._spoken = 0.0
        self.has_begun = False
        self.is_over = False

    def hear(self, samples: bytes, duration: float, *, is_noise: bool = False) -> bool:
        """Take the next block, 16-bit samples of this many seconds; whether the speech is over by it.

        Comfort noise is no speech, however loud.
        """
        is_loud = not is_noise and rms_dbfs(samples) >= SPEAKING
        self._loud = self._loud + duration if is_loud else 0.0
        self._quiet = 0.0 if is_loud else self._quiet + duration
        self.has_begun = self.has_begun or self._loud >= LEAST
        if self.has_begun:
            self._spoken += duration
            self.is_over = self.is_over or self._quiet >= self._silence or self._spoken >= self._longest
        return self.is_over
