"""`offhook call`: places a call through the REST API and shows what happens as it happens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from offhook.model.call import CallStatus
from offhook.server.commands.api import Call, open_api, run
from offhook.server.commands.errors import CommandFailed
from offhook.server.commands.follow import Pace, follow
from offhook.server.commands.ladders import LadderPrinter
from offhook.server.commands.options import ConfigOption, PlainOption
from offhook.server.commands.terminal import OUT, say

EXAMPLE = "Example: offhook call sip:kate@127.0.0.1:5090 --from alice --twiml '<Response><Say>Hello</Say></Response>'"

PACE = Pace()

ToArgument = Annotated[str, typer.Argument(metavar="TO", help="A SIP URI, with ?X-Header=value, or a number.")]
FromOption = Annotated[str, typer.Option("--from", metavar="FROM", help="Who calls: a number or a SIP user name.")]
UrlOption = Annotated[str | None, typer.Option("--url", help="Where the call's document is fetched.")]
TwimlOption = Annotated[
    str | None, typer.Option("--twiml", metavar="TWIML|@FILE", help="The document itself, or the file it stands in.")
]
TimeoutOption = Annotated[int | None, typer.Option(min=1, max=600, help="How many seconds to let it ring.")]
DigitsOption = Annotated[str | None, typer.Option("--send-digits", help="Keys to press once it is answered.")]
DetachOption = Annotated[bool, typer.Option("--detach", help="Place it, print its SID, and do not follow it.")]


def call(  # noqa: PLR0913 - one parameter for each option
    to: ToArgument,
    *,
    from_: FromOption,
    url: UrlOption = None,
    twiml: TwimlOption = None,
    timeout: TimeoutOption = None,
    send_digits: DigitsOption = None,
    detach: DetachOption = False,
    config: ConfigOption = None,
    plain: PlainOption = False,
) -> None:
    """Place a call and follow it; exit code 1 when it is not completed."""
    if (url is None) == (twiml is None):
        raise CommandFailed("say what the call shall do: give either --url or --twiml")
    asked = {
        "To": to,
        "From": from_,
        "Url": url,
        "Twiml": _document(twiml),
        "Timeout": None if timeout is None else str(timeout),
        "SendDigits": send_digits,
    }
    parameters = {name: value for name, value in asked.items() if value is not None}
    if detach:
        say(run(_place(config, parameters)).sid)
        return
    ended = run(_follow(config, parameters, LadderPrinter(OUT, is_plain=plain)))
    if ended.status != CallStatus.COMPLETED.value:
        raise CommandFailed(f"the call ended {ended.status}: see `offhook show {ended.sid}`")


def _document(twiml: str | None) -> str | None:
    if twiml is None or not twiml.startswith("@"):
        return twiml
    try:
        return Path(twiml[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{twiml[1:]} cannot be read ({error}): name a file of TwiML") from error


async def _place(config: Path | None, parameters: Mapping[str, str]) -> Call:
    async with open_api(config) as api:
        return await api.place(parameters)


async def _follow(config: Path | None, parameters: Mapping[str, str], printer: LadderPrinter) -> Call:
    async with open_api(config) as api:
        placed = await api.place(parameters)
        say(f"{placed.sid}  {placed.from_} to {placed.to}")
        printer.introduce([placed.sid])
        return await follow(api, placed.sid, printer.print_next, PACE)
