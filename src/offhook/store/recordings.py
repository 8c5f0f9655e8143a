"""The table of recordings: rows and statements (contract 2 §3.4), used by sqlite.

Statements keep to what SQLite and PostgreSQL share.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from offhook.calls.ports import RecordingFilter, RecordingPage
from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.model.sids import AccountSid
from offhook.store import paging
from offhook.store.paging import microseconds
from offhook.store.records import encode

PREFIX = "RE"
SAVE = (
    "INSERT INTO recording (sid, account_sid, call_sid, conference_sid, date_created, is_final, record)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (sid) DO UPDATE SET is_final = excluded.is_final, record = excluded.record"
)
SELECT = (
    "SELECT record FROM recording WHERE account_sid = ? AND sid = ? AND (date_deleted IS NULL OR date_deleted >= ?)"
)
SELECT_UNFINISHED = "SELECT record FROM recording WHERE is_final = 0 ORDER BY date_created"
MARK_DELETED = "UPDATE recording SET date_deleted = ?, is_final = 1, record = ? WHERE sid = ?"
FORGET = "DELETE FROM recording WHERE date_deleted < ?"

_NEVER = 2**63 - 1
_decoder = msgspec.json.Decoder(RecordingRecord)


def row(record: RecordingRecord) -> tuple[Any, ...]:
    """The values of SAVE."""
    created = microseconds(record.date_created)
    sids = (record.sid, record.account_sid, record.call_sid, record.conference_sid)
    return (*sids, created, int(record.status.is_final), encode(record))


def decode(text: str) -> RecordingRecord:
    """What `encode` made of a recording."""
    return _decoder.decode(text)


def select_values(account_sid: AccountSid, sid: str, deleted_since: datetime | None) -> tuple[Any, ...]:
    """The values of SELECT."""
    return (account_sid, sid, _NEVER if deleted_since is None else microseconds(deleted_since))


def delete(
    account_sid: AccountSid, sid: str, at: datetime, kept_since: datetime, connection: sqlite3.Connection
) -> bool:
    """Mark one as deleted, and forget those deleted before `kept_since`; False when there is none."""
    connection.execute(FORGET, (microseconds(kept_since),))
    found = connection.execute(SELECT, select_values(account_sid, sid, None)).fetchone()
    if found is None:
        return False
    deleted = msgspec.structs.replace(decode(found[0]), status=RecordingStatus.DELETED, date_updated=at)
    connection.execute(MARK_DELETED, (microseconds(at), encode(deleted), sid))
    return True


def page_query(
    account_sid: AccountSid, which: RecordingFilter, size: int, token: str | None
) -> tuple[str, Sequence[Any]]:
    """The statement and values of one page and the row after it. Raises BadPageToken."""
    deleted_since = _NEVER if which.deleted_since is None else microseconds(which.deleted_since)
    conditions: list[tuple[str, Any]] = [
        ("account_sid = ?", account_sid),
        ("(date_deleted IS NULL OR date_deleted >= ?)", deleted_since),
    ]
    asked = {
        "call_sid = ?": which.call_sid,
        "conference_sid = ?": which.conference_sid,
        "date_created >= ?": None if which.created_after is None else microseconds(which.created_after),
        "date_created < ?": None if which.created_before is None else microseconds(which.created_before),
    }
    conditions += [(clause, value) for clause, value in asked.items() if value is not None]
    return paging.page_query("recording", conditions, size, None if token is None else paging.position(token, PREFIX))


def page(rows: Sequence[Sequence[str]], size: int) -> RecordingPage:
    """What the rows of `page_query` show; the token carries the position, so its record itself may be deleted."""
    found = [decode(one[0]) for one in rows[:size]]
    is_last = len(rows) <= size
    token = None if is_last else paging.token_of(found[-1].sid, found[-1].date_created)
    return RecordingPage(records=found, next_token=token)
