"""What `offhook check` prints of a document: one line for each thing found, by line and column."""

from dataclasses import dataclass

from offhook.twiml.document import parse
from offhook.twiml.errors import TwimlError
from offhook.twiml.kinds import Url
from offhook.twiml.nouns import UnbuiltNoun
from offhook.twiml.verbs import Dial, Play, Redirect, Refer, Say, Verb

UNUSABLE_URL = 11100
EMPTY_TEXT = 13520
TEXT_TOO_LONG = 13521
MAX_SPOKEN = 4096  # contract 2 §1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found; `level` is "error" or "warning", `column` is None when only the line is known."""

    line: int
    column: int | None
    level: str
    code: int
    text: str

    def __str__(self) -> str:
        place = f"{self.line}:{self.column}" if self.column is not None else str(self.line)
        return f"{place}: {self.level} {self.code}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The findings in order of the document; with an error the platform would not run it to its end."""

    findings: tuple[Finding, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The findings as text: `line:column: level code: text`."""
        return tuple(map(str, self.findings))

    @property
    def has_errors(self) -> bool:
        """Whether the document cannot be run to its end."""
        return any(finding.level == "error" for finding in self.findings)


def report(body: bytes) -> Report:
    """Everything the platform would say about a document when it reads and runs it."""
    try:
        document = parse(body)
    except TwimlError as error:
        finding = Finding(line=error.line, column=error.column, level="error", code=error.code, text=error.message)
        return Report(findings=(finding,))
    findings = [
        Finding(line=found.line, column=found.column, level="warning", code=found.code, text=found.message)
        for found in document.warnings
    ]
    findings += [told for verb in document.verbs if (told := _spoken(verb)) is not None]
    findings += [told for verb in document.verbs for told in _unusable(verb)]
    return Report(findings=tuple(sorted(findings, key=lambda finding: (finding.line, finding.column or 0))))


def _unusable(verb: Verb) -> list[Finding]:
    """URLs that would fail when the call comes to them."""
    found = []
    for line, url in _links(verb):
        try:
            Url().read(url)
        except ValueError:
            told = f"{url[:60]!r} cannot be requested: expected an http, https or relative URL"
            found.append(Finding(line=line, column=None, level="error", code=UNUSABLE_URL, text=told))
    return found


def _links(verb: Verb) -> list[tuple[int, str]]:
    if isinstance(verb, Play | Redirect):
        return [(verb.line, verb.url)]
    if isinstance(verb, Refer):
        return [(verb.line, verb.action)] if verb.action else []
    if not isinstance(verb, Dial):
        return []
    screening = [(noun.line, noun.url) for noun in verb.nouns if not isinstance(noun, UnbuiltNoun) and noun.url]
    return [(verb.line, url) for url in (verb.action, verb.refer_url) if url] + screening


def _spoken(verb: Verb) -> Finding | None:
    """The interpreter tells these when it comes to them, not when it reads."""
    if not isinstance(verb, Say):
        return None
    if not verb.text:
        return Finding(line=verb.line, column=None, level="warning", code=EMPTY_TEXT, text="<Say> has no text")
    if len(verb.text) > MAX_SPOKEN:
        told = f"<Say> has {len(verb.text)} characters, at most {MAX_SPOKEN} are spoken"
        return Finding(line=verb.line, column=None, level="warning", code=TEXT_TOO_LONG, text=told)
    return None
