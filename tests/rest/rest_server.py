"""What the tests of the API share: a server on a loopback port, a real store, an exchange that only writes records."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import aiohttp.web
from msgspec.structs import replace

from offhook.calls.errors import CallNotFound, CallRefused, IllegalCallState
from offhook.calls.exchange import PlaceCall
from offhook.calls.ports import ProgramStart
from offhook.calls.recording import Recording, RecordingOrder
from offhook.calls.stream import MediaStream, StreamOrder
from offhook.calls.transcription import Transcription, TranscriptionOrder
from offhook.model.call import CallRecord, CallStatus, Direction
from offhook.model.sids import AccountSid, CallSid
from offhook.model.timeline import TimelineEntry
from offhook.net.recording_files import RecordingFolder
from offhook.rest.app import make_app, make_runner
from offhook.rest.world import RestLimits, RestWorld
from offhook.store.sqlite import SqliteStore, open_store

ACCOUNT = AccountSid("AC" + "1" * 32)
OTHER_ACCOUNT = AccountSid("AC" + "2" * 32)
TOKEN = "0123456789abcdef"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SteppingClock:
    """Noon, and a second later each time."""

    def __init__(self) -> None:
        self.present = NOON

    def now(self) -> datetime:
        """The present; the next is a second later."""
        self.present += timedelta(seconds=1)
        return self.present


class CountedTokens:
    """SIDs that count."""

    def __init__(self) -> None:
        self.count = 0

    def sid(self, prefix: str) -> str:
        """The next SID."""
        self.count += 1
        return f"{prefix}{self.count:032x}"


@dataclass
class RecordingExchange:
    """Keeps what was ordered and writes the records that the real exchange would."""

    store: SqliteStore
    clock: SteppingClock = field(default_factory=SteppingClock)
    tokens: CountedTokens = field(default_factory=CountedTokens)
    orders: list[PlaceCall] = field(default_factory=list)
    commands: list[tuple[str, Any]] = field(default_factory=list)
    refusal: CallRefused | None = None
    transcriptions: list[Transcription] = field(default_factory=list)
    streams: list[MediaStream] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)

    async def place(self, order: PlaceCall) -> CallRecord:
        """Write a queued call."""
        if self.refusal is not None:
            raise self.refusal
        self.orders.append(order)
        now = self.clock.now()
        record = CallRecord(
            sid=CallSid(self.tokens.sid("CA")),
            account_sid=order.account_sid,
            direction=Direction.OUTBOUND_API,
            to=order.to,
            from_=order.from_,
            status=CallStatus.QUEUED,
            date_created=now,
            date_updated=now,
            status_callback=order.status_callback,
        )
        await self.store.create_call(record)
        return record

    async def redirect(self, account_sid: AccountSid, call_sid: CallSid, start: ProgramStart) -> CallRecord:
        """Note the redirect of a call in progress."""
        record = await self._find(account_sid, call_sid)
        if record.status is not CallStatus.IN_PROGRESS:
            raise IllegalCallState("Call is not in-progress. Cannot redirect.")
        self.commands.append(("redirect", start))
        return record

    async def hang_up(self, account_sid: AccountSid, call_sid: CallSid) -> CallRecord:
        """End a call."""
        record = await self._find(account_sid, call_sid)
        if record.status.is_final:
            raise IllegalCallState("Call is not in-progress. Cannot redirect.")
        return self.become(record, CallStatus.COMPLETED, end_time=self.clock.now(), duration=5)

    async def cancel(self, account_sid: AccountSid, call_sid: CallSid) -> CallRecord:
        """End a call that is not answered."""
        record = await self._find(account_sid, call_sid)
        is_waiting = record.status in {CallStatus.QUEUED, CallStatus.RINGING}
        return self.become(record, CallStatus.CANCELED) if is_waiting else record

    async def change_settings(self, account_sid: AccountSid, call_sid: CallSid, **settings: Any) -> CallRecord:
        """Note the settings."""
        self.commands.append(("settings", settings))
        return await self._find(account_sid, call_sid)

    async def transcribe(self, account_sid: AccountSid, call_sid: CallSid, order: TranscriptionOrder) -> Transcription:
        """Note the order; nothing listens."""
        record = await self._find(account_sid, call_sid)
        if record.status is not CallStatus.IN_PROGRESS:
            raise IllegalCallState("Call is not in-progress. Cannot transcribe.")
        self.commands.append(("transcribe", order))
        call: Any = SimpleNamespace(record=record, world=SimpleNamespace(clock=self.clock))
        self.transcriptions.append(Transcription(call, self.tokens.sid("GT"), order))
        return self.transcriptions[-1]

    async def transcription(self, account_sid: AccountSid, call_sid: CallSid, sid_or_name: str) -> Transcription | None:
        """One of those ordered."""
        await self._find(account_sid, call_sid)
        return next((one for one in self.transcriptions if sid_or_name in {one.sid, one.order.name}), None)

    async def stream(self, account_sid: AccountSid, call_sid: CallSid, order: StreamOrder) -> MediaStream:
        """Note the order; nothing is sent."""
        record = await self._find(account_sid, call_sid)
        if record.status is not CallStatus.IN_PROGRESS:
            raise IllegalCallState("Call is not in-progress. Cannot stream.")
        self.commands.append(("stream", order))
        call: Any = SimpleNamespace(record=record, world=SimpleNamespace(clock=self.clock))
        self.streams.append(MediaStream(call, self.tokens.sid("MZ"), order))
        return self.streams[-1]

    async def find_stream(self, account_sid: AccountSid, call_sid: CallSid, sid_or_name: str) -> MediaStream | None:
        """One of those ordered."""
        await self._find(account_sid, call_sid)
        return next((one for one in self.streams if sid_or_name in {one.sid, one.order.name}), None)

    async def begin_recording(self, account_sid: AccountSid, call_sid: CallSid, order: RecordingOrder) -> Recording:
        """Note the order; nothing is heard."""
        record = await self._find(account_sid, call_sid)
        if record.status is not CallStatus.IN_PROGRESS:
            raise IllegalCallState("Call is not in-progress. Cannot record.")
        self.commands.append(("record", order))
        call: Any = SimpleNamespace(record=record, world=SimpleNamespace(clock=self.clock, store=self.store))
        recording = Recording(call, self.tokens.sid("RE"), order)
        self.store.save_recording(recording.record)
        self.recordings.append(recording)
        return recording

    async def find_recording(self, account_sid: AccountSid, call_sid: CallSid, sid_or_name: str) -> Recording | None:
        """One of those ordered."""
        await self._find(account_sid, call_sid)
        running = [one for one in self.recordings if not one.ended.is_set()]
        if sid_or_name == "Twilio.CURRENT":
            return running[0] if running else None
        return next((one for one in self.recordings if one.sid == sid_or_name), None)

    def become(self, record: CallRecord, status: CallStatus, **changes: Any) -> CallRecord:
        """Write another state of a call."""
        changed = replace(record, status=status, date_updated=self.clock.now(), **changes)
        self.store.save_call(changed)
        return changed

    async def _find(self, account_sid: AccountSid, call_sid: CallSid) -> CallRecord:
        record = await self.store.call(account_sid, call_sid)
        if record is None:
            raise CallNotFound(call_sid)
        return record


@dataclass
class StoredTimeline:
    """Writes entries to the store."""

    store: SqliteStore

    def record(self, entry: TimelineEntry) -> None:
        """Write it."""
        self.store.append_timeline(entry)

    def link(self, call_id: str, call_sid: CallSid) -> None:
        """Nothing to link here."""


@dataclass(kw_only=True)
class Server:
    """A running API."""

    url: str
    exchange: RecordingExchange
    store: SqliteStore
    session: aiohttp.ClientSession
    folder: Path

    async def request(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Ask `path` below the account; returns the code and the JSON, or the text when it is none."""
        options.setdefault("auth", (ACCOUNT, TOKEN))
        username, password = options.pop("auth") or ("", "")
        headers = dict(options.pop("headers", {}))
        if username:
            headers["Authorization"] = aiohttp.encode_basic_auth(username, password)
        url = path if path.startswith("http") else f"{self.url}/2010-04-01/Accounts/{ACCOUNT}/{path}"
        async with self.session.request(method, url, headers=headers, **options) as response:
            is_json = response.content_type == "application/json"
            return response.status, await response.json() if is_json else await response.text()

    def get(self, path: str, **options: Any) -> Any:
        """GET `path` below the account, as a context with the whole answer."""
        headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN), **options.pop("headers", {})}
        return self.session.get(f"{self.url}/2010-04-01/Accounts/{ACCOUNT}/{path}", headers=headers, **options)

    async def create(self, **parameters: Any) -> tuple[int, Any]:
        """POST Calls with what every call needs, changed by `parameters`; None leaves one out."""
        form = {"To": "sip:kate@example.com", "From": "alice", "Url": "http://a.example/", **parameters}
        return await self.request("POST", "Calls.json", data={k: v for k, v in form.items() if v is not None})


@asynccontextmanager
async def running_server(folder: Path, limits: RestLimits | None = None) -> AsyncIterator[Server]:
    """A server on a loopback port."""
    store = await open_store(folder / "calls.db")
    exchange = RecordingExchange(store)
    world = RestWorld(
        exchange=exchange,
        store=store,
        transcripts=store.transcripts,
        conferences=store.conferences,
        recordings=RecordingFolder(folder / "recordings"),
        accounts={ACCOUNT: TOKEN, OTHER_ACCOUNT: "other"},
        clock=exchange.clock,
        tokens=exchange.tokens,
        timeline=StoredTimeline(store),
        provisioned=store.provisioned,
        limits=limits or RestLimits(),
    )
    runner = make_runner(make_app(world), world.limits)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield Server(url=url, exchange=exchange, store=store, session=session, folder=folder)
    await runner.cleanup()
    await store.close()
