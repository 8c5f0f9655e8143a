"""The process in which pocketsphinx listens: utterances on standard input, what was understood on standard output.

One line of JSON with `words` (phrases; none for dictation) and `bytes`, then so many bytes of 16-bit mono at 8 kHz;
back comes one line of JSON with `text` and `confidence`. A process of its own keeps its work, and any fault of the
library in sound that strangers sent, away from the calls.
"""

import json
import random
import sys
from array import array
from typing import Any, BinaryIO

import miniaudio  # type: ignore[import-untyped]
import pocketsphinx  # type: ignore[import-untyped]

RATE_HZ = 16_000  # of the model that the package brings
LARGEST = 4_000_000  # bytes of one utterance
# Words that callers say in rows.
DIGITS = ("zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_FIGURES = dict(zip("0123456789", ("zero", *DIGITS[2:]), strict=True))
# The model never heard the perfect silence of digital telephony, nor a band that ends at 4 kHz: a little noise helps.
_NOISE = 16
# Measured on digits and words (tests/unit/speech/test_pocketsphinx.py): fewer words are invented in silence.
_GRAMMAR = {"lm": None, "wip": 0.001, "silprob": 0.5, "fillprob": 0.0001}


class Listener:
    """Both ways of listening; each is loaded when it is first needed."""

    def __init__(self) -> None:
        self._grammar: Any = None
        self._dictation: Any = None
        self._words: tuple[str, ...] = ()
        self._random = random.Random(1)  # noqa: S311 - noise, no secret

    def understand(self, samples: bytes, words: tuple[str, ...]) -> tuple[str, float]:
        """The text and how sure it is, 0 to 1."""
        decoder, spelling = self._decoder(words)
        decoder.start_utt()
        decoder.process_raw(self._prepared(samples), no_search=False, full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        if found is None or not found.hypstr:
            return "", 0.0
        text = spelling.get(found.hypstr) or " ".join(spelling.get(word, word) for word in found.hypstr.split())
        return text, min(1.0, max(0.0, found.best_score))

    def _decoder(self, words: tuple[str, ...]) -> tuple[Any, dict[str, str]]:
        spelling = {}
        if words:
            if self._grammar is None:
                self._grammar = pocketsphinx.Decoder(pocketsphinx.Config(loglevel="FATAL", **_GRAMMAR))
            spelling = {said: word for word in words if (said := self._said(word))}
        if not spelling:
            if self._dictation is None:
                self._dictation = pocketsphinx.Decoder(pocketsphinx.Config(loglevel="FATAL"))
            return self._dictation, {}
        phrases = tuple(sorted(spelling))
        if phrases != self._words:
            self._grammar.add_jsgf_string("hints", _grammar(phrases))
            self._grammar.activate_search("hints")
            self._words = phrases
        return self._grammar, spelling

    def _said(self, phrase: str) -> str:
        """The phrase in words of the dictionary; "" when there is one that it does not have."""
        kept = "".join(letter if letter.isalnum() or letter == "'" else " " for letter in phrase.lower())
        words = [_FIGURES.get(word, word) for word in kept.split()]
        is_known = words and all(self._grammar.lookup_word(word) is not None for word in words)
        return " ".join(words) if is_known else ""

    def _prepared(self, samples: bytes) -> bytes:
        form = miniaudio.SampleFormat.SIGNED16
        wide = array("h", bytes(miniaudio.convert_frames(form, 1, 8000, samples, form, 1, RATE_HZ)))
        noise = self._random.choices(range(-_NOISE, _NOISE + 1), k=len(wide))
        return array(
            "h", [max(-32768, min(32767, value + more)) for value, more in zip(wide, noise, strict=True)]
        ).tobytes()


def _grammar(phrases: tuple[str, ...]) -> str:
    digits = [phrase for phrase in phrases if phrase in DIGITS]
    ways = [phrase for phrase in phrases if phrase not in DIGITS]
    if digits:
        ways.append(f"( {' | '.join(digits)} )+")
    return f"#JSGF V1.0;\ngrammar hints;\npublic <hints> = {' | '.join(ways)};\n"


def serve(received: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the input ends."""
    listener = Listener()
    while line := received.readline(1_000_000):
        asked = json.loads(line)
        samples = received.read(min(asked["bytes"], LARGEST))
        text, confidence = listener.understand(samples[: len(samples) & ~1], tuple(asked["words"]))
        answers.write(json.dumps({"text": text, "confidence": confidence}).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
