"""Finds the stretches of a call in which somebody speaks, by their energy above the noise of the line.

Fed with sound as it comes; gives each utterance as one piece when the pause after it has lasted.
"""

from array import array
from collections import deque
from math import sqrt
from operator import mul

FRAME = 160  # samples: 20 ms at 8 kHz
FRAME_LENGTH = 0.02
BEGIN = 4  # frames of speech within the last six make a beginning
BEGIN_AMONG = 6
LEAST_RMS = 120.0  # about -49 dBFS: what is quieter is no speech, however quiet the line
ABOVE_NOISE = 3.0  # times the noise of the line
NOISE_RISE = 1.02  # per frame, so that a noise that stays becomes the floor within seconds
PREROLL = 15  # frames kept from before a beginning: soft consonants lie there


class UtteranceFinder:
    """Cuts sound into utterances; a pause of `pause` seconds ends one, and so does `longest`."""

    def __init__(self, *, pause: float = 0.6, longest: float = 30.0) -> None:
        self._pause = max(1, round(pause / FRAME_LENGTH))
        self._longest = max(1, round(longest / FRAME_LENGTH))
        self._rest = b""
        self._noise = LEAST_RMS
        self._before: deque[bytes] = deque(maxlen=PREROLL)
        self._lately: deque[bool] = deque(maxlen=BEGIN_AMONG)
        self._frames: list[bytes] = []
        self._silent = 0

    @property
    def is_speaking(self) -> bool:
        """Whether an utterance has begun and not ended."""
        return bool(self._frames)

    def hear(self, samples: bytes) -> list[bytes]:
        """Take 16-bit mono at 8 kHz; the utterances that ended in it."""
        sound = self._rest + samples
        step = 2 * FRAME
        whole = len(sound) - len(sound) % step
        self._rest = sound[whole:]
        ended = []
        for at in range(0, whole, step):
            utterance = self._take(sound[at : at + step])
            if utterance:
                ended.append(utterance)
        return ended

    def finish(self) -> bytes:
        """The utterance that had not ended; b"" when nobody spoke."""
        utterance, self._frames = b"".join(self._frames), []
        return utterance

    def _take(self, frame: bytes) -> bytes:
        is_speech = self._is_speech(frame)
        if not self._frames:
            self._before.append(frame)
            self._lately.append(is_speech)
            if sum(self._lately) >= BEGIN:
                self._frames = list(self._before)
                self._before.clear()
                self._lately.clear()
                self._silent = 0
            return b""
        self._frames.append(frame)
        self._silent = 0 if is_speech else self._silent + 1
        return self.finish() if self._silent >= self._pause or len(self._frames) >= self._longest else b""

    def _is_speech(self, frame: bytes) -> bool:
        values = array("h", frame)
        level = sqrt(sum(map(mul, values, values)) / FRAME)
        threshold = max(LEAST_RMS, self._noise * ABOVE_NOISE)
        if level < self._noise:
            self._noise = max(1.0, level)
        elif not self._frames:
            self._noise = min(level, self._noise * NOISE_RISE)
        return level > threshold
