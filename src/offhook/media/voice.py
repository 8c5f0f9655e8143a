"""Whether somebody speaks in what a port hears: the detector of native/voice_activity.c, block by block."""

from dataclasses import dataclass

from offhook.media import _native

_VOICE = 3  # voice_verdict of native/voice_activity.h
_LEAST = 2  # frames of 20 ms in a block: less is a click


@dataclass(frozen=True, slots=True)
class Activity:
    """What there was in a block: sound above the noise of the line, and a voice that has lasted for 200 ms."""

    is_sound: bool
    is_voice: bool


class VoiceFinder:
    """Listens to one peer; about 5 µs for each 20 ms."""

    def __init__(self) -> None:
        self._native = _native.VoiceActivity()

    def hear(self, inbound: bytes, outbound: bytes, noise: bytes) -> Activity:
        """Take the next block: 16-bit samples both ways, and for each frame whether it is comfort noise (not 0)."""
        verdicts = self._native.hear(inbound, outbound, noise)
        sounding = len(verdicts) - verdicts.count(0)
        return Activity(is_sound=sounding >= min(_LEAST, len(verdicts)) > 0, is_voice=_VOICE in verdicts)
