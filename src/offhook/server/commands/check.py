"""`offhook check`: what the platform would say about a TwiML document."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from offhook.server.commands.errors import CommandFailed
from offhook.server.commands.terminal import say
from offhook.twiml.report import Finding, report

EXAMPLE = "Example: offhook check answer.xml"

STYLES = {"error": "red", "warning": "yellow"}
LARGEST = 4_000_000  # bytes; far beyond what any answer may have

FileArgument = Annotated[Path, typer.Argument(metavar="FILE.xml", help="The document; - reads standard input.")]


def check(file: FileArgument) -> None:
    """Read a TwiML document as the platform would; exit code 1 when it has errors."""
    found = report(_read(file))
    for finding in found.findings:
        say(f"{file}:{finding}", STYLES.get(finding.level, ""))
    say(_verdict(str(file), found.findings), "red" if found.has_errors else "green")
    if found.has_errors:
        raise typer.Exit(1)


def _read(file: Path) -> bytes:
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(LARGEST)
        with file.open("rb") as document:
            return document.read(LARGEST)
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read ({error.strerror}): name a file that can") from error


def _verdict(file: str, findings: tuple[Finding, ...]) -> str:
    errors = sum(finding.level == "error" for finding in findings)
    warnings = len(findings) - errors
    return f"{file}: {_count(errors, 'error')}, {_count(warnings, 'warning')}"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
