"""The program `offhook`: its commands, and how their failures are told."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from offhook.base.errors import OffhookError
from offhook.server.commands import call, calls, check, doctor, edges, phone, serve, show
from offhook.server.commands.terminal import complain, say

INTERRUPTED = 130  # what a shell reports of a program that SIGINT ended


class Commands(TyperGroup):
    """Turns every failure that we foresee into one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except OffhookError as error:
            complain(error)
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _print_version(is_wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if is_wanted:
        say(f"offhook {version('offhook')}")
        raise typer.Exit


def root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Programmable voice that you run yourself: TwiML over HTTP in, SIP calls out."""


COMMANDS: tuple[tuple[str, Callable[..., None], str], ...] = (
    ("serve", serve.serve, serve.EXAMPLE),
    ("call", call.call, call.EXAMPLE),
    ("calls", calls.calls, calls.EXAMPLE),
    ("show", show.show, show.EXAMPLE),
    ("phone", phone.phone, phone.EXAMPLE),
    ("check", check.check, check.EXAMPLE),
    ("edges", edges.edges, edges.EXAMPLE),
    ("doctor", doctor.doctor, doctor.EXAMPLE),
)


def make_app() -> typer.Typer:
    """The application with all its commands."""
    made = typer.Typer(
        cls=Commands,
        callback=root,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name, command, example in COMMANDS:
        made.command(name, epilog=example)(command)
    return made


app = make_app()


def main() -> None:
    """The console script."""
    app()
