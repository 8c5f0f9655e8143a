"""A TwiML document as values: a tuple of verbs, and a warning for everything that is read past.

Contract 1 §7.6, contract 2 §6. Fed with a webhook's answer by the interpreter; knows the schema, does no I/O.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from offhook.twiml import hints, ssml
from offhook.twiml.elements import MAX_BYTES, Element, read_elements
from offhook.twiml.errors import SCHEMA_VIOLATION, WRONG_ROOT, TwimlError, TwimlWarning
from offhook.twiml.kinds import Link, Text, Url
from offhook.twiml.media_nouns import MediaNoun, RecordingCallback
from offhook.twiml.nouns import MachineDetection, Noun, NumberNoun, UnbuiltNoun
from offhook.twiml.rules import Attribute, Body, Rule
from offhook.twiml.schema import ELEMENTS, IGNORED_ATTRIBUTES, MAX_NOUNS, ROOT
from offhook.twiml.schema_unbuilt import OPAQUE
from offhook.twiml.verbs import (
    Connect,
    Dial,
    DialRecording,
    Gather,
    GatherSpeech,
    Pause,
    Play,
    Refer,
    Say,
    Start,
    Stop,
    Unbuilt,
    Verb,
)

__all__ = ["MAX_BYTES", "MAX_WARNINGS", "Document", "parse"]

MAX_WARNINGS = 50

NESTED_DIAL = 13201
NOT_IN_DIAL = 13215
NOT_IN_GATHER = 13314
LONGEST_PARAMETER = 500
BAD_SIP_URI = 13243
TOO_MANY_NOUNS = 13250
MIXED_NOUNS = 13000

# Several attributes that share a value of their own: field prefix to dataclass.
_PARTS: dict[str, Any] = {
    "machine_detection": MachineDetection,
    "speech": GatherSpeech,
}
_UNEXPECTED = {"Dial": NOT_IN_DIAL, "Gather": NOT_IN_GATHER}
_WITH_MEDIA: dict[str, Any] = {"Start": Start, "Stop": Stop, "Connect": Connect}
_UNMIXABLE = frozenset({"Conference", "Queue", "Application"})


def _part(rule: Rule, name: str) -> Any:
    """The dataclass of several attributes: that of <Dial record> knows what is recorded, too."""
    if name == "recording":
        return DialRecording if rule.make is Dial else RecordingCallback
    return _PARTS[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a document says to do, in order, and what of it is ignored."""

    verbs: tuple[Verb, ...] = ()
    warnings: tuple[TwimlWarning, ...] = ()


def parse(body: bytes, *, is_screening: bool = False) -> Document:
    """Read a document; a screening document may not hold <Dial>. Raises TwimlError (11750, 12100, 12102)."""
    root = read_elements(body)
    if root.name != ROOT:
        raise TwimlError(WRONG_ROOT, hints.wrong_root(root.name), line=root.line, column=root.column)
    reader = _Reader(is_screening=is_screening)
    verbs = reader.verbs(root)
    warnings = sorted(reader.warnings, key=lambda warning: (warning.line, warning.column))
    return Document(verbs=verbs, warnings=tuple(warnings))


class _Reader:
    """Walks the tree once; a bad part becomes a warning and is left out."""

    def __init__(self, *, is_screening: bool) -> None:
        self.warnings: list[TwimlWarning] = []
        self._is_screening = is_screening
        self._special: dict[str, Callable[[Element, Rule], Verb | None]] = {
            "Dial": self._dial,
            "Refer": self._refer,
            "Gather": self._gather,
            **dict.fromkeys(_WITH_MEDIA, self._with_media),
        }

    @property
    def is_full(self) -> bool:
        """Whether no more warnings are kept: then none need be worded, which costs more than finding them."""
        return len(self.warnings) >= MAX_WARNINGS

    def warn(self, element: Element, code: int, message: str) -> None:
        """One warning at an element; past the limit they are dropped."""
        if not self.is_full:
            warning = TwimlWarning(code=code, message=message, line=element.line, column=element.column)
            self.warnings.append(warning)

    # --- verbs ----------------------------------------------------------------------------------------------------

    def verbs(self, root: Element) -> tuple[Verb, ...]:
        """The verbs of the root, in order. Its attributes are of no interest (contract 2 §6)."""
        self._check_text(root, ELEMENTS[ROOT])
        return tuple(verb for element in self._known_children(root) if (verb := self._verb(element)) is not None)

    def _verb(self, element: Element) -> Verb | None:
        rule = ELEMENTS[element.name]
        if element.name != Dial.name:
            self._check_text(element, rule)
        special = self._special.get(element.name)
        if special is not None:
            return special(element, rule)
        if rule.make is None:
            self._check_unbuilt(element, rule)
            return Unbuilt(name=element.name, attributes=tuple(element.attributes.items()), line=element.line)
        values = self._values(element, rule)
        for child in self._known_children(element):
            self._values(child, ELEMENTS[child.name])
        if rule.body is Body.SSML:
            values["ssml"] = ssml.markup(element)
        if rule.body is not Body.NOTHING:
            values[rule.body_field] = ssml.plain_text(element) if rule.body is Body.SSML else element.own_text
        verb: Verb = rule.make(**values, line=element.line)
        if isinstance(verb, Play) and not verb.url and not verb.digits:
            self.warn(element, SCHEMA_VIOLATION, "<Play> has neither a URL nor digits: it is skipped")
            return None
        return verb

    def _dial(self, element: Element, rule: Rule) -> Dial | None:
        if self._is_screening:
            self.warn(element, NESTED_DIAL, "<Dial> may not stand in a screening document: it is skipped")
            return None
        nouns = [self._noun(child) for child in self._known_children(element)]
        if element.own_text:
            if nouns:
                self.warn(element, NOT_IN_DIAL, "the text in <Dial> is ignored because there are nouns as well")
            else:
                nouns.append(NumberNoun(number=element.own_text, line=element.line))
        self._check_nouns(element, nouns)
        values = self._values(element, rule)
        return Dial(**values, nouns=tuple(nouns[:MAX_NOUNS]), line=element.line)

    def _refer(self, element: Element, rule: Rule) -> Refer | None:
        targets = self._known_children(element)
        uris = [text for target in targets if (text := self._noun_text(target))]
        for target in targets:
            for name in target.attributes:
                self.warn(target, SCHEMA_VIOLATION, f"{name} of <Sip> means nothing in <Refer>: it is ignored")
        if not uris:
            self.warn(element, SCHEMA_VIOLATION, "<Refer> names nobody in <Sip>: it is skipped")
            return None
        self._check_uri(targets[0], uris[0])
        if len(targets) > 1:
            self.warn(targets[1], SCHEMA_VIOLATION, "<Refer> has one <Sip>: the others are ignored")
        return Refer(**self._values(element, rule), uri=uris[0], line=element.line)

    def _gather(self, element: Element, rule: Rule) -> Gather:
        prompts = (self._verb(child) for child in self._known_children(element))
        values = self._values(element, rule)
        if not values.get("kinds", True):
            del values["kinds"]
        return Gather(
            **values,
            prompts=tuple(prompt for prompt in prompts if isinstance(prompt, Say | Play | Pause)),
            line=element.line,
        )

    def _with_media(self, element: Element, rule: Rule) -> Start | Stop | Connect:
        nouns = tuple(self._media_noun(child) for child in self._known_children(element))
        verb: Start | Stop | Connect = _WITH_MEDIA[element.name](
            **self._values(element, rule), nouns=nouns, line=element.line
        )
        return verb

    def _media_noun(self, element: Element) -> MediaNoun:
        rule = ELEMENTS[element.name]
        if rule.make is None:
            self._check_unbuilt(element, rule)
            return UnbuiltNoun(name=element.name, attributes=tuple(element.attributes.items()), line=element.line)
        self._check_text(element, rule)
        values = self._values(element, rule)
        parameters = tuple(pair for child in self._known_children(element) if (pair := self._parameter(child)))
        if "parameters" in rule.make.__dataclass_fields__:  # type: ignore[attr-defined]
            values["parameters"] = parameters
        noun: MediaNoun = rule.make(**values, line=element.line)
        return noun

    def _parameter(self, element: Element) -> tuple[str, str] | None:
        """A <Parameter> of a stream; contract 2 §1.14 wants name and value together below 500 characters."""
        if element.name != "Parameter":
            return None
        name, value = element.attributes.get("name", ""), element.attributes.get("value", "")
        if name and len(name) + len(value) < LONGEST_PARAMETER:
            return name, value
        told = f"a <Parameter> has a name, and less than {LONGEST_PARAMETER} characters with its value: it is left out"
        self.warn(element, SCHEMA_VIOLATION, told)
        return None

    def _check_nouns(self, element: Element, nouns: list[Noun]) -> None:
        if not nouns:
            self.warn(element, NOT_IN_DIAL, "<Dial> names nobody to call")
        if len(nouns) > MAX_NOUNS:
            told = f"those after line {nouns[MAX_NOUNS - 1].line} are left out"
            self.warn(element, TOO_MANY_NOUNS, f"<Dial> calls at most {MAX_NOUNS}, not {len(nouns)}: {told}")
        single = next((noun for noun in nouns if noun.name in _UNMIXABLE), None)
        if single is not None and len(nouns) > 1:
            self.warn(element, MIXED_NOUNS, f"<{single.name}> must be alone in its <Dial>")

    def _noun(self, element: Element) -> Noun:
        rule = ELEMENTS[element.name]
        text = self._noun_text(element)
        if rule.make is None:
            self._check_unbuilt(element, rule)
            attributes = tuple(element.attributes.items())
            return UnbuiltNoun(name=element.name, text=text, attributes=attributes, line=element.line)
        noun: Noun = rule.make(**self._values(element, rule), **{rule.body_field: text}, line=element.line)
        if element.name == "Sip":
            self._check_uri(element, text)
        return noun

    def _check_uri(self, element: Element, text: str) -> None:
        if any(character.isspace() for character in text):
            self.warn(element, BAD_SIP_URI, "white space in the SIP URI: write it as %20 in a header, else take it out")

    def _noun_text(self, element: Element) -> str:
        text = element.own_text
        for child in self._known_children(element):
            if child.name == "Uri":
                text = text or child.own_text
            elif child.name == "Headers":
                self.warn(child, SCHEMA_VIOLATION, "<Headers> is not read: put headers into the URI, ?X-Name=value")
        return text

    # --- attributes and nesting -----------------------------------------------------------------------------------

    def _values(self, element: Element, rule: Rule) -> dict[str, Any]:
        """The values of the attributes that are good, by field; values of one part are gathered in its dataclass."""
        values: dict[str, Any] = {}
        parts: dict[str, dict[str, Any]] = {}
        for name, text in element.attributes.items():
            row = rule.attribute(name)
            if row is None:
                self._check_ignored(element, rule, name, text)
                continue
            if not text.strip() and isinstance(row.kind, Text | Url | Link):
                continue  # left blank, as templates do: not given
            is_good, value = self._read(element, row, text)
            if is_good:
                part, _, field = row.target.rpartition(".")
                (parts.setdefault(part, {}) if part else values)[field] = value
        values.update({part: _part(rule, part)(**fields) for part, fields in parts.items()})
        return values

    def _read(self, element: Element, row: Attribute, text: str) -> tuple[bool, object]:
        try:
            return True, row.kind.read(text)
        except ValueError:
            used = f"{row.default} is used" if row.default is not None else "it is ignored"
            told = f"{row.name}={text[:60]!r} of <{element.name}>: expected {row.kind}; {used}"
            self.warn(element, row.code, told)
            return False, None

    def _check_ignored(self, element: Element, rule: Rule, name: str, text: str) -> None:
        for row in IGNORED_ATTRIBUTES.get(element.name, ()):
            if row.name == name:
                self._read(element, row, text)
                return
        if not self.is_full:
            self.warn(element, SCHEMA_VIOLATION, hints.unknown_attribute(element.name, rule, name))

    def _known_children(self, element: Element) -> list[Element]:
        """The children that may stand here; the others are told."""
        allowed = ELEMENTS[element.name].children
        known = []
        for child in element.children:
            if child.name in allowed:
                known.append(child)
            elif not self.is_full:
                code = _UNEXPECTED.get(element.name, SCHEMA_VIOLATION)
                self.warn(child, code, hints.unexpected_element(child.name, element.name, allowed))
        return known

    def _check_unbuilt(self, element: Element, rule: Rule) -> None:
        """Tell the mistakes in an element that nothing runs yet."""
        if element.name in OPAQUE:
            return
        self._values(element, rule)
        for child in self._known_children(element):
            child_rule = ELEMENTS[child.name]
            self._check_text(child, child_rule)
            self._check_unbuilt(child, child_rule)

    def _check_text(self, element: Element, rule: Rule) -> None:
        if rule.body is Body.NOTHING and element.own_text:
            told = f"text in <{element.name}> is ignored: {element.own_text[:40]!r}"
            self.warn(element, SCHEMA_VIOLATION, told)
