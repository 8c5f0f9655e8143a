"""calls.ports.Store on SQLite: one file, one thread, group commit (see writer)."""

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from offhook.calls.errors import StoreFailed
from offhook.calls.ports import (
    CallFilter,
    CallPage,
    Notification,
    NotificationFilter,
    NotificationPage,
    RecordingFilter,
    RecordingPage,
)
from offhook.model.call import CallRecord
from offhook.model.recording import RecordingRecord
from offhook.model.sids import AccountSid, CallSid
from offhook.model.timeline import Kind, TimelineEntry
from offhook.store import notifications, recordings, records
from offhook.store.conferences import ConferenceTable
from offhook.store.migrate import migrate
from offhook.store.paging import microseconds
from offhook.store.provisioned import ProvisionedTable
from offhook.store.transcripts import TranscriptTable
from offhook.store.writer import BUSY_TIMEOUT, Writer

TIMELINE_LIMIT = 5000  # entries per call: hours of ordinary use; a runaway document must not fill the disk
LINGER = 0.05  # seconds a timeline entry or a changed call waits for company before it is written
COUNTED_CALLS = 10_000  # calls whose number of entries is remembered; others are counted again when needed


def path_of(url: str, folder: Path) -> Path:
    """The file that a `sqlite:///name.db` or `sqlite:////absolute/name.db` URL names; relative to `folder`.

    Raises StoreFailed when the URL is of another kind.
    """
    parts = urlsplit(url)
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme != "sqlite" or parts.netloc or not name:
        raise StoreFailed(f"store.url must look like sqlite:///offhook.db, not {url!r}")
    return folder / name


async def open_store(path: Path, *, timeline_limit: int = TIMELINE_LIMIT) -> "SqliteStore":
    """Open the database, make or migrate its tables; close it with `close`. Raises StoreFailed."""
    writer = Writer(partial(_connect, path), name=f"store {path.name}")
    await writer.start()
    return SqliteStore(writer, timeline_limit)


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


class SqliteStore:
    """Call records, notifications and timelines in one SQLite file."""

    def __init__(self, writer: Writer, timeline_limit: int) -> None:
        self._writer = writer
        self.provisioned = ProvisionedTable(writer)
        self.transcripts = TranscriptTable(writer)
        self.conferences = ConferenceTable(writer)
        self._timeline_limit = timeline_limit
        self._entries: list[TimelineEntry] = []
        self._changed: dict[CallSid, CallRecord] = {}
        self._flush: asyncio.TimerHandle | None = None
        self._counts: OrderedDict[CallSid, int] = OrderedDict()  # touched by the writer's thread only

    async def create_call(self, record: CallRecord) -> None:
        """Write a new call. Raises StoreFailed."""
        row = records.call_row(record)
        await self._writer.write(lambda connection: connection.execute(records.INSERT_CALL, row).rowcount)

    def add_call(self, record: CallRecord) -> None:
        """Write a new call, without waiting."""
        row = records.call_row(record)
        self._writer.post(lambda connection: connection.execute(records.INSERT_CALL, row))

    def save_call(self, record: CallRecord) -> None:
        """Write a newer state of a call behind the earlier ones, without waiting; a deleted call stays deleted.

        Of the states that come within LINGER only the last is written. A final state, and one of a call whose progress
        is told to the application, goes to the writer at once: what was told must not be forgotten in a crash.
        """
        self._changed[record.sid] = record
        if record.status.is_final or record.status_callback is not None:
            self._hand_over()
        else:
            self._linger()

    async def call(self, account_sid: AccountSid, sid: CallSid) -> CallRecord | None:
        """The newest state of one call, unsaved ones included. Raises StoreFailed."""
        self._hand_over()
        row = await self._writer.read(
            lambda connection: connection.execute(records.SELECT_CALL, (account_sid, sid)).fetchone()
        )
        return None if row is None else records.decode_call(row[0])

    async def calls(self, account_sid: AccountSid, which: CallFilter, size: int, token: str | None) -> CallPage:
        """One page, newest first. Raises BadPageToken, StoreFailed."""
        self._hand_over()
        statement, values = records.page_query(account_sid, which, size, token)
        rows = await self._writer.read(lambda connection: connection.execute(statement, values).fetchall())
        found = [records.decode_call(row[0]) for row in rows[:size]]
        return CallPage(records=found, next_token=records.page_token(found[-1]) if len(rows) > size else None)

    async def delete_call(self, account_sid: AccountSid, sid: CallSid) -> bool:
        """Remove a call and what belongs to it; False when there is none. Raises StoreFailed."""
        self._hand_over()
        return await self._writer.write(partial(self._delete, account_sid, sid))

    async def unfinished_calls(self) -> Sequence[CallRecord]:
        """Every call whose status is not final, oldest first. Raises StoreFailed."""
        self._hand_over()
        rows = await self._writer.read(lambda connection: connection.execute(records.SELECT_UNFINISHED).fetchall())
        return [records.decode_call(row[0]) for row in rows]

    def add_notification(self, notification: Notification) -> None:
        """Write a notification, without waiting."""
        row = notifications.row(notification)
        self._writer.post(lambda connection: connection.execute(notifications.INSERT, row))

    async def notifications(
        self, account_sid: AccountSid, which: NotificationFilter, size: int, token: str | None
    ) -> NotificationPage:
        """One page, newest first. Raises BadPageToken, StoreFailed."""
        statement, values = notifications.query(account_sid, which, size, token)
        rows = await self._writer.read(lambda connection: connection.execute(statement, values).fetchall())
        return notifications.page(rows, size)

    async def notification(self, account_sid: AccountSid, sid: str) -> Notification | None:
        """One of them. Raises StoreFailed."""
        values = (account_sid, sid)
        row = await self._writer.read(lambda connection: connection.execute(notifications.SELECT, values).fetchone())
        return None if row is None else notifications.decode(row[0])

    def save_recording(self, record: RecordingRecord) -> None:
        """Write a newer state of a recording, without waiting."""
        row = recordings.row(record)
        self._writer.post(lambda connection: connection.execute(recordings.SAVE, row))

    async def recordings(
        self, account_sid: AccountSid, which: RecordingFilter, size: int, token: str | None
    ) -> RecordingPage:
        """One page, newest first. Raises BadPageToken, StoreFailed."""
        statement, values = recordings.page_query(account_sid, which, size, token)
        rows = await self._writer.read(lambda connection: connection.execute(statement, values).fetchall())
        return recordings.page(rows, size)

    async def recording(
        self, account_sid: AccountSid, sid: str, deleted_since: datetime | None = None
    ) -> RecordingRecord | None:
        """The newest state of one recording. Raises StoreFailed."""
        values = recordings.select_values(account_sid, sid, deleted_since)
        row = await self._writer.read(lambda connection: connection.execute(recordings.SELECT, values).fetchone())
        return None if row is None else recordings.decode(row[0])

    async def delete_recording(self, account_sid: AccountSid, sid: str, at: datetime, kept_since: datetime) -> bool:
        """Mark a recording as deleted; False when there is none. Raises StoreFailed."""
        return await self._writer.write(partial(recordings.delete, account_sid, sid, at, kept_since))

    async def unfinished_recordings(self) -> Sequence[RecordingRecord]:
        """Every recording that is neither complete nor absent. Raises StoreFailed."""
        rows = await self._writer.read(lambda connection: connection.execute(recordings.SELECT_UNFINISHED).fetchall())
        return [recordings.decode(row[0]) for row in rows]

    def append_timeline(self, entry: TimelineEntry) -> None:
        """Write one entry, without waiting; an entry that names no call has no timeline to go to and is left out."""
        if entry.call_sid is None:
            return
        self._entries.append(entry)
        self._linger()

    async def timeline(self, call_sid: CallSid) -> Sequence[TimelineEntry]:
        """A call's entries in order of time, unsaved ones included. Raises StoreFailed."""
        self._hand_over()
        rows = await self._writer.read(
            lambda connection: connection.execute(records.SELECT_TIMELINE, (call_sid,)).fetchall()
        )
        return [records.decode_entry(row[0]) for row in rows]

    async def close(self) -> None:
        """Write everything handed over, then close the file."""
        self._hand_over()
        await self._writer.close()

    def _linger(self) -> None:
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(LINGER, self._hand_over)

    def _hand_over(self) -> None:
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        if self._changed:
            changed, self._changed = self._changed, {}
            self._writer.post(partial(_update_calls, tuple(changed.values())))
        if self._entries:
            entries, self._entries = self._entries, []
            self._writer.post(partial(self._insert_entries, entries))

    # --- on the writer's thread ----------------------------------------------------------------------------------

    def _delete(self, account_sid: AccountSid, sid: CallSid, connection: sqlite3.Connection) -> bool:
        if connection.execute(records.DELETE_CALL, (account_sid, sid)).rowcount == 0:
            return False
        connection.execute(notifications.DELETE_OF_CALL, (sid,))
        connection.execute(records.DELETE_TIMELINE, (sid,))
        self._counts.pop(sid, None)
        return True

    def _insert_entries(self, entries: Sequence[TimelineEntry], connection: sqlite3.Connection) -> None:
        rows = []
        for entry in entries:
            kept = self._within_limit(entry, connection)
            if kept is not None:
                rows.append((kept.call_sid, microseconds(kept.at), records.encode(kept)))
        connection.executemany(records.INSERT_ENTRY, rows)

    def _within_limit(self, entry: TimelineEntry, connection: sqlite3.Connection) -> TimelineEntry | None:
        """The entry while there is room, a last word when the room ends, then None."""
        sid = entry.call_sid
        if sid is None:
            return None
        count = self._counts.pop(sid, None)
        if count is None:
            count = int(connection.execute(records.COUNT_ENTRIES, (sid,)).fetchone()[0])
        self._counts[sid] = count + 1
        if len(self._counts) > COUNTED_CALLS:
            self._counts.popitem(last=False)
        if count < self._timeline_limit:
            return entry
        if count > self._timeline_limit:
            return None
        text = f"the timeline is full: only the first {self._timeline_limit} entries of a call are kept"
        return replace(entry, kind=Kind.NOTICE, summary=text, detail={"level": "warning", "text": text})


def _update_calls(changed: Sequence[CallRecord], connection: sqlite3.Connection) -> None:
    connection.executemany(records.UPDATE_CALL, [records.call_change(record) for record in changed])
