"""When somebody has begun to speak, and when they have stopped (contract 2 §1.7).

Pure: what comes in is whether a voice was heard, and time is what the blocks of sound last.
"""

AUTO = 1.0  # seconds of silence that end speech when nobody says how many
LINGERING = 0.24  # seconds for which a voice is heard after its last sound: they are part of the silence


class SpeechEnd:
    """Listens to one turn of speech; `silence` and `longest` in seconds."""

    __slots__ = ("_is_voice", "_longest", "_quiet", "_silence", "_spoken", "has_begun", "is_over")

    def __init__(self, *, silence: float, longest: float) -> None:
        self._longest = longest
        self._silence = silence
        self._quiet = self._spoken = 0.0
        self._is_voice = False
        self.has_begun = False
        self.is_over = False

    def hear(self, duration: float, *, is_voice: bool) -> bool:
        """Take the next block of so many seconds; whether the speech is over by it."""
        if is_voice:
            self._quiet = 0.0
        else:
            self._quiet += duration + (LINGERING if self._is_voice else 0.0)
        self._is_voice = is_voice
        self.has_begun = self.has_begun or is_voice
        if self.has_begun:
            self._spoken += duration
            self.is_over = self.is_over or self._quiet >= self._silence or self._spoken >= self._longest
        return self.is_over
