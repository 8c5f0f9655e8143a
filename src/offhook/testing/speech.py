"""A voice that speaks silence of the right length and writes down what it was given; satisfies calls.ports.Speech."""

from dataclasses import dataclass

from offhook.calls.errors import SpeechFailed
from offhook.calls.ports import Remark, Sound, no_remark

RATE_HZ = 8000
SECONDS_PER_CHARACTER = 0.0625  # an even number of samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One text that was spoken, and how."""

    text: str
    voice: str
    language: str
    ssml: str = ""


class StageVoice:
    """Speaks every text but those it was told to fail on."""

    def __init__(self) -> None:
        self.spoken: list[Spoken] = []
        self.failing: set[str] = set()
        self.standing_in: set[str] = set()  # voices that get a remark

    async def synthesize(
        self, text: str, voice: str, language: str, *, ssml: str = "", remark: Remark = no_remark
    ) -> Sound:
        """Silence as long as the text. Raises SpeechFailed when told to."""
        self.spoken.append(Spoken(text=text, voice=voice, language=language, ssml=ssml))
        if voice in self.standing_in:
            remark(13511, f"{voice} is spoken by another voice")
        if text in self.failing:
            raise SpeechFailed(f"cannot speak {text!r}")
        return Sound(samples=bytes(2 * round(len(text) * SECONDS_PER_CHARACTER * RATE_HZ)), rate_hz=RATE_HZ)
