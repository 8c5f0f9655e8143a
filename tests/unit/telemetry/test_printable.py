"""Text from outside never steers a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.telemetry.printable import ascii_only, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("kate", "kate"),
        ("Käthe 日本", "Käthe 日本"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x9b2J", r"\x9b2J"),
        ("abc\u202egnp", r"abc\u202egnp"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\ud800", r"\ud800"),
        ("[red]markup[/red]", "[red]markup[/red]"),
    ],
)
def test_what_cannot_be_printed_is_shown_as_its_escape(text: str, shown: str) -> None:
    """Escapes, line ends, bidirectional and invisible marks become visible; markup and letters stay."""
    assert printable(text) == shown


def test_long_text_is_cut() -> None:
    """A value has at most as many characters as asked for before it is escaped; dots say that there was more."""
    assert printable("x" * 5000, 10) == "xxxxxxxxx…"
    assert len(printable("x" * 5000)) == 2000


def test_values_that_are_no_text_are_shown_as_text() -> None:
    """Numbers, None and errors print as themselves."""
    assert (printable(7), printable(None), printable(ValueError("no\nway"))) == ("7", "None", r"no\nway")


@given(st.text())
def test_any_text_becomes_one_printable_line(text: str) -> None:
    """Whatever comes in, nothing that comes out is a control character or a line end."""
    assert printable(text).isprintable()
    assert ascii_only(printable(text)).isascii()


def test_ascii_keeps_what_is_ascii() -> None:
    """Other characters are escaped, the ellipsis is three dots."""
    assert ascii_only("Käthe…") == "K\\xe4the..."
