"""A platform for commands to talk to: the real REST face over records in memory, on a loopback port, in a thread."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from msgspec.structs import replace

from offhook.calls.errors import CallRefused
from offhook.calls.exchange import PlaceCall
from offhook.model.call import CallRecord, CallStatus, Direction
from offhook.model.sids import AccountSid, CallSid
from offhook.model.timeline import Kind, TimelineEntry
from offhook.net.recording_files import RecordingFolder
from offhook.rest.app import make_app, make_runner
from offhook.rest.world import RestWorld
from offhook.testing.conferences import MemoryConferences
from offhook.testing.provisioned import MemoryProvisioned
from offhook.testing.records import MemoryStore, MemoryTimeline
from offhook.testing.transcripts import MemoryTranscripts

ACCOUNT = AccountSid("AC" + "1" * 32)
TOKEN = "the-token-of-the-tests"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONFIG = """\
[http]
listen = "127.0.0.1:{port}"
[[account]]
sid = "{account}"
auth_token = "{token}"
[[edge]]
name = "ashburn"
sip = "127.0.0.1:{sip}"
"""


def sid(number: int) -> CallSid:
    """The SID of a call by its number."""
    return CallSid(f"CA{number:032x}")


def record(number: int, **changes: Any) -> CallRecord:
    """A completed call."""
    made = CallRecord(
        sid=sid(number),
        account_sid=ACCOUNT,
        direction=Direction.OUTBOUND_API,
        to="sip:kate@example.com",
        from_="alice",
        status=CallStatus.COMPLETED,
        date_created=NOON,
        date_updated=NOON,
        start_time=NOON,
        duration=4,
    )
    return replace(made, **changes)


def entry(number: int, ms: int, kind: Kind, summary: str, **detail: Any) -> TimelineEntry:
    """One entry of the call with this number."""
    at = NOON + timedelta(milliseconds=ms)
    return TimelineEntry(at=at, kind=kind, summary=summary, call_sid=sid(number), detail=detail)


class SteppingStore(MemoryStore):
    """Records in memory; each time that a timeline is read, the next step of the script is done before."""

    def __init__(self) -> None:
        super().__init__()
        self.script: deque[Callable[[], None]] = deque()

    async def timeline(self, call_sid: CallSid) -> Sequence[TimelineEntry]:
        """A call's entries in order, after the next step."""
        if self.script:
            self.script.popleft()()
        return await super().timeline(call_sid)


class CountedTokens:
    """SIDs that count."""

    def __init__(self) -> None:
        self.count = 0

    def sid(self, prefix: str) -> str:
        """The next SID."""
        self.count += 1
        return f"{prefix}{self.count:032x}"


class NoonClock:
    """It is noon."""

    def now(self) -> datetime:
        """Noon."""
        return NOON


@dataclass
class Exchange:
    """Writes down what was ordered; the call is in progress at once."""

    store: SteppingStore
    orders: list[PlaceCall] = field(default_factory=list)
    refusal: CallRefused | None = None

    async def place(self, order: PlaceCall) -> CallRecord:
        """Call number 1."""
        if self.refusal is not None:
            raise self.refusal
        self.orders.append(order)
        made = record(1, to=order.to, from_=order.from_, status=CallStatus.IN_PROGRESS, duration=None)
        await self.store.create_call(made)
        return made

    async def redirect(self, *_: Any, **__: Any) -> Any:
        """No command asks for this."""
        raise NotImplementedError

    hang_up = cancel = change_settings = transcribe = transcription = stream = find_stream = redirect
    begin_recording = find_recording = redirect


@dataclass(kw_only=True)
class Running:
    """The platform while it runs; `config` is the file to give to commands."""

    store: SteppingStore
    exchange: Exchange
    config: Path
    port: int

    def end(self, number: int = 1, status: CallStatus = CallStatus.COMPLETED) -> None:
        """Let a call come to its end."""
        self.store.save_call(replace(self.store.record(sid(number)), status=status, duration=2))


def write_config(folder: Path, port: int, **changes: str) -> Path:
    """A configuration file."""
    path = folder / "offhook.toml"
    values = {"account": ACCOUNT, "token": TOKEN, "sip": "15060", **changes}
    path.write_text(CONFIG.format(port=port, **values), encoding="utf-8")
    return path


@contextmanager
def served(app: web.Application) -> Iterator[int]:
    """Serve an application in a thread of its own; its port."""
    loop = asyncio.new_event_loop()
    runner = make_runner(app)

    async def begin() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return int(runner.addresses[0][1])

    port = loop.run_until_complete(begin())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(runner.cleanup())
        loop.close()


@contextmanager
def running_platform(folder: Path) -> Iterator[Running]:
    """A platform with no calls yet."""
    store = SteppingStore()
    exchange = Exchange(store)
    world = RestWorld(
        exchange=exchange,
        store=store,
        transcripts=MemoryTranscripts(),
        conferences=MemoryConferences(),
        recordings=RecordingFolder(folder / "recordings"),
        accounts={ACCOUNT: TOKEN},
        clock=NoonClock(),
        tokens=CountedTokens(),
        timeline=MemoryTimeline(),
        provisioned=MemoryProvisioned(),
    )
    with served(make_app(world)) as port:
        yield Running(store=store, exchange=exchange, config=write_config(folder, port), port=port)
