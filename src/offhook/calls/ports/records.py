"""Where calls are written down, and where time and identifiers come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from offhook.model.call import CallRecord
from offhook.model.recording import RecordingRecord
from offhook.model.sids import AccountSid, CallSid
from offhook.model.timeline import TimelineEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls a list shows (contract 1 §1.5); times compare with start_time and end_time."""

    to: str | None = None
    from_: str | None = None
    parent_call_sid: CallSid | None = None
    status: str | None = None
    start_after: datetime | None = None  # at or after
    start_before: datetime | None = None  # strictly before
    end_after: datetime | None = None
    end_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """One page of calls, newest first; `next_token` is None at the end."""

    records: Sequence[CallRecord]
    next_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFilter:
    """Which recordings a list shows (contract 2 §7); times compare with date_created."""

    call_sid: CallSid | None = None
    conference_sid: str | None = None
    created_after: datetime | None = None  # at or after
    created_before: datetime | None = None  # strictly before
    deleted_since: datetime | None = None  # those deleted at this time or later too; None: no deleted ones


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPage:
    """One page of recordings, newest first; `next_token` is None at the end."""

    records: Sequence[RecordingRecord]
    next_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """An error or warning on a call as the API shows it (contract 1 §8.6)."""

    sid: str
    account_sid: AccountSid
    call_sid: CallSid
    error_code: int
    log: int  # 0 error, 1 warning
    message_text: str
    message_date: datetime
    request_url: str = ""
    request_method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFilter:
    """Which notifications a list shows; times compare with message_date."""

    call_sid: CallSid | None = None
    log: int | None = None  # 0 errors, 1 warnings
    after: datetime | None = None  # at or after
    before: datetime | None = None  # strictly before


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationPage:
    """One page of notifications, newest first; `next_token` is None at the end."""

    records: Sequence[Notification]
    next_token: str | None


class Store(Protocol):
    """Records that outlive the process; every awaitable returns once the change is durable."""

    async def create_call(self, record: CallRecord) -> None:
        """Write a new call. Raises StoreFailed."""

    def add_call(self, record: CallRecord) -> None:
        """Write a new call, without waiting."""

    def save_call(self, record: CallRecord) -> None:
        """Write a newer state of a call behind the earlier ones, without waiting."""

    async def call(self, account_sid: AccountSid, sid: CallSid) -> CallRecord | None:
        """The newest state of one call, unsaved ones included."""

    async def calls(self, account_sid: AccountSid, which: CallFilter, size: int, token: str | None) -> CallPage:
        """One page. Raises BadPageToken."""

    async def delete_call(self, account_sid: AccountSid, sid: CallSid) -> bool:
        """Remove a call and what belongs to it; False when there is none."""

    async def unfinished_calls(self) -> Sequence[CallRecord]:
        """Every call whose status is not final, for recovery at start."""

    def add_notification(self, notification: Notification) -> None:
        """Write a notification, without waiting."""

    async def notifications(
        self, account_sid: AccountSid, which: NotificationFilter, size: int, token: str | None
    ) -> NotificationPage:
        """One page. Raises BadPageToken, StoreFailed."""

    async def notification(self, account_sid: AccountSid, sid: str) -> Notification | None:
        """One of them. Raises StoreFailed."""

    def append_timeline(self, entry: TimelineEntry) -> None:
        """Write one entry, without waiting."""

    def save_recording(self, record: RecordingRecord) -> None:
        """Write a newer state of a recording, without waiting."""

    async def recordings(
        self, account_sid: AccountSid, which: RecordingFilter, size: int, token: str | None
    ) -> RecordingPage:
        """One page. Raises BadPageToken, StoreFailed."""

    async def recording(
        self, account_sid: AccountSid, sid: str, deleted_since: datetime | None = None
    ) -> RecordingRecord | None:
        """The newest state of one recording, deleted ones of `deleted_since` and later included. Raises StoreFailed."""

    async def delete_recording(self, account_sid: AccountSid, sid: str, at: datetime, kept_since: datetime) -> bool:
        """Mark a recording as deleted, and forget those deleted before `kept_since`; False when there is none.

        Raises StoreFailed.
        """

    async def unfinished_recordings(self) -> Sequence[RecordingRecord]:
        """Every recording that is neither complete nor absent. Raises StoreFailed."""

    async def timeline(self, call_sid: CallSid) -> Sequence[TimelineEntry]:
        """A call's entries in order of time, unsaved ones included."""


class Timeline(Protocol):
    """Takes what happens; satisfied by telemetry.timeline."""

    def record(self, entry: TimelineEntry) -> None:
        """One more entry; without `call_sid`, its detail names the SIP `call_id` and it waits for link()."""

    def link(self, call_id: str, call_sid: CallSid) -> None:
        """SIP messages of this Call-ID belong to this call; those that came earlier are handed over."""


class Clock(Protocol):
    """Wall-clock time; durations come from the event loop."""

    def now(self) -> datetime:
        """The present, aware, UTC."""


class Tokens(Protocol):
    """Where new identifiers come from; seeded in tests."""

    def sid(self, prefix: str) -> str:
        """A new SID: the prefix and 32 hexadecimal digits."""
