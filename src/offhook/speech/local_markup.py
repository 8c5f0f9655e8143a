"""SSML of the contract in the words that espeak-ng knows; what it does not know is read plainly (contract 2 §1.1).

espeak-ng opens files that SSML names, so a document's own markup never reaches it: this is written anew.
"""

import re
from html import escape

from offhook.speech.voices import espeak_language
from offhook.twiml.elements import Element, read_elements
from offhook.twiml.errors import TwimlError

LONGEST_BREAK = 10.0  # seconds; what Polly allows
MOST_SILENCE = 60.0  # seconds of all breaks together: a document of 64 KiB could ask for eight hours

_TIME = re.compile(r"\+?([0-9]{1,6}(?:\.[0-9]{1,6})?)(ms|s)")
_PERCENT = re.compile(r"[+-]?[0-9]{1,4}%")
_WRITTEN_BREAK = re.compile(r'<break time="([0-9]+)ms"/>')
_DECIBEL = re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]{1,3})?)dB", re.IGNORECASE)
_STRENGTHS = frozenset({"none", "x-weak", "weak", "medium", "strong", "x-strong"})
_LEVELS = frozenset({"strong", "moderate", "reduced"})
_WORDS = {
    "volume": frozenset({"silent", "x-soft", "soft", "medium", "loud", "x-loud", "default"}),
    "rate": frozenset({"x-slow", "slow", "medium", "fast", "x-fast", "default"}),
    "pitch": frozenset({"x-low", "low", "medium", "high", "x-high", "default"}),
}
_LOUD = 6.0  # dB at which espeak-ng's own "x-loud" begins to be nearer than "loud"
_SPELLED = frozenset({"characters", "spell-out"})
_ONE_BY_ONE = frozenset({"digits", "telephone"})


def local_markup(ssml: str) -> str:
    """The document for espeak-ng; "" when it cannot be made, and the plain text has to do."""
    try:
        root = read_elements(f"<speak>{ssml}</speak>".encode())
    except TwimlError:
        return ""
    return f"<speak>{_limit_silence(_inside(root))}</speak>"


def _limit_silence(document: str) -> str:
    """The document with what its breaks have beyond the limit taken away; in text there is no < to mistake for one."""
    left = MOST_SILENCE * 1000

    def taken(found: re.Match[str]) -> str:
        nonlocal left
        length = min(float(found[1]), left)
        left -= length
        return f'<break time="{length:.0f}ms"/>'

    return _WRITTEN_BREAK.sub(taken, document)


def printable(text: str) -> str:
    """The text without control characters, which some voices spell out, and without espeak-ng's phoneme notation."""
    spoken = "".join(piece if piece.isprintable() else " " for piece in text)
    return spoken.replace("[[", "[ [")


def _inside(element: Element) -> str:
    return "".join(
        escape(printable(piece), quote=False) if isinstance(piece, str) else _element(piece)
        for piece in element.content
    )


def _element(element: Element) -> str:  # noqa: PLR0911 - one line for each element of the contract
    inner = _inside(element)
    match element.name:
        case "break":
            return _break(element)
        case "p" | "s":
            return f"<{element.name}>{inner}</{element.name}>"
        case "emphasis" if element.attributes.get("level", "moderate") in _LEVELS:
            return f'<emphasis level="{element.attributes.get("level", "moderate")}">{inner}</emphasis>'
        case "lang":
            language = espeak_language(element.attributes.get("xml:lang", ""))
            return f'<voice xml:lang="{language}">{inner}</voice>' if language else inner
        case "prosody":
            given = "".join(_prosody(name, element.attributes.get(name, "").strip()) for name in _WORDS)
            return f"<prosody{given}>{inner}</prosody>" if given else inner
        case "sub":
            return escape(printable(element.attributes.get("alias", "")), quote=False) or inner
        case "say-as":
            return _say_as(element.attributes.get("interpret-as", ""), inner)
        case _:
            return inner


def _break(element: Element) -> str:
    time = _TIME.fullmatch(element.attributes.get("time", "").strip())
    if time is not None:
        seconds = float(time[1]) / (1000 if time[2] == "ms" else 1)
        return f'<break time="{min(seconds, LONGEST_BREAK) * 1000:.0f}ms"/>'
    strength = element.attributes.get("strength", "").strip()
    return f'<break strength="{strength}"/>' if strength in _STRENGTHS else "<break/>"


def _prosody(name: str, value: str) -> str:
    decibel = _DECIBEL.fullmatch(value) if name == "volume" else None
    if decibel is not None:
        value = _volume(float(decibel[1]))
    if value in _WORDS[name] or (name != "volume" and _PERCENT.fullmatch(value)):
        return f' {name}="{value}"'
    return ""


def _volume(decibel: float) -> str:
    if not decibel:
        return "medium"
    if decibel > 0:
        return "x-loud" if decibel >= _LOUD else "loud"
    return "x-soft" if decibel <= -_LOUD else "soft"


def _say_as(kind: str, inner: str) -> str:
    if kind in _SPELLED:
        return f'<say-as interpret-as="characters">{inner}</say-as>'
    if kind in _ONE_BY_ONE:
        return re.sub(r"(?<=[0-9])(?=[0-9])", " ", inner)
    return inner
