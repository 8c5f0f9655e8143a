"""Writes docs/reference/cli.md from the program itself; `--check` only tells whether it is stale."""

from pathlib import Path
from typing import Any

import typer.main
from generated import settle

from offhook.server.cli import make_app

TARGET = Path(__file__).parent.parent / "docs" / "reference" / "cli.md"

HEAD = """# The program

Generated from `src/offhook/server/cli.py` by `tools/generate_cli_reference.py`: change the commands, not this page.

Every command has `--help`. Results go to standard output, complaints to standard error, in one sentence.
Exit codes: 0 done, 1 failed with a sentence that says why, 2 wrong usage, 130 stopped with Ctrl-C.
"""


def main() -> None:
    """Write or check."""
    root: Any = typer.main.get_command(make_app())
    settle(TARGET, "\n".join([HEAD, *(_command(name, command) for name, command in root.commands.items())]))


def _command(name: str, command: Any) -> str:
    lines = [f"## `offhook {name}`", "", " ".join(str(command.help).split()), ""]
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    if rows:
        lines += ["| argument or option | meaning | default |", "|---|---|---|", *rows, ""]
    example = str(command.epilog or "").removeprefix("Example: ")
    return "\n".join([*lines, "```sh", example, "```", ""])


def _row(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    shown = (
        ", ".join(f"`{text}`" for text in parameter.opts)
        if is_option
        else f"`{parameter.metavar or parameter.name.upper()}`"
    )
    metavar = f" `{parameter.metavar}`" if is_option and parameter.metavar else ""
    text = str(parameter.help or "").replace("|", "\\|")
    return f"| {shown}{metavar.replace('|', chr(92) + '|')} | {text} | {_default(parameter)} |"


def _default(parameter: Any) -> str:
    value = parameter.default
    if parameter.required:
        return "must be given"
    if isinstance(value, bool) or value is None or callable(value) or value == "":
        return ""
    return f"`{getattr(value, 'value', value)}`"


if __name__ == "__main__":
    main()
