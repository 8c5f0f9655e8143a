"""`offhook calls`: the call log."""

import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from offhook.server.commands.api import Call, open_api, run
from offhook.server.commands.options import ConfigOption, JsonOption
from offhook.server.commands.terminal import OUT, say
from offhook.telemetry.printable import printable

EXAMPLE = "Example: offhook calls --status busy --limit 10"

COLUMNS = ("call", "began (UTC)", "direction", "from", "to", "status", "seconds")
LEFT_OUT = ("began (UTC)", "direction")  # on a terminal that has no room for them
ROOMY = 120
UNBOUNDED = 400
STYLES = {"completed": "green", "busy": "yellow", "no-answer": "yellow", "canceled": "yellow", "failed": "red"}

StatusOption = Annotated[str | None, typer.Option(help="Only calls of this status, such as completed or busy.")]
ToOption = Annotated[str | None, typer.Option(help="Only calls to this number or SIP URI.")]
FromOption = Annotated[str | None, typer.Option("--from", help="Only calls from this number or SIP URI.")]
ParentOption = Annotated[str | None, typer.Option(metavar="CA…", help="Only calls that this call made.")]
LimitOption = Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")]


def calls(  # noqa: PLR0913 - one parameter for each option
    *,
    config: ConfigOption = None,
    status: StatusOption = None,
    to: ToOption = None,
    from_: FromOption = None,
    parent: ParentOption = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """List the calls, newest first."""
    asked = {"Status": status, "To": to, "From": from_, "ParentCallSid": parent}
    found = run(_fetch(config, {name: value for name, value in asked.items() if value}, limit))
    if as_json:
        OUT.out(json.dumps(msgspec.to_builtins(found), indent=2), highlight=False)
    elif found:
        # What reads a pipe gets every value whole.
        console = OUT if OUT.is_terminal else Console(width=UNBOUNDED, highlight=False)
        console.print(table(found, console.width))
    else:
        say("no calls")


async def _fetch(config: Path | None, filters: dict[str, str], limit: int) -> list[Call]:
    async with open_api(config) as api:
        return await api.calls(filters, limit)


def table(found: Sequence[Call], width: int) -> Table:
    """The calls as a table; what stands in it comes from outside and is shown as text."""
    shown = [name for name in COLUMNS if width >= ROOMY or name not in LEFT_OUT]
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in shown:
        justify: JustifyMethod = "right" if name == "seconds" else "left"
        # The parties give way where room is short; a URI has no space to be wrapped at.
        made.add_column(name, no_wrap=name not in {"from", "to"}, overflow="ellipsis", justify=justify)
    for call in found:
        cells = {
            "call": call.sid,
            "began (UTC)": moment(call.start_time or call.date_created),
            "direction": call.direction,
            "from": call.from_,
            "to": call.to,
            "status": call.status,
            "seconds": call.duration or "",
        }
        styles = {"status": STYLES.get(call.status, "")}
        made.add_row(*(Text(printable(cells[name]), style=styles.get(name, "")) for name in shown))
    return made


def moment(text: str | None) -> str:
    """`2026-03-01 12:00:05` of a date as the API writes it; what cannot be read stays as it is."""
    if not text:
        return ""
    try:
        parsed: datetime = parsedate_to_datetime(text)
    except ValueError:
        return text
    return f"{parsed:%Y-%m-%d %H:%M:%S}"
