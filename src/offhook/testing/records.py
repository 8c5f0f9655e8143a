"""Records in memory: the fakes of calls.ports.Store and calls.ports.Timeline."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from offhook.calls.errors import BadPageToken
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
from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.model.sids import AccountSid, CallSid
from offhook.model.timeline import Kind, TimelineEntry


class MemoryStore:
    """Keeps everything in order; `history` has every state that each call was saved in."""

    def __init__(self) -> None:
        self.history: dict[CallSid, list[CallRecord]] = {}
        self.notices: list[Notification] = []
        self.recorded: dict[str, RecordingRecord] = {}
        self.entries: list[TimelineEntry] = []

    def record(self, sid: str) -> CallRecord:
        """The newest state of a call that exists."""
        return self.history[CallSid(sid)][-1]

    def codes(self, sid: str) -> list[int]:
        """The error codes of a call's notifications, oldest first."""
        return [notice.error_code for notice in self.notices if notice.call_sid == sid]

    # --- calls.ports.Store ----------------------------------------------------------------------------------------

    async def create_call(self, record: CallRecord) -> None:
        """Keep a new call."""
        self.add_call(record)

    def add_call(self, record: CallRecord) -> None:
        """Keep a new call."""
        self.history.setdefault(record.sid, []).append(record)

    def save_call(self, record: CallRecord) -> None:
        """Keep a newer state."""
        self.history[record.sid].append(record)

    async def call(self, account_sid: AccountSid, sid: CallSid) -> CallRecord | None:
        """The newest state of one call."""
        states = self.history.get(sid)
        return states[-1] if states and states[-1].account_sid == account_sid else None

    async def calls(self, account_sid: AccountSid, which: CallFilter, size: int, token: str | None) -> CallPage:
        """One page, newest first; the token is the position. Raises BadPageToken."""
        if token is not None and not token.isdecimal():
            raise BadPageToken(f"{token!r} is not a page token of this store")
        newest = [states[-1] for states in self.history.values()]
        shown = [record for record in reversed(newest) if record.account_sid == account_sid and _fits(record, which)]
        start = int(token or 0)
        end = start + size
        return CallPage(records=shown[start:end], next_token=str(end) if end < len(shown) else None)

    async def delete_call(self, account_sid: AccountSid, sid: CallSid) -> bool:
        """Forget a call and what belongs to it."""
        if await self.call(account_sid, sid) is None:
            return False
        del self.history[sid]
        self.notices = [notice for notice in self.notices if notice.call_sid != sid]
        self.entries = [entry for entry in self.entries if entry.call_sid != sid]
        return True

    async def unfinished_calls(self) -> Sequence[CallRecord]:
        """Every call whose status is not final."""
        return [states[-1] for states in self.history.values() if not states[-1].status.is_final]

    def add_notification(self, notification: Notification) -> None:
        """Keep a notification."""
        self.notices.append(notification)

    async def notifications(
        self, account_sid: AccountSid, which: NotificationFilter, size: int, token: str | None
    ) -> NotificationPage:
        """One page, newest first; the token is the position. Raises BadPageToken."""
        if token is not None and not token.isdecimal():
            raise BadPageToken(f"{token!r} is not a page token of this store")
        shown = [one for one in reversed(self.notices) if one.account_sid == account_sid and _is_asked(one, which)]
        start = int(token or 0)
        end = start + size
        return NotificationPage(records=shown[start:end], next_token=str(end) if end < len(shown) else None)

    async def notification(self, account_sid: AccountSid, sid: str) -> Notification | None:
        """One of them."""
        return next((one for one in self.notices if (one.account_sid, one.sid) == (account_sid, sid)), None)

    def save_recording(self, record: RecordingRecord) -> None:
        """Keep the newest state."""
        self.recorded[record.sid] = record

    async def recordings(
        self, account_sid: AccountSid, which: RecordingFilter, size: int, token: str | None
    ) -> RecordingPage:
        """One page, newest first; the token is the position. Raises BadPageToken."""
        if token is not None and not token.isdecimal():
            raise BadPageToken(f"{token!r} is not a page token of this store")
        shown = [
            one for one in reversed(self.recorded.values()) if one.account_sid == account_sid and _is_shown(one, which)
        ]
        start = int(token or 0)
        end = start + size
        return RecordingPage(records=shown[start:end], next_token=str(end) if end < len(shown) else None)

    async def recording(
        self, account_sid: AccountSid, sid: str, deleted_since: datetime | None = None
    ) -> RecordingRecord | None:
        """The newest state of one."""
        found = self.recorded.get(sid)
        if found is None or found.account_sid != account_sid or not _is_kept(found, deleted_since):
            return None
        return found

    async def delete_recording(self, account_sid: AccountSid, sid: str, at: datetime, kept_since: datetime) -> bool:
        """Mark one as deleted."""
        self.recorded = {sid: one for sid, one in self.recorded.items() if _is_kept(one, kept_since)}
        found = await self.recording(account_sid, sid)
        if found is None:
            return False
        self.recorded[sid] = replace(found, status=RecordingStatus.DELETED, date_updated=at)
        return True

    async def unfinished_recordings(self) -> Sequence[RecordingRecord]:
        """Those that are neither complete nor absent."""
        return [one for one in self.recorded.values() if not one.status.is_final]

    def append_timeline(self, entry: TimelineEntry) -> None:
        """Keep one entry."""
        self.entries.append(entry)

    async def timeline(self, call_sid: CallSid) -> Sequence[TimelineEntry]:
        """A call's entries in order."""
        return [entry for entry in self.entries if entry.call_sid == call_sid]


class MemoryTimeline:
    """Keeps what happened, and which Call-ID belongs to which call."""

    def __init__(self) -> None:
        self.entries: list[TimelineEntry] = []
        self.links: dict[str, CallSid] = {}

    def record(self, entry: TimelineEntry) -> None:
        """Keep one entry."""
        self.entries.append(entry)

    def link(self, call_id: str, call_sid: CallSid) -> None:
        """Keep a link."""
        self.links[call_id] = call_sid

    def summaries(self, call_sid: str, *kinds: Kind) -> list[str]:
        """What one call's entries say, of some kinds or of all."""
        shown = kinds or tuple(Kind)
        return [entry.summary for entry in self.entries if entry.call_sid == call_sid and entry.kind in shown]


def _fits(record: CallRecord, which: CallFilter) -> bool:
    wanted = (
        (which.to, record.to),
        (which.from_, record.from_),
        (which.parent_call_sid, record.parent_call_sid),
        (which.status, record.status.value),
    )
    return (
        all(value is None or value == actual for value, actual in wanted)
        and _within(record.start_time, which.start_after, which.start_before)
        and _within(record.end_time, which.end_after, which.end_before)
    )


def _within(at: datetime | None, after: datetime | None, before: datetime | None) -> bool:
    if after is None and before is None:
        return True
    return at is not None and (after is None or at >= after) and (before is None or at < before)


def _is_shown(one: RecordingRecord, which: RecordingFilter) -> bool:
    return (
        which.call_sid in {None, one.call_sid}
        and which.conference_sid in {None, one.conference_sid}
        and _within(one.date_created, which.created_after, which.created_before)
        and _is_kept(one, which.deleted_since)
    )


def _is_asked(one: Notification, which: NotificationFilter) -> bool:
    return (
        which.call_sid in {None, one.call_sid}
        and which.log in {None, one.log}
        and _within(one.message_date, which.after, which.before)
    )


def _is_kept(one: RecordingRecord, deleted_since: datetime | None) -> bool:
    is_deleted = one.status is RecordingStatus.DELETED
    return not is_deleted or (deleted_since is not None and one.date_updated >= deleted_since)
