"""`offhook show`: one call, with the calls it made, as a ladder."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from offhook.model.sids import CALL, CallSid, is_sid
from offhook.model.timeline import TimelineEntry
from offhook.server.commands.api import Call, family, open_api, run
from offhook.server.commands.errors import CommandFailed
from offhook.server.commands.ladders import LadderPrinter, print_family, sentences
from offhook.server.commands.options import ConfigOption, JsonOption, PlainOption
from offhook.server.commands.terminal import OUT

EXAMPLE = "Example: offhook show CA0123456789abcdef0123456789abcdef"

Timelines = dict[CallSid, list[TimelineEntry]]
SidArgument = Annotated[str, typer.Argument(metavar="CA…", help="The call; `offhook calls` lists them.")]


def show(
    sid: SidArgument, *, config: ConfigOption = None, as_json: JsonOption = False, plain: PlainOption = False
) -> None:
    """Print a call's ladder."""
    if not is_sid(sid, CALL):
        raise CommandFailed(f"{sid!r} is no call SID: it is CA and 32 hexadecimal digits, see `offhook calls`")
    calls, timelines = run(_fetch(config, sid))
    if as_json:
        OUT.out(json.dumps(_values(calls, timelines), indent=2), highlight=False)
        return
    entries = [entry for timeline in timelines.values() for entry in timeline]
    print_family(calls, sentences(entries))
    printer = LadderPrinter(OUT, is_plain=plain)
    # The call that was asked for comes first, so that the calls it made bear the letters of the list above.
    printer.introduce(call.sid for call in calls)
    printer.print_whole(entries)


async def _fetch(config: Path | None, sid: str) -> tuple[Sequence[Call], Timelines]:
    async with open_api(config) as api:
        calls = await family(api, sid)
        return calls, {call.sid: await api.timeline(call.sid) for call in calls}


def _values(calls: Sequence[Call], timelines: Timelines) -> Any:
    """The calls with their timelines, as JSON values."""
    return {
        "calls": [{**msgspec.to_builtins(call), "timeline": msgspec.to_builtins(timelines[call.sid])} for call in calls]
    }
