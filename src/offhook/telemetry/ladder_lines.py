"""Draws a ladder's rows: lines of a given width, as spans of text with a tone, for Rich or as plain ASCII."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from offhook.telemetry.ladder import APPLICATION, OFFHOOK, Ladder, Row, Tone
from offhook.telemetry.printable import ascii_only

GUTTER = 10  # cells for the time
NARROWEST = 60  # cells; a narrower terminal folds the lines itself
SMALLEST_GAP = 14  # cells between two columns; what does not fit shares the last
LARGEST_GAP = 48
MOST_LINES = 6  # of one header or one list of parameters

Span = tuple[str, Tone]
Line = tuple[Span, ...]

STYLES = {
    Tone.PLAIN: "",
    Tone.QUIET: "dim",
    Tone.GOOD: "green",
    Tone.WARNING: "yellow",
    Tone.BAD: "bold red",
    Tone.WEBHOOK: "magenta",
    Tone.VERB: "bold",
    Tone.DIGIT: "cyan",
    Tone.MEDIA: "blue",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """What lines and arrows are made of, each one cell wide, and how text is brought into that character set."""

    bar: str
    dash: str
    left: str
    right: str
    is_ascii: bool

    def text(self, text: str) -> str:
        """The text in these characters."""
        return ascii_only(text) if self.is_ascii else text


UNICODE = Glyphs(bar="│", dash="─", left="◀", right="▶", is_ascii=False)
ASCII = Glyphs(bar="|", dash="-", left="<", right=">", is_ascii=True)


class Drawing:
    """Lines of `width` cells for the rows of one ladder, whose columns may still grow between two rows."""

    def __init__(self, ladder: Ladder, width: int, glyphs: Glyphs = UNICODE) -> None:
        self._ladder = ladder
        self._width = max(width, NARROWEST)
        self._glyphs = glyphs

    def heading(self) -> list[Line]:
        """The names of the columns, each above its own."""
        lanes, line = self._lanes(), " " * GUTTER
        names = self._ladder.columns[: len(lanes)]
        if len(lanes) < len(self._ladder.columns):
            names[-1] = "other peers"
        for position, name in zip(lanes, names, strict=True):
            told = self._cut(name, min(self._gap() - 1, self._width - cell_len(line)))
            begin = max(cell_len(line), min(position - cell_len(told) // 2, self._width - cell_len(told)))
            line += " " * (begin - cell_len(line)) + told + " "
        return [((line.rstrip(), Tone.VERB),)]

    def lines(self, row: Row) -> list[Line]:
        """The row itself, and what stands beneath it."""
        time = (f"{row.after:8.3f}{self._mark(row.call)} ", Tone.QUIET)
        first = self._note(row) if row.target is None else self._arrow(row, row.target)
        return [(time, *first), *self._beneath(row)]

    # --- where things stand ---------------------------------------------------------------------------------------

    def _gap(self) -> int:
        count = len(self._ladder.columns)
        room = self._width - GUTTER - SMALLEST_GAP // 2
        return max(SMALLEST_GAP, min(room // max(2, count - 1), LARGEST_GAP))

    def _lanes(self) -> list[int]:
        """The cell of each column that there is room for."""
        gap = self._gap()
        begin = GUTTER + 2
        fitting = 1 + (self._width - begin - 2) // gap
        return [begin + gap * column for column in range(min(len(self._ladder.columns), max(3, fitting)))]

    def _lane(self, column: int) -> int:
        lanes = self._lanes()
        return lanes[min(column, len(lanes) - 1)]

    def _bars(self, begin: int, end: int) -> Span:
        """The columns' lines in the cells from `begin` to before `end`."""
        cells = [" "] * max(0, end - begin)
        for lane in self._lanes():
            if begin <= lane < end:
                cells[lane - begin] = self._glyphs.bar
        return "".join(cells), Tone.QUIET

    def _mark(self, call: int) -> str:
        return " " if call == 0 else chr(ord("a") + min(call, 26) - 1)

    # --- what is drawn --------------------------------------------------------------------------------------------

    def _arrow(self, row: Row, target: int) -> list[Span]:
        left, right = sorted((self._lane(row.source), self._lane(target)))
        glyphs, room = self._glyphs, right - left - 1
        goes_right = self._lane(target) == right
        label = f" {self._cut(row.label, room - 4)} "
        dashes = room - cell_len(label) - 1
        before, after = glyphs.dash * (dashes // 2), glyphs.dash * (dashes - dashes // 2)
        shaft = f"{before}{label}{after}"
        drawn = f"{shaft}{glyphs.right}" if goes_right else f"{glyphs.left}{shaft}"
        return [self._bars(GUTTER, left + 1), (drawn, row.tone), self._bars(right, self._lanes()[-1] + 1)]

    def _note(self, row: Row) -> list[Span]:
        begin = self._lane(OFFHOOK) + 2
        return self._at(begin, self._cut(row.label, self._width - begin), row.tone)

    def _at(self, begin: int, text: str, tone: Tone) -> list[Span]:
        end = begin + cell_len(text) + 1
        return [self._bars(GUTTER, begin), (f"{text} ", tone), self._bars(end, self._lanes()[-1] + 1)]

    def _beneath(self, row: Row) -> Iterator[Line]:
        begin = self._lane(APPLICATION if row.target == APPLICATION else OFFHOOK) + 4
        for paragraph in row.beneath:
            for text in _wrap(self._glyphs.text(paragraph), self._width - begin, self._glyphs):
                yield (" " * GUTTER, Tone.QUIET), *self._at(begin, text, Tone.QUIET)

    def _cut(self, text: str, room: int) -> str:
        """The text in at most `room` cells."""
        told = self._glyphs.text(text)
        if cell_len(told) <= room:
            return told
        dots = self._glyphs.text("…")
        return set_cell_size(told, max(0, room - len(dots))) + dots


def _wrap(text: str, room: int, glyphs: Glyphs) -> list[str]:
    """The text in lines of at most `room` cells, broken at spaces where there are any; a few lines, then dots."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < MOST_LINES:
        head = set_cell_size(rest, room).rstrip() if cell_len(rest) > room else rest
        space = head.rfind(" ")
        if cell_len(rest) > room and not rest[len(head) :].startswith(" ") and space > room // 2:
            head = head[:space]
        lines.append(head)
        rest = rest[len(head) :].lstrip()
        if not head:
            break
    if rest and lines:
        dots = glyphs.text("…")
        lines[-1] = set_cell_size(lines[-1], min(cell_len(lines[-1]), room - len(dots))) + dots
    return lines


def to_text(line: Line) -> Text:
    """A line for Rich; its text is text, whatever markup it may look like."""
    made = Text(no_wrap=True, overflow="ignore", end="")
    for text, tone in line:
        made.append(text, STYLES[tone] or None)
    made.rstrip()
    return made


def to_plain(line: Line) -> str:
    """A line as it is, without colour."""
    return "".join(text for text, _ in line).rstrip()


def draw(ladder: Ladder, rows: Sequence[Row], width: int, glyphs: Glyphs = UNICODE) -> list[Line]:
    """A whole ladder with its heading."""
    drawing = Drawing(ladder, width, glyphs)
    return [*drawing.heading(), *(line for row in rows for line in drawing.lines(row))]
