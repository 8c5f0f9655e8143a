"""`offhook check`: findings by line and column."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

pytest_plugins = ["cli_fixtures"]

Program = Callable[..., Result]


@pytest.mark.parametrize(
    ("body", "code", "verdict"),
    [
        ("<Response><Say>Hello</Say></Response>", 0, "no errors, no warnings"),
        ("<Response><Foo/><Say>Hello</Say></Response>", 0, "no errors, 1 warning"),
        ("<Response><Say>Hello</Response>", 1, "1 error, no warnings"),
        ("", 1, "1 error, no warnings"),
    ],
)
def test_the_verdict_and_the_exit_code(offhook: Program, folder: Path, body: str, code: int, verdict: str) -> None:
    """Warnings are told and forgiven, errors are not."""
    (folder / "a.xml").write_text(body, encoding="utf-8")
    found = offhook("check", "a.xml")
    assert found.exit_code == code
    assert found.output.splitlines()[-1] == f"a.xml: {verdict}"


def test_a_finding_names_its_place(offhook: Program, folder: Path) -> None:
    """File, line and column stand first, as editors read them."""
    (folder / "a.xml").write_text("<Response>\n  <Foo/>\n</Response>", encoding="utf-8")
    assert offhook("check", "a.xml").output.startswith("a.xml:2:3: warning 12200:")


def test_standard_input_is_read(offhook: Program) -> None:
    """A dash stands for what is piped in."""
    found = offhook("check", "-", text="<Response><Hangup/></Response>")
    assert found.output == "-: no errors, no warnings\n"


def test_a_hostile_document_is_shown_as_text(offhook: Program, folder: Path) -> None:
    """Control characters and markup of a document do not reach the terminal."""
    (folder / "a.xml").write_bytes("<Response><Play>ftp://\x9b2J\u202e[red]x</Play></Response>".encode())
    found = offhook("check", "a.xml")
    assert found.exit_code == 1
    assert "[red]" in found.output
    assert not {"\x9b", "\u202e"} & set(found.output)
