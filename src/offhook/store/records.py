"""The tables' rows and statements: call records and timeline entries as values and as SQL.

Statements keep to what SQLite and PostgreSQL share.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from offhook.calls.ports import CallFilter
from offhook.model.call import CallRecord
from offhook.model.recording import RecordingRecord
from offhook.model.sids import CALL
from offhook.model.timeline import TimelineEntry
from offhook.store import paging
from offhook.store.paging import microseconds

INSERT_CALL = (
    "INSERT INTO call_record (sid, account_sid, parent_call_sid, status, to_address, from_address, date_created,"
    " start_time, end_time, is_final, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
UPDATE_CALL = (
    "UPDATE call_record SET status = ?, to_address = ?, from_address = ?, start_time = ?, end_time = ?, is_final = ?,"
    " record = ? WHERE sid = ?"
)
SELECT_CALL = "SELECT record FROM call_record WHERE account_sid = ? AND sid = ?"
SELECT_UNFINISHED = "SELECT record FROM call_record WHERE is_final = 0 ORDER BY date_created"
DELETE_CALL = "DELETE FROM call_record WHERE account_sid = ? AND sid = ?"
DELETE_TIMELINE = "DELETE FROM timeline_entry WHERE call_sid = ?"
INSERT_ENTRY = "INSERT INTO timeline_entry (call_sid, at, entry) VALUES (?, ?, ?)"
COUNT_ENTRIES = "SELECT COUNT(*) FROM timeline_entry WHERE call_sid = ?"
SELECT_TIMELINE = "SELECT entry FROM timeline_entry WHERE call_sid = ? ORDER BY at, position"


# A detail that is no JSON value is shown as text rather than losing the entry that holds it.
_encoder = msgspec.json.Encoder(enc_hook=str)
_call_decoder = msgspec.json.Decoder(CallRecord)
_entry_decoder = msgspec.json.Decoder(TimelineEntry)


def call_row(record: CallRecord) -> tuple[Any, ...]:
    """The values of INSERT_CALL."""
    changing = _changing_columns(record)
    return (
        record.sid,
        record.account_sid,
        record.parent_call_sid,
        *changing[:3],
        microseconds(record.date_created),
        *changing[3:],
    )


def call_change(record: CallRecord) -> tuple[Any, ...]:
    """The values of UPDATE_CALL."""
    return (*_changing_columns(record), record.sid)


def _changing_columns(record: CallRecord) -> tuple[Any, ...]:
    return (
        record.status.value,
        record.to,
        record.from_,
        None if record.start_time is None else microseconds(record.start_time),
        None if record.end_time is None else microseconds(record.end_time),
        int(record.status.is_final),
        encode(record),
    )


def encode(value: CallRecord | TimelineEntry | RecordingRecord) -> str:
    """The value as JSON text."""
    return _encoder.encode(value).decode()


def decode_call(text: str) -> CallRecord:
    """What `encode` made of a call."""
    return _call_decoder.decode(text)


def decode_entry(text: str) -> TimelineEntry:
    """What `encode` made of a timeline entry."""
    return _entry_decoder.decode(text)


def page_token(record: CallRecord) -> str:
    """The token that continues a list after `record`."""
    return paging.token_of(record.sid, record.date_created)


def page_query(account_sid: str, which: CallFilter, size: int, token: str | None) -> tuple[str, Sequence[Any]]:
    """The statement and values of one page and the row after it. Raises BadPageToken."""
    conditions: list[tuple[str, Any]] = [("account_sid = ?", account_sid)]
    equal = {
        "to_address": which.to,
        "from_address": which.from_,
        "parent_call_sid": which.parent_call_sid,
        "status": which.status,
    }
    conditions += [(f"{column} = ?", value) for column, value in equal.items() if value is not None]
    bounds = {
        "start_time >= ?": which.start_after,
        "start_time < ?": which.start_before,
        "end_time >= ?": which.end_after,
        "end_time < ?": which.end_before,
    }
    conditions += [(bound, microseconds(moment)) for bound, moment in bounds.items() if moment is not None]
    return paging.page_query("call_record", conditions, size, None if token is None else paging.position(token, CALL))
