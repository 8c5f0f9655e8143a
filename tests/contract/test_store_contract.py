"""What every calls.ports.Store does: SQLite on a real loop and the fake in virtual time, one by one."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from offhook.calls.errors import BadPageToken
from offhook.calls.ports import CallFilter, Notification, NotificationFilter, RecordingFilter, Store
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


async def notices(store: Store, which: NotificationFilter, size: int = 2) -> list[Notification]:
    """What all pages of a list of notifications show."""
    page = await store.notifications(ACCOUNT, which, size, None)
    found = list(page.records)
    while page.next_token is not None:
        assert len(page.records) == size
        page = await store.notifications(ACCOUNT, which, size, page.next_token)
        found += page.records
    return found


def a_notification(number: int, **changes: Any) -> Notification:
    """One of a second of its own: an even one is an error of another call."""
    one = Notification(
        sid=f"NO{number:032x}",
        account_sid=ACCOUNT,
        call_sid=CallSid(f"CA{1 if number % 2 else 2:032x}"),
        error_code=11200,
        log=number % 2,
        message_text='"log":0',
        message_date=START + timedelta(seconds=number),
    )
    return dataclasses.replace(one, **changes)


@pytest.mark.parametrize(
    ("which", "numbers"),
    [
        (NotificationFilter(), [5, 4, 3, 2, 1]),
        (NotificationFilter(call_sid=CallSid(f"CA{1:032x}")), [5, 3, 1]),
        (NotificationFilter(log=0), [4, 2]),
        (NotificationFilter(log=1, after=START + timedelta(seconds=3)), [5, 3]),
        (NotificationFilter(before=START + timedelta(seconds=3)), [2, 1]),
        (NotificationFilter(call_sid=CallSid(f"CA{9:032x}")), []),
    ],
)
def test_notifications(on_store: Runner, which: NotificationFilter, numbers: list[int]) -> None:
    """Of an account or of one call, newest first, errors or warnings, on whatever page; one by its SID."""

    async def scenario(store: Store) -> None:
        made = [a_notification(number) for number in range(1, 6)]
        for one in (*made, a_notification(6, account_sid=OTHER)):
            store.add_notification(one)
        assert await notices(store, which) == [a_notification(number) for number in numbers]
        assert await store.notification(ACCOUNT, made[0].sid) == made[0]
        assert await store.notification(OTHER, made[0].sid) is None
        with pytest.raises(BadPageToken):
            await store.notifications(ACCOUNT, which, 2, "what?")

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
        assert [one.error_code for one in await notices(store, NotificationFilter(call_sid=sid))] == [12200, 11200]
        assert [entry.summary for entry in await store.timeline(sid)] == ["11200", "12200"]
        assert not await store.delete_call(OTHER, sid)
        assert await store.delete_call(ACCOUNT, sid)
        assert not await store.delete_call(ACCOUNT, sid)
        assert await store.call(ACCOUNT, sid) is None
        assert await notices(store, NotificationFilter(call_sid=sid)) == []
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
        assert await everything(store) == [done, a_recording(2, 2), a_recording(1)]
        of_call = RecordingFilter(call_sid=CallSid(f"CA{1:032x}"))
        assert await everything(store, of_call) == [done, a_recording(1)]
        assert {one.sid for one in await store.unfinished_recordings()} == {
            a_recording(number).sid for number in (1, 2, 4)
        }
        assert await store.recording(ACCOUNT, done.sid) == done
        assert await store.recording(OTHER, done.sid) is None
        assert not await store.delete_recording(OTHER, done.sid, START, START)
        assert await store.delete_recording(ACCOUNT, done.sid, START, START)
        assert not await store.delete_recording(ACCOUNT, done.sid, START, START)
        assert await store.recording(ACCOUNT, done.sid) is None
        assert await everything(store) == [a_recording(2, 2), a_recording(1)]

    on_store(scenario)


async def everything(store: Store, which: RecordingFilter | None = None, size: int = 50) -> list[RecordingRecord]:
    """What all pages of a list of recordings show."""
    page = await store.recordings(ACCOUNT, which or RecordingFilter(), size, None)
    seen = [*page.records]
    while page.next_token is not None:
        assert len(page.records) == size
        page = await store.recordings(ACCOUNT, which or RecordingFilter(), size, page.next_token)
        seen += page.records
    return seen


def test_pages_of_recordings_follow_one_another(on_store: Runner) -> None:
    """Every one is on one page, however many are of the same moment, and though more come meanwhile."""

    async def scenario(store: Store) -> None:
        for number in range(7):
            store.save_recording(a_recording(number, date_created=START))
        sids = [a_recording(number).sid for number in (6, 5, 4, 3, 2, 1, 0)]
        for size in (1, 2, 3, 7, 50):
            assert [one.sid for one in await everything(store, size=size)] == sids
        for token in ("no token", "PA" + a_call(1).sid + "1"):
            with pytest.raises(BadPageToken):
                await store.recordings(ACCOUNT, RecordingFilter(), 2, token)

    on_store(scenario)


def test_what_is_known_of_a_deleted_recording_is_kept_for_a_while(on_store: Runner) -> None:
    """It is shown to who asks for deleted ones, and forgotten once it was deleted too long ago (contract 2 §3.4)."""
    day = timedelta(days=1)

    async def scenario(store: Store) -> None:
        done = a_recording(1, status=RecordingStatus.COMPLETED)
        store.save_recording(done)
        store.save_recording(a_recording(2, status=RecordingStatus.COMPLETED))
        assert await store.delete_recording(ACCOUNT, done.sid, START + day, START)
        deleted = replace(done, status=RecordingStatus.DELETED, date_updated=START + day)
        assert await everything(store, RecordingFilter(deleted_since=START + day)) == [
            a_recording(2, status=RecordingStatus.COMPLETED),
            deleted,
        ]
        assert await store.recording(ACCOUNT, done.sid, START + day) == deleted
        assert await store.recording(ACCOUNT, done.sid, START + 2 * day) is None
        assert await store.delete_recording(ACCOUNT, a_recording(2).sid, START + 3 * day, START + 2 * day)
        assert [one.sid for one in await everything(store, RecordingFilter(deleted_since=START))] == [
            a_recording(2).sid
        ]
        assert list(await store.unfinished_recordings()) == []

    on_store(scenario)


RECORDING_FILTERS = [
    (RecordingFilter(call_sid=CallSid(f"CA{2:032x}")), [2]),
    (RecordingFilter(conference_sid=f"CF{1:032x}"), [3]),
    (RecordingFilter(conference_sid=f"CF{2:032x}"), []),
    (RecordingFilter(created_after=START + timedelta(seconds=3)), [4, 3]),
    (RecordingFilter(created_before=START + timedelta(seconds=3)), [2, 1]),
]


@pytest.mark.parametrize(("which", "numbers"), RECORDING_FILTERS, ids=[str(row[1]) for row in RECORDING_FILTERS])
def test_filters_of_recordings(on_store: Runner, which: RecordingFilter, numbers: list[int]) -> None:
    """At or after, strictly before, on every page."""

    async def scenario(store: Store) -> None:
        changes: dict[int, dict[str, Any]] = {1: {}, 2: {"call": 2}, 3: {"conference_sid": f"CF{1:032x}"}, 4: {}}
        for number, change in changes.items():
            store.save_recording(a_recording(number, **change))
        sids = [a_recording(number).sid for number in numbers]
        assert [one.sid for one in await everything(store, which, 1)] == sids

    on_store(scenario)
