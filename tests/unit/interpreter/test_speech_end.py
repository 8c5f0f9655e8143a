"""When somebody has begun to speak, and when they have stopped."""

from offhook.interpreter.speech_end import SpeechEnd

BLOCK = 0.1


def hear(end: SpeechEnd, what: str) -> str:
    """What becomes of blocks of voice (v) and silence (.): nothing, begun or over after each."""
    told = ""
    for letter in what:
        is_over = end.hear(BLOCK, is_voice=letter == "v")
        told += "o" if is_over else "b" if end.has_begun else "-"
    return told


def test_speech_begins_with_a_voice_and_ends_with_silence() -> None:
    """A pause that is shorter is part of it; the silence counts from the last sound."""
    assert hear(SpeechEnd(silence=0.5, longest=60.0), "...vv..v...") == "---bbbbbbbo"


def test_who_speaks_for_ever_is_cut_off() -> None:
    """MaxSpeechTime."""
    assert hear(SpeechEnd(silence=1.0, longest=0.5), "vvvvvvv") == "bbbbooo"


def test_silence_alone_is_no_speech() -> None:
    """However long."""
    assert hear(SpeechEnd(silence=0.1, longest=0.1), "." * 50) == "-" * 50
