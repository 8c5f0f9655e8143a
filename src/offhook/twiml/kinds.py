"""What kinds of values attributes have: each reads text, and says what it expects.

Used by the rows of schema. `read` returns the value or raises ValueError; `str()` is the words for a warning and for
the reference page.
"""

import re
from dataclasses import dataclass
from typing import Protocol

_WHOLE = re.compile(r"[0-9]{1,9}")
_DIGITS = re.compile(r"[0-9A-D#*wW]*")
_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

MAX_URL_LENGTH = 4000
HIGHEST_NUMBER = 999_999_999


class Kind(Protocol):
    """One kind of value."""

    def read(self, text: str) -> object:
        """The value. Raises ValueError."""


@dataclass(frozen=True, slots=True)
class Text:
    """Any text of at most `longest` characters, without control characters."""

    longest: int = 1024

    def read(self, text: str) -> str:
        """The text, white space around it dropped. Raises ValueError."""
        text = text.strip()
        if len(text) > self.longest or _CONTROL.search(text):
            raise ValueError
        return text

    def __str__(self) -> str:
        return f"text of at most {self.longest} characters"


@dataclass(frozen=True, slots=True)
class Url:
    """A URL, absolute or relative to the document."""

    schemes: tuple[str, ...] = ("http", "https")

    def read(self, text: str) -> str:
        """The URL, unresolved, white space around it dropped. Raises ValueError."""
        text = text.strip()
        scheme = _ABSOLUTE.match(text)
        if (scheme and scheme[1].lower() not in self.schemes) or len(text) > MAX_URL_LENGTH or _CONTROL.search(text):
            raise ValueError
        return text

    def __str__(self) -> str:
        return f"URL ({', '.join(self.schemes)} or relative)"


@dataclass(frozen=True, slots=True)
class Link:
    """A URL that steers the call. A bad one is kept: to go on without it would do what nobody asked for.

    It ends in 11100 when it is followed; a screening document, for one, must not be left out in silence.
    """

    def read(self, text: str) -> str:
        """The URL as written, white space around it dropped."""
        return text.strip()

    def __str__(self) -> str:
        return "URL (http, https or relative)"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number in decimal digits, in a range."""

    lowest: int = 0
    highest: int = HIGHEST_NUMBER

    def read(self, text: str) -> int:
        """The number. Raises ValueError."""
        text = text.strip()
        if not _WHOLE.fullmatch(text) or not self.lowest <= int(text) <= self.highest:
            raise ValueError
        return int(text)

    def __str__(self) -> str:
        if self.highest == HIGHEST_NUMBER:
            return f"whole number, {self.lowest} or more"
        return f"whole number from {self.lowest} to {self.highest}"


@dataclass(frozen=True, slots=True)
class WholeOrAuto:
    """A whole number in a range, or the word auto."""

    lowest: int = 1

    def read(self, text: str) -> int:
        """The number, 0 for auto. Raises ValueError."""
        return 0 if text.strip() == "auto" else Whole(self.lowest).read(text)

    def __str__(self) -> str:
        return f"{Whole(self.lowest)}, or auto"


@dataclass(frozen=True, slots=True)
class Hints:
    """Words and phrases that are likely, separated by commas."""

    most: int = 500
    longest: int = 100

    def read(self, text: str) -> tuple[str, ...]:
        """The phrases. Raises ValueError."""
        phrases = tuple(phrase for part in text.split(",") if (phrase := " ".join(part.split())))
        if len(phrases) > self.most or any(len(phrase) > self.longest for phrase in phrases):
            raise ValueError
        return phrases

    def __str__(self) -> str:
        return f"at most {self.most} phrases of at most {self.longest} characters, separated by commas"


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    def read(self, text: str) -> bool:
        """The truth value. Raises ValueError."""
        if text.strip() not in {"true", "false"}:
            raise ValueError
        return text.strip() == "true"

    def __str__(self) -> str:
        return "true or false"


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of a list; an alias stands for one of them."""

    words: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, words: str, aliases: tuple[tuple[str, str], ...] = ()) -> "Choice":
        """A choice among words separated by spaces."""
        return cls(tuple(words.split()), aliases)

    def read(self, text: str) -> str:
        """The word. Raises ValueError."""
        word = dict(self.aliases).get(text.strip(), text.strip())
        if word not in self.words:
            raise ValueError
        return word

    def __str__(self) -> str:
        return "one of " + ", ".join([*self.words, *(alias for alias, _ in self.aliases)])


@dataclass(frozen=True, slots=True)
class Words:
    """Any of a list of words, separated by spaces."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, words: str) -> "Words":
        """Any of these words, here separated by spaces as well."""
        return cls(tuple(words.split()))

    def read(self, text: str) -> frozenset[str]:
        """The set of words. Raises ValueError."""
        found = frozenset(text.split())
        if not found <= frozenset(self.words):
            raise ValueError
        return found

    def __str__(self) -> str:
        return "any of " + ", ".join(self.words) + ", separated by spaces"


@dataclass(frozen=True, slots=True)
class Method:
    """How a webhook is requested."""

    def read(self, text: str) -> str:
        """GET or POST, in upper case. Raises ValueError."""
        if text.strip().upper() not in {"GET", "POST"}:
            raise ValueError
        return text.strip().upper()

    def __str__(self) -> str:
        return "GET or POST"


@dataclass(frozen=True, slots=True)
class Digits:
    """Keys to press, with pauses."""

    longest: int = 100

    def read(self, text: str) -> str:
        """The keys; spaces are dropped. Raises ValueError."""
        keys = text.replace(" ", "")
        if len(keys) > self.longest or not _DIGITS.fullmatch(keys):
            raise ValueError
        return keys

    def __str__(self) -> str:
        return f"at most {self.longest} of 0-9 A-D # *, w (half a second of pause) and W (one second)"


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys that end an input: exactly one, or any number."""

    is_single: bool = True

    def read(self, text: str) -> str:
        """The keys; "" is none of them. Raises ValueError."""
        if not re.fullmatch(r"[0-9#*]?" if self.is_single else r"[0-9#*]*", text):
            raise ValueError
        return text

    def __str__(self) -> str:
        return f"{'one' if self.is_single else 'any'} of 0-9 # *, or nothing"
