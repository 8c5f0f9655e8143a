"""A call as a ladder: who sent what to whom, and what happened within, in order of time.

Fed with the timeline's entries of a call and of the calls it made; `ladder_lines` draws what comes out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from offhook.model.sids import CallSid
from offhook.model.timeline import Kind, TimelineEntry
from offhook.telemetry import sip_text
from offhook.telemetry.printable import printable

APPLICATION, OFFHOOK = 0, 1
MOST_PEERS = 6  # columns; what comes after them shares the last
MOST_BENEATH = 40  # lines below one message
LONGEST_PARAMETER = 60  # characters of one value
FOREVER = 1e9  # milliseconds
FAILURE = 400  # the first code that says no, in SIP as in HTTP

# Parameters that every webhook carries and that say nothing new in a ladder.
FAMILIAR = frozenset({"AccountSid", "ApiVersion", "CallSid", "Caller", "Called", "CallbackSource", "Timestamp"})


class Tone(Enum):
    """What a line is like; a terminal shows it as colour."""

    PLAIN = "plain"
    QUIET = "quiet"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    WEBHOOK = "webhook"
    VERB = "verb"
    DIGIT = "digit"
    MEDIA = "media"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that happened; all text is fit for a terminal.

    `after` is in seconds since the first entry, `call` counts the calls from 0. An arrow goes from column `source` to
    column `target`; without a target it happened within offhook.
    """

    after: float
    call: int
    label: str
    tone: Tone
    source: int = OFFHOOK
    target: int | None = None
    beneath: tuple[str, ...] = ()


class Ladder:
    """Turns entries into rows as they come; `columns` grows with the peers that appear."""

    def __init__(self) -> None:
        self.columns: list[str] = ["application", "offhook"]
        self.calls: list[CallSid | None] = []
        self._begin: datetime | None = None
        self._peers: dict[str, int] = {}

    def add(self, entry: TimelineEntry) -> Row:
        """The row of one more entry."""
        if self._begin is None:
            self._begin = entry.at
        made = self._rows_of_kind(entry)
        return Row(
            after=(entry.at - self._begin).total_seconds(),
            call=self._call(entry.call_sid),
            label=printable(made.label),
            tone=made.tone,
            source=made.source,
            target=made.target,
            beneath=_limited(made.beneath),
        )

    def add_all(self, entries: Iterable[TimelineEntry]) -> list[Row]:
        """The rows of many entries, of one call or of several, in order of time."""
        return [self.add(entry) for entry in sorted(entries, key=lambda entry: entry.at)]

    # --- within ---------------------------------------------------------------------------------------------------

    def _call(self, call_sid: CallSid | None) -> int:
        if call_sid not in self.calls:
            self.calls.append(call_sid)
        return self.calls.index(call_sid)

    def _rows_of_kind(self, entry: TimelineEntry) -> "_Made":
        match entry.kind:
            case Kind.SIP:
                return self._sip(entry)
            case Kind.WEBHOOK:
                return _webhook(entry.detail)
            case Kind.STATUS:
                return _status(entry)
            case Kind.NOTICE:
                level = str(entry.detail.get("level", "warning"))
                tone = Tone.BAD if level == "error" else Tone.WARNING
                return _Made(label=f"{level}: {entry.summary}", tone=tone)
            case _:
                return _Made(label=entry.summary, tone=TONES[entry.kind])

    def _sip(self, entry: TimelineEntry) -> "_Made":
        text = str(entry.detail.get("text", ""))
        start_line = sip_text.start_line(text) or str(entry.detail.get("start_line", entry.summary))
        peer = self._column(str(entry.detail.get("peer", "?")))
        is_sent = entry.detail.get("direction") == "sent"
        return _Made(
            label=sip_text.label(start_line, text),
            tone=_tone_of_code(sip_text.status_code(start_line)),
            source=OFFHOOK if is_sent else peer,
            target=peer if is_sent else OFFHOOK,
            beneath=sip_text.shown_headers(text),
        )

    def _column(self, peer: str) -> int:
        column = self._peers.get(peer)
        if column is not None:
            return column
        if len(self._peers) < MOST_PEERS:
            self.columns.append(printable(peer, 60))
        elif len(self._peers) == MOST_PEERS:
            self.columns[-1] = "other peers"
        column = len(self.columns) - 1
        if len(self._peers) < 1000:  # noqa: PLR2004 - whoever has more peers sees them in the last column anyway
            self._peers[peer] = column
        return column


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A row before its text is made fit for a terminal."""

    label: str
    tone: Tone
    source: int = OFFHOOK
    target: int | None = None
    beneath: tuple[str, ...] = ()


TONES: Mapping[Kind, Tone] = {
    Kind.DOCUMENT: Tone.QUIET,
    Kind.VERB: Tone.VERB,
    Kind.DIGIT: Tone.DIGIT,
    Kind.MEDIA: Tone.MEDIA,
    Kind.LEG: Tone.PLAIN,
}


def _tone_of_code(code: int | None) -> Tone:
    if code is None:
        return Tone.PLAIN
    if code >= FAILURE:
        return Tone.BAD
    return Tone.QUIET if code < 200 else Tone.GOOD  # noqa: PLR2004 - RFC 3261 §7.2


def _webhook(detail: Mapping[str, Any]) -> _Made:
    code, error = detail.get("code"), detail.get("error")
    is_bad = error is not None or not isinstance(code, int) or code >= FAILURE
    told = "failed" if code is None else str(code)
    beneath = [f"{detail.get('method', '')} {detail.get('url', '')}"]
    if error is not None:
        beneath.append(str(error))
    parameters = detail.get("parameters")
    if isinstance(parameters, Mapping):
        beneath.append(_parameters(parameters))
    return _Made(
        label=f"{told} {detail.get('purpose', 'webhook')}, {_milliseconds(detail.get('milliseconds'))}",
        tone=Tone.BAD if is_bad else Tone.WEBHOOK,
        target=APPLICATION,
        beneath=tuple(line for line in beneath if line),
    )


def _parameters(parameters: Mapping[Any, Any]) -> str:
    """Those that say something here, each cut short."""
    told = {str(name): str(value) for name, value in parameters.items() if str(name) not in FAMILIAR and value}
    return " ".join(f"{printable(name, 60)}={printable(value, LONGEST_PARAMETER)}" for name, value in told.items())


def _milliseconds(value: object) -> str:
    return f"{value:.0f} ms" if isinstance(value, int | float) and abs(value) < FOREVER else "? ms"


def _status(entry: TimelineEntry) -> _Made:
    detail = entry.detail
    status = str(detail.get("status", entry.summary))
    tones = {"completed": Tone.GOOD, "in-progress": Tone.GOOD}
    bad = {"busy", "no-answer", "failed", "canceled"}
    told = _ending(detail)
    told += [f"error {detail['error_code']}"] if detail.get("error_code") else []
    tone = Tone.BAD if status in bad else tones.get(status, Tone.PLAIN)
    return _Made(label=f"status {status}{' (' + ', '.join(told) + ')' if told else ''}", tone=tone)


def _ending(detail: Mapping[str, Any]) -> list[str]:
    """The sentence on how the call ended; entries of earlier versions have its parts alone."""
    if detail.get("told"):
        return [str(detail["told"])]
    told = [f"ended by {detail['ended_by']}"] if detail.get("ended_by") else []
    told += [f"SIP {detail['sip_response_code']}"] if detail.get("sip_response_code") else []
    told += [f"{detail['duration']} s"] if detail.get("duration") is not None else []
    return told


def _limited(lines: tuple[str, ...]) -> tuple[str, ...]:
    shown = tuple(printable(line) for line in lines[:MOST_BENEATH])
    return shown if len(lines) <= MOST_BENEATH else (*shown, f"and {len(lines) - MOST_BENEATH} more")
