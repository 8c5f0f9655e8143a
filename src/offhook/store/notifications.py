"""The table of notifications: rows and statements (contract 1 §8.6), used by sqlite.

Statements keep to what SQLite and PostgreSQL share.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from offhook.calls.ports import Notification, NotificationFilter, NotificationPage
from offhook.model.sids import NOTIFICATION, AccountSid
from offhook.store.paging import microseconds, page_query, position, token_of

INSERT = (
    "INSERT INTO call_notification (sid, account_sid, call_sid, date_created, log, record) VALUES (?, ?, ?, ?, ?, ?)"
)
SELECT = "SELECT record FROM call_notification WHERE account_sid = ? AND sid = ?"
DELETE_OF_CALL = "DELETE FROM call_notification WHERE call_sid = ?"

_decoder = msgspec.json.Decoder(Notification)


def row(one: Notification) -> tuple[Any, ...]:
    """The values of INSERT."""
    record = msgspec.json.encode(one).decode()
    return (one.sid, one.account_sid, one.call_sid, microseconds(one.message_date), one.log, record)


def decode(text: str) -> Notification:
    """What `row` made of a notification."""
    return _decoder.decode(text)


def query(
    account_sid: AccountSid, which: NotificationFilter, size: int, token: str | None
) -> tuple[str, Sequence[Any]]:
    """The statement and values of one page and the row after it. Raises BadPageToken."""
    conditions: dict[str, Any] = {
        "account_sid = ?": account_sid,
        "call_sid = ?": which.call_sid,
        "log = ?": which.log,
        "date_created >= ?": None if which.after is None else microseconds(which.after),
        "date_created < ?": None if which.before is None else microseconds(which.before),
    }
    asked = [(clause, value) for clause, value in conditions.items() if value is not None]
    return page_query("call_notification", asked, size, None if token is None else position(token, NOTIFICATION))


def page(rows: Sequence[Sequence[str]], size: int) -> NotificationPage:
    """What the rows of `query` show."""
    found = [decode(one[0]) for one in rows[:size]]
    rest = token_of(found[-1].sid, found[-1].message_date) if len(rows) > size else None
    return NotificationPage(records=found, next_token=rest)
