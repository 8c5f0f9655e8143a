"""What every calls.ports.Store does: SQLite on a real loop and the fake in virtual time, one by one."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from offhook.calls.errors import BadPageToken
from offhook.calls.ports import CallFilter, Notification, Store
from offhook.model.call import CallRecord, CallStatus, Direction
from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.model.sids import AccountSid, CallSid
from offhook.model.timeline import Kind, TimelineEntry
from offhook.store.sqlite import open_store
from offhook.testing.clock import run
from offhook.testing.records import MemoryStore

ACCOUNT, OTHER = AccountSid("AC" + "1" * 32), AccountSid("AC" + "2" * 32)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)

Scenario = Callable[[Store], Awaitable[None]]
Runner = Callable[[Scenario], None]


@pytest.fixture(params=["sqlite", "memory"])
def on_store(request: pytest.FixtureRequest, tmp_path: Path) -> Runner:
    """Runs a scenario on one of the stores."""

    async def on_sqlite(scenario: Scenario) -> None:
        store = await open_store(tmp_path / "calls.db")
        try:
            await scenario(store)
        finally:
            await store.close()

    async def in_memory(scenario: Scenario) -> None:
        await scenario(MemoryStore())

    if request.param == "sqlite":
        return lambda scenario: asyncio.run(on_sqlite(scenario))
    return lambda scenario: run(in_memory(scenario))


def a_call(number: int, **changes: Any) -> CallRecord:
    """A call that differs by its number."""
    record = CallRecord(
        sid=CallSid(f"CA{number:032x}"),
        account_sid=ACCOUNT,
        direction=Direction.OUTBOUND_API,
        to="sip:kate@example.com",
        from_="alice",
        status=CallStatus.QUEUED,
        date_created=START + timedelta(seconds=number),
        date_updated=START,
    )
    return replace(record, **changes)


def test_the_newest_state_is_read_whoever_wrote_it(on_store: Runner) -> None:
    """create_call, add_call and save_call are seen by the next read, by their own account only."""

    async def scenario(store: Store) -> None:
        await store.create_call(a_call(1))
        store.add_call(a_call(2))
        store.save_call(a_call(1, status=CallStatus.RINGING))
        assert await store.call(ACCOUNT, a_call(1).sid) == a_call(1, status=CallStatus.RINGING)
        assert await store.call(ACCOUNT, a_call(2).sid) == a_call(2)
        assert await store.call(OTHER, a_call(2).sid) is None

    on_store(scenario)


def test_lists_are_newest_first_and_pages_follow_one_another(on_store: Runner) -> None:
    """Every call is on one page; the last page has no token."""

    async def scenario(store: Store) -> None:
        for number in range(5):
            store.add_call(a_call(number))
        seen: list[str] = []
        token: str | None = None
        for _ in range(3):
            page = await store.calls(ACCOUNT, CallFilter(), 2, token)
            seen += [record.sid for record in page.records]
            token = page.next_token
        assert seen == [a_call(number).sid for number in (4, 3, 2, 1, 0)]
        assert token is None
        with pytest.raises(BadPageToken):
            await store.calls(ACCOUNT, CallFilter(), 2, "no token")

    on_store(scenario)


FILTERS = [
    (CallFilter(to="sip:bob@example.com"), [2]),
    (CallFilter(from_="bob"), [3]),
    (CallFilter(status="busy"), [4]),
    (CallFilter(parent_call_sid=a_call(1).sid), [5]),
    (CallFilter(start_after=START + timedelta(hours=6)), [7, 6]),
    (CallFilter(start_before=START + timedelta(hours=7)), [6]),
    (CallFilter(end_after=START + timedelta(hours=8), end_before=START + timedelta(hours=9)), [8]),
    (CallFilter(to="nobody"), []),
]


@pytest.mark.parametrize(("which", "numbers"), FILTERS, ids=[str(row[1]) for row in FILTERS])
def test_filters(on_store: Runner, which: CallFilter, numbers: list[int]) -> None:
    """Contract 1 §1.5: at or after, strictly before."""

    async def scenario(store: Store) -> None:
        changes: dict[int, dict[str, Any]] = {
            1: {},
            2: {"to": "sip:bob@example.com"},
            3: {"from_": "bob"},
            4: {"status": CallStatus.BUSY},
            5: {"parent_call_sid": a_call(1).sid},
            6: {"start_time": START + timedelta(hours=6)},
            7: {"start_time": START + timedelta(hours=7)},
            8: {"end_time": START + timedelta(hours=8)},
        }
        for number, change in changes.items():
            store.add_call(a_call(number, **change))
        page = await store.calls(ACCOUNT, which, 50, None)
        assert [record.sid for record in page.records] == [a_call(number).sid for number in numbers]

    on_store(scenario)


def test_what_belongs_to_a_call_goes_with_it(on_store: Runner) -> None:
    """Notifications and timeline come back in order, and are gone when the call is deleted."""

    async def scenario(store: Store) -> None:
        sid = a_call(1).sid
        await store.create_call(a_call(1))
        for code in (11200, 12200):
            store.add_notification(
                Notification(
                    sid=f"NO{code:032x}",
                    account_sid=ACCOUNT,
                    call_sid=sid,
                    error_code=code,
                    log=0,
                    message_text="text",
                    message_date=START,
                )
            )
            store.append_timeline(TimelineEntry(at=START, kind=Kind.NOTICE, summary=str(code), call_sid=sid))
        assert [one.error_code for one in await store.notifications(ACCOUNT, sid)] == [11200, 12200]
        assert [entry.summary for entry in await store.timeline(sid)] == ["11200", "12200"]
        assert not await store.delete_call(OTHER, sid)
        assert await store.delete_call(ACCOUNT, sid)
        assert not await store.delete_call(ACCOUNT, sid)
        assert await store.call(ACCOUNT, sid) is None
        assert list(await store.notifications(ACCOUNT, sid)) == []
        assert list(await store.timeline(sid)) == []

    on_store(scenario)


def test_unfinished_calls_are_those_without_a_final_status(on_store: Runner) -> None:
    """What recovery at start finds."""

    async def scenario(store: Store) -> None:
        store.add_call(a_call(1))
        store.add_call(a_call(2, status=CallStatus.IN_PROGRESS))
        store.add_call(a_call(3, status=CallStatus.COMPLETED))
        assert {record.sid for record in await store.unfinished_calls()} == {a_call(1).sid, a_call(2).sid}

    on_store(scenario)


def a_recording(number: int, call: int = 1, **changes: Any) -> RecordingRecord:
    """A recording that differs by its number."""
    record = RecordingRecord(
        sid=f"RE{number:032x}",
        account_sid=ACCOUNT,
        call_sid=CallSid(f"CA{call:032x}"),
        status=RecordingStatus.IN_PROGRESS,
        source="RecordVerb",
        channels=1,
        track="both",
        date_created=START + timedelta(seconds=number),
        date_updated=START,
    )
    return replace(record, **changes)


def test_recordings(on_store: Runner) -> None:
    """Newest first, of an account or a call; the newest state counts; deleted ones are gone."""

    async def scenario(store: Store) -> None:
        for number, call in ((1, 1), (2, 2), (3, 1)):
            store.save_recording(a_recording(number, call))
        store.save_recording(a_recording(4, account_sid=OTHER))
        done = a_recording(3, 1, status=RecordingStatus.COMPLETED, duration=7)
        store.save_recording(done)
        assert list(await store.recordings(ACCOUNT)) == [done, a_recording(2, 2), a_recording(1)]
        assert list(await store.recordings(ACCOUNT, CallSid(f"CA{1:032x}"))) == [done, a_recording(1)]
        assert {one.sid for one in await store.unfinished_recordings()} == {
            a_recording(number).sid for number in (1, 2, 4)
        }
        assert await store.recording(ACCOUNT, done.sid) == done
        assert await store.recording(OTHER, done.sid) is None
        assert not await store.delete_recording(OTHER, done.sid)
        assert await store.delete_recording(ACCOUNT, done.sid)
        assert not await store.delete_recording(ACCOUNT, done.sid)
        assert list(await store.recordings(ACCOUNT)) == [a_recording(2, 2), a_recording(1)]

    on_store(scenario)
