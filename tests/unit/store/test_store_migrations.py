"""Databases of earlier versions: what is in them is found again."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from offhook.calls.ports import Notification, NotificationFilter
from offhook.model.sids import AccountSid, CallSid
from offhook.store.migrate import migrations
from offhook.store.sqlite import open_store

ACCOUNT, CALL = AccountSid("AC" + "1" * 32), CallSid("CA" + "2" * 32)


def database_of(path: Path, last: int) -> sqlite3.Connection:
    """An empty database as a version wrote it whose newest migration is `last`."""
    connection = sqlite3.connect(path)
    for number, script in migrations():
        if number <= last:
            connection.executescript(f"{script}\nPRAGMA user_version = {number};")
    return connection


@pytest.mark.asyncio
async def test_notifications_get_their_kind(tmp_path: Path) -> None:
    """Errors are told from warnings, whatever stands in their texts."""
    made = [
        Notification(
            sid=f"NO{log:032x}",
            account_sid=ACCOUNT,
            call_sid=CALL,
            error_code=11200,
            log=log,
            message_text='{"log":0}',
            message_date=datetime(2026, 3, 1, 12, log, tzinfo=UTC),
        )
        for log in (0, 1)
    ]
    with database_of(tmp_path / "old.db", 5) as connection:
        for at, one in enumerate(made):
            values = (one.sid, ACCOUNT, CALL, at, msgspec.json.encode(one).decode())
            connection.execute("INSERT INTO call_notification VALUES (?, ?, ?, ?, ?)", values)
    connection.close()
    store = await open_store(tmp_path / "old.db")
    for log in (0, 1):
        assert (await store.notifications(ACCOUNT, NotificationFilter(log=log), 9, None)).records == [made[log]]
    await store.close()
