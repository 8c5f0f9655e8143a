"""The program as a whole: help, version, failures in one sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from offhook.server.cli import COMMANDS

pytest_plugins = ["cli_fixtures"]

Program = Callable[..., Result]


def test_without_a_command_the_commands_are_listed(offhook: Program) -> None:
    """Whoever types the name alone learns what there is."""
    listed = offhook().output
    assert all(name in listed for name in ("serve", "call", "calls", "show", "edges", "check", "doctor"))


@pytest.mark.parametrize("name", [name for name, _, _ in COMMANDS])
def test_every_command_has_help_with_an_example(offhook: Program, name: str) -> None:
    """--help succeeds, and its example is a command line of this command."""
    found = offhook(name, "--help")
    assert found.exit_code == 0
    assert f"Example: offhook {name}" in found.output


def test_the_version_is_printed(offhook: Program) -> None:
    """--version says which one this is."""
    assert offhook("--version").output.startswith("offhook 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--config", "none.toml"),
        ("edges", "--config", "none.toml"),
        ("calls",),
        ("show", "CA" + "0" * 32),
        ("call", "sip:a@b", "--from", "a"),
        ("call", "sip:a@b", "--from", "a", "--url", "http://x/", "--twiml", "<Response/>"),
        ("call", "sip:a@b", "--from", "a", "--twiml", "@none.xml"),
        ("show", "CA1"),
        ("check", "none.xml"),
    ],
)
def test_failures_are_one_sentence(offhook: Program, arguments: tuple[str, ...]) -> None:
    """What goes wrong is told on standard error in one line, with exit code 1 and no trace."""
    found = offhook(*arguments)
    assert found.exit_code == 1
    assert found.stderr.startswith("offhook: ")
    assert found.stderr.count("\n") == 1
    assert "Traceback" not in found.output


def test_a_failure_cannot_steer_the_terminal(offhook: Program, folder: Path) -> None:
    """Text from a file that stands in a message is shown as its escape."""
    path = folder / "bad.toml"
    path.write_text('[http]\nlisten = "\\u001b[2J:1"\n', encoding="utf-8")
    found = offhook("edges", "--config", path)
    assert found.exit_code == 1
    assert "\x1b" not in found.stderr
    assert "line 2" in found.stderr
