"""How commands print a ladder: in colour, or plain when asked for or when the terminal cannot show more."""

from collections.abc import Iterable, Mapping

from rich.console import Console

from offhook.model.sids import CallSid
from offhook.model.timeline import Kind, TimelineEntry
from offhook.server.commands.api import Call
from offhook.server.commands.terminal import say
from offhook.telemetry.ladder import Ladder
from offhook.telemetry.ladder_lines import ASCII, UNICODE, Drawing, Line, to_plain, to_text
from offhook.telemetry.printable import printable

LONGEST_SENTENCE = 600


class LadderPrinter:
    """Prints rows as they come, and the heading again whenever a column is added."""

    def __init__(self, console: Console, *, is_plain: bool) -> None:
        self._console = console
        self._is_plain = is_plain or not console.encoding.lower().startswith("utf")
        self._ladder = Ladder()
        glyphs = ASCII if self._is_plain else UNICODE
        self._drawing = Drawing(self._ladder, console.width, glyphs)
        self._columns = 0

    def introduce(self, call_sids: Iterable[CallSid]) -> None:
        """Let the calls be counted in this order, whichever acts first."""
        self._ladder.calls.extend(sid for sid in call_sids if sid not in self._ladder.calls)

    def print_whole(self, entries: Iterable[TimelineEntry]) -> None:
        """Print entries with the columns of them all from the start."""
        rows = self._ladder.add_all(entries)
        self._print_heading()
        for row in rows:
            self._print(self._drawing.lines(row))

    def print_next(self, entries: Iterable[TimelineEntry]) -> None:
        """Print entries that have come since."""
        for entry in sorted(entries, key=lambda entry: entry.at):
            row = self._ladder.add(entry)
            if len(self._ladder.columns) != self._columns:
                self._print_heading()
            self._print(self._drawing.lines(row))

    def _print_heading(self) -> None:
        self._columns = len(self._ladder.columns)
        self._print(self._drawing.heading())

    def _print(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if self._is_plain:
                self._console.out(to_plain(line), highlight=False)
            else:
                self._console.print(to_text(line), soft_wrap=True)


def sentences(entries: Iterable[TimelineEntry]) -> dict[CallSid, str]:
    """How each call that is over ended, in words, as its timeline has it."""
    return {
        entry.call_sid: str(entry.detail["told"])
        for entry in entries
        if entry.call_sid is not None and entry.kind is Kind.STATUS and entry.detail.get("told")
    }


def print_family(calls: Iterable[Call], endings: Mapping[CallSid, str]) -> None:
    """One line for each call of a ladder, with the letter that marks its rows, and one on how it ended."""
    for number, call in enumerate(calls):
        mark = "" if number == 0 else f"{chr(ord('a') + min(number, 26) - 1)}  "
        duration = f", {call.duration} s" if call.duration else ""
        say(f"{mark}{call.sid}  {call.direction}  {call.from_} to {call.to}  {call.status}{duration}")
        if call.sid in endings:
            say(f"{' ' * len(mark)}{printable(endings[call.sid], LONGEST_SENTENCE)}")
