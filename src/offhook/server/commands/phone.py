"""`offhook phone`: a SIP telephone for the terminal."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
import uvloop

from offhook.audio.errors import AudioError
from offhook.audio.files import decode
from offhook.audio.tones import tone
from offhook.server.addresses import split_address
from offhook.server.commands.errors import CommandFailed
from offhook.server.commands.terminal import say
from offhook.testing.handset import Script
from offhook.testing.phone import Phone, PhoneEvent
from offhook.testing.phone_call import Behaviour

EXAMPLE = "Example: offhook phone --listen 127.0.0.1:5090 --play tone:440 --hangup-after 5 --log phone.jsonl"

TONE = re.compile(r"tone:([0-9]{2,4})")
TONE_DBFS = -12.0
HIGHEST_HZ = 3400
KEYS = re.compile(r"[0-9A-D#*wW]*")

ListenOption = Annotated[str, typer.Option("--listen", metavar="HOST:PORT", help="Where it takes calls; UDP and TCP.")]
AnswerOption = Annotated[
    float, typer.Option("--answer", metavar="SECONDS", min=0, help="Answer after ringing so long.")
]
RefuseOption = Annotated[
    int | None, typer.Option("--refuse", metavar="CODE", min=300, max=699, help="Refuse instead, with this SIP code.")
]
ForeverOption = Annotated[bool, typer.Option("--ring-forever", help="Ring instead, until the caller gives up.")]
PlayOption = Annotated[
    str | None, typer.Option("--play", metavar="tone:HZ|FILE", help="A tone for ever, or an audio file once.")
]
EchoOption = Annotated[bool, typer.Option("--echo", help="Send back what is heard.")]
PressOption = Annotated[str, typer.Option("--press", metavar="KEYS", help="Keys to press; w is 0.5 s, W is 1 s.")]
HangupOption = Annotated[
    float | None, typer.Option("--hangup-after", metavar="SECONDS", min=0, help="Hang up so long after the answer.")
]
AddOption = Annotated[
    list[str] | None,
    typer.Option("--answer-header", metavar="NAME:VALUE", help="A header of the 200; may be repeated."),
]
CallOption = Annotated[str | None, typer.Option("--call", metavar="URI", help="Place a call, and end with it.")]
FromOption = Annotated[str, typer.Option("--from", metavar="USER", help="Who --call says is calling.")]
CountOption = Annotated[int | None, typer.Option("--calls", min=1, help="End after so many calls.")]
HeadersOption = Annotated[bool, typer.Option("--headers", help="Show the headers of messages.")]
TraceOption = Annotated[bool, typer.Option("--trace", help="Show every SIP message.")]
LogOption = Annotated[Path | None, typer.Option("--log", metavar="FILE", help="Write every event as a line of JSON.")]


def phone(  # noqa: PLR0913 - one parameter for each option
    *,
    listen: ListenOption = "127.0.0.1:5090",
    answer: AnswerOption = 0.0,
    refuse: RefuseOption = None,
    ring_forever: ForeverOption = False,
    play: PlayOption = None,
    echo: EchoOption = False,
    press: PressOption = "",
    hangup_after: HangupOption = None,
    answer_header: AddOption = None,
    call: CallOption = None,
    from_: FromOption = "phone",
    calls: CountOption = None,
    headers: HeadersOption = False,
    trace: TraceOption = False,
    log: LogOption = None,
) -> None:
    """Take calls until Ctrl-C and tell what arrives: headers, keys, and what is heard. It does not register yet."""
    address = split_address(listen)
    if address is None or not _is_reachable(address[0]):
        raise CommandFailed(f"--listen {listen}: give an address that callers reach and a port, as in 127.0.0.1:5090")
    behaviour = Behaviour(
        ring=answer,
        rings_for_ever=ring_forever,
        refuse_with=refuse,
        answer_headers=tuple(_header(text) for text in answer_header or ()),
        script=_script(play, press, echoes=echo),
        hang_up_after=hangup_after,
        calls=1 if call else calls,
    )
    with _opened(log) as file:
        telephone = Phone(address, behaviour, Teller(file, shows_headers=headers), _say_message if trace else None)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(telephone.run(call, from_))


def _say_message(text: str) -> None:
    for line in text.splitlines():
        say(f"    | {line}")


def _is_reachable(host: str) -> bool:
    """Whether it is an address that can stand in a Contact and in SDP."""
    try:
        return not ip_address(host).is_unspecified
    except ValueError:
        return False


def _script(play: str | None, press: str, *, echoes: bool) -> Script:
    if not KEYS.fullmatch(press):
        raise CommandFailed(f"--press {press}: give keys of 0-9 A-D # *, w and W")
    if play is None:
        return Script(keys=press, echoes=echoes)
    if echoes:
        raise CommandFailed("--play and --echo do not go together: choose one")
    wanted = TONE.fullmatch(play)
    if wanted is None:
        return Script(samples=_file(Path(play)), keys=press)
    if int(wanted[1]) > HIGHEST_HZ:
        raise CommandFailed(f"--play {play}: a telephone carries tones up to {HIGHEST_HZ} Hz")
    # One second holds a whole number of periods, so that it can be repeated without a step.
    return Script(samples=tone((float(wanted[1]),), 1.0, level_dbfs=TONE_DBFS), is_endless=True, keys=press)


def _file(path: Path) -> bytes:
    try:
        samples, _ = decode(path.read_bytes(), "")
    except (OSError, AudioError) as error:
        raise CommandFailed(f"--play {path}: {error}: give tone:440 or a WAV, MP3 or FLAC file") from error
    return samples


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise CommandFailed(f"--answer-header {text}: write it as NAME:VALUE")
    return name.strip(), value.strip()


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise CommandFailed(f"--log {path} cannot be written ({error.strerror}): name another file") from error
    with file:
        yield file


class Teller:
    """Prints events for people and writes them for programs."""

    def __init__(self, file: TextIO | None, *, shows_headers: bool) -> None:
        self._file = file
        self._shows_headers = shows_headers

    def __call__(self, event: PhoneEvent) -> None:
        """Take one event."""
        if self._file is not None:
            line = {"at": event.at.isoformat(), "call": event.call, "event": event.event, **event.detail}
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        say(self._sentence(event))
        if self._shows_headers:
            for name, value in event.detail.get("headers", ()):
                say(f"    {name}: {value}")

    @staticmethod
    def _sentence(event: PhoneEvent) -> str:
        told = " ".join(f"{name}={_shown(value)}" for name, value in event.detail.items() if name != "headers")
        number = f"call {event.call}" if event.call else "phone"
        return f"{event.at:%H:%M:%S}.{event.at.microsecond // 1000:03}  {number:8}  {event.event:9}  {told}".rstrip()


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
