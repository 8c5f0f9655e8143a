"""When somebody has begun to speak, and when they have stopped."""

from offhook.audio.tones import tone
from offhook.interpreter.speech_end import SpeechEnd

BLOCK = 0.1
VOICE, QUIET = tone((300.0,), BLOCK, level_dbfs=-20), bytes(1600)


def hear(end: SpeechEnd, what: str) -> str:
    """What becomes of blocks of voice (v) and silence (.): nothing, begun or over after each."""
    told = ""
    for letter in what:
        is_over = end.hear(VOICE if letter == "v" else QUIET, BLOCK)
        told += "o" if is_over else "b" if end.has_begun else "-"
    return told


def test_speech_begins_with_sound_and_ends_with_silence() -> None:
    """A pause that is shorter is part of it."""
    assert hear(SpeechEnd(silence=0.3, longest=60.0), "...vv..v...") == "---bbbbbbbo"


def test_who_speaks_for_ever_is_cut_off() -> None:
    """MaxSpeechTime."""
    assert hear(SpeechEnd(silence=1.0, longest=0.5), "vvvvvvv") == "bbbbooo"


def test_silence_alone_is_no_speech() -> None:
    """However long."""
    assert hear(SpeechEnd(silence=0.1, longest=0.1), "." * 50) == "-" * 50
