"""The SQLite store: what was acknowledged is there again, reads see unsaved writes, pages are whole."""

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from offhook.calls.errors import BadPageToken, StoreFailed
from offhook.calls.ports import CallFilter, Notification, NotificationFilter
from offhook.model.call import CallEvent, CallRecord, CallStatus, Direction, HttpMethod, StatusCallback, WebhookTarget
from offhook.model.sids import AccountSid, CallSid
from offhook.model.timeline import Kind, TimelineEntry
from offhook.store.sqlite import SqliteStore, open_store, path_of

ACCOUNT = AccountSid("AC" + "1" * 32)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_call(number: int, **changes: object) -> CallRecord:
    """A call that differs by its number."""
    record = CallRecord(
        sid=CallSid(f"CA{number:032x}"),
        account_sid=ACCOUNT,
        direction=Direction.OUTBOUND_API,
        to="sip:kate@example.com",
        from_="alice",
        status=CallStatus.QUEUED,
        date_created=START + timedelta(microseconds=number),
        date_updated=START,
    )
    return replace(record, **changes)


def an_entry(number: int, sid: CallSid) -> TimelineEntry:
    """A timeline entry that differs by its number."""
    return TimelineEntry(at=START + timedelta(seconds=number), kind=Kind.DIGIT, summary=f"digit {number}", call_sid=sid)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A fresh store."""
    opened = await open_store(tmp_path / "calls.db", timeline_limit=5)
    yield opened
    await opened.close()


@pytest.mark.asyncio
async def test_everything_of_a_record_survives_reopening(tmp_path: Path) -> None:
    """A call with every kind of field set comes back equal from another process's point of view."""
    callback = StatusCallback(
        target=WebhookTarget(url="https://a.example/é", method=HttpMethod.GET),
        events=frozenset({CallEvent.RINGING, CallEvent.COMPLETED}),
    )
    record = a_call(1, status_callback=callback, start_time=START, duration=7, error_code=32011)
    first = await open_store(tmp_path / "sub" / "calls.db")
    await first.create_call(record)
    await first.close()
    second = await open_store(tmp_path / "sub" / "calls.db")
    assert await second.call(ACCOUNT, record.sid) == record
    await second.close()


@pytest.mark.asyncio
async def test_reads_see_what_nobody_waited_for(store: SqliteStore) -> None:
    """save_call is visible to the next read although it was only handed over."""
    await store.create_call(a_call(1))
    store.save_call(a_call(1, status=CallStatus.RINGING))
    store.save_call(a_call(1, status=CallStatus.IN_PROGRESS))
    found = await store.call(ACCOUNT, a_call(1).sid)
    assert found is not None
    assert found.status is CallStatus.IN_PROGRESS


@pytest.mark.asyncio
async def test_a_call_added_without_waiting_is_there(store: SqliteStore) -> None:
    """add_call is visible to the next read."""
    store.add_call(a_call(1))
    assert await store.call(ACCOUNT, a_call(1).sid) == a_call(1)


@pytest.mark.asyncio
async def test_posted_writes_survive_close(tmp_path: Path) -> None:
    """What was handed over before close is written by it."""
    store = await open_store(tmp_path / "calls.db")
    await store.create_call(a_call(1))
    store.save_call(a_call(1, status=CallStatus.COMPLETED))
    store.append_timeline(an_entry(1, a_call(1).sid))
    await store.close()
    await store.close()
    again = await open_store(tmp_path / "calls.db")
    assert await again.unfinished_calls() == []
    assert [entry.summary for entry in await again.timeline(a_call(1).sid)] == ["digit 1"]
    await again.close()


@pytest.mark.asyncio
async def test_accounts_do_not_see_one_another(store: SqliteStore) -> None:
    """A call is found, listed and deleted within its own account only."""
    other = AccountSid("AC" + "2" * 32)
    await store.create_call(a_call(1))
    assert await store.call(other, a_call(1).sid) is None
    assert (await store.calls(other, CallFilter(), 50, None)).records == []
    assert not await store.delete_call(other, a_call(1).sid)
    assert await store.call(ACCOUNT, a_call(1).sid) is not None


@pytest.mark.asyncio
async def test_deleting_takes_all_that_belongs_to_the_call(store: SqliteStore) -> None:
    """After delete_call the call, its timeline and its notifications are gone, and a late save does not revive it."""
    record = a_call(1)
    await store.create_call(record)
    store.append_timeline(an_entry(1, record.sid))
    store.add_notification(
        Notification(
            sid="NO" + "1" * 32,
            account_sid=ACCOUNT,
            call_sid=record.sid,
            error_code=15003,
            log=1,
            message_text="m",
            message_date=START,
        )
    )
    of_call = NotificationFilter(call_sid=record.sid)
    assert len((await store.notifications(ACCOUNT, of_call, 9, None)).records) == 1
    assert await store.delete_call(ACCOUNT, record.sid)
    store.save_call(record)
    assert await store.call(ACCOUNT, record.sid) is None
    assert await store.timeline(record.sid) == []
    assert (await store.notifications(ACCOUNT, of_call, 9, None)).records == []
    assert not await store.delete_call(ACCOUNT, record.sid)


@pytest.mark.asyncio
async def test_timeline_is_in_order_of_time_and_bounded(store: SqliteStore) -> None:
    """Entries come back by time; past the limit one last entry says that the rest is left out."""
    sid = a_call(1).sid
    for number in (3, 1, 2, 5, 4, 6, 7, 8):
        store.append_timeline(an_entry(number, sid))
    summaries = [entry.summary for entry in await store.timeline(sid)]
    assert summaries[:5] == ["digit 1", "digit 2", "digit 3", "digit 4", "digit 5"]
    assert len(summaries) == 6
    assert "timeline is full" in summaries[5]


@pytest.mark.asyncio
async def test_a_timeline_detail_that_is_no_json_is_kept_as_text(store: SqliteStore) -> None:
    """A careless detail does not lose the entry."""
    entry = replace(an_entry(1, a_call(1).sid), detail={"path": Path("x")})
    store.append_timeline(entry)
    assert (await store.timeline(a_call(1).sid))[0].detail == {"path": "x"}


@pytest.mark.asyncio
async def test_a_duplicate_sid_is_refused_alone(store: SqliteStore) -> None:
    """One bad row in a group fails with StoreFailed and its neighbours are written."""
    await store.create_call(a_call(1))
    results = await asyncio.gather(*(store.create_call(a_call(n)) for n in (1, 2, 3)), return_exceptions=True)
    assert isinstance(results[0], StoreFailed)
    assert results[1:] == [None, None]
    assert len((await store.calls(ACCOUNT, CallFilter(), 50, None)).records) == 3


@pytest.mark.asyncio
async def test_many_writers_at_once(store: SqliteStore) -> None:
    """Five hundred creates and saves in flight together are all there, each in its newest state."""

    async def live(number: int) -> None:
        await store.create_call(a_call(number))
        store.save_call(a_call(number, status=CallStatus.COMPLETED))

    await asyncio.gather(*(live(number) for number in range(500)))
    page = await store.calls(ACCOUNT, CallFilter(status="completed"), 1000, None)
    assert [record.sid for record in page.records] == [a_call(n).sid for n in reversed(range(500))]


@pytest.mark.asyncio
async def test_filters(store: SqliteStore) -> None:
    """Each filter narrows the list; times include their lower bound and exclude their upper one."""
    hour = timedelta(hours=1)
    await store.create_call(a_call(1, to="+15550001", start_time=START, end_time=START + hour))
    await store.create_call(a_call(2, from_="bob", parent_call_sid=a_call(1).sid, start_time=START + hour))

    async def numbers(which: CallFilter) -> list[int]:
        return [
            int(record.sid.removeprefix("CA"), 16) for record in (await store.calls(ACCOUNT, which, 50, None)).records
        ]

    assert await numbers(CallFilter()) == [2, 1]
    assert await numbers(CallFilter(to="+15550001")) == [1]
    assert await numbers(CallFilter(from_="bob")) == [2]
    assert await numbers(CallFilter(parent_call_sid=a_call(1).sid)) == [2]
    assert await numbers(CallFilter(status="busy")) == []
    assert await numbers(CallFilter(start_after=START + hour)) == [2]
    assert await numbers(CallFilter(start_before=START + hour)) == [1]
    assert await numbers(CallFilter(end_after=START + hour, end_before=START + 2 * hour)) == [1]
    assert await numbers(CallFilter(end_before=START + hour)) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("token", ["", "PA", "PACA1", "PA" + "CA" + "0" * 32, "PB" + "CA" + "0" * 32 + "1", "💥"])
async def test_a_foreign_page_token_is_refused(store: SqliteStore, token: str) -> None:
    """A token that this store cannot have given out raises BadPageToken (21481)."""
    with pytest.raises(BadPageToken):
        await store.calls(ACCOUNT, CallFilter(), 50, token)


@settings(max_examples=25, deadline=None)
@given(
    created=st.lists(st.integers(0, 6), max_size=25),
    size=st.integers(1, 7),
    deleted=st.sets(st.integers(0, 24)),
    added=st.integers(0, 3),
)
def test_pages_show_every_call_once(created: list[int], size: int, deleted: set[int], added: int) -> None:
    """Walking the pages shows each call once, newest first, while seen calls are deleted and new ones come in."""

    async def walk() -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = await open_store(Path(folder) / "calls.db")
            for number, second in enumerate(created):
                await store.create_call(a_call(number, date_created=START + timedelta(seconds=second)))
            seen: list[CallRecord] = []
            token = None
            while True:
                page = await store.calls(ACCOUNT, CallFilter(), size, token)
                assert len(page.records) <= size
                seen += page.records
                for record in page.records:
                    if int(record.sid.removeprefix("CA"), 16) in deleted:
                        await store.delete_call(ACCOUNT, record.sid)
                token = page.next_token
                if token is None:
                    break
                for number in range(added):
                    newer = START + timedelta(days=1, seconds=len(seen))
                    await store.create_call(a_call(1000 + 10 * len(seen) + number, date_created=newer))
            await store.close()
        assert [(r.date_created, r.sid) for r in seen] == sorted(
            ((START + timedelta(seconds=second), a_call(number).sid) for number, second in enumerate(created)),
            reverse=True,
        )

    asyncio.run(walk())


# The child acknowledges each write on its standard output, and is killed without warning while it works.
_CHILD = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from offhook.model.call import CallRecord, CallStatus, Direction
from offhook.store.sqlite import open_store

async def main():
    store = await open_store(Path(sys.argv[1]))
    now = datetime.now(UTC)
    async def create(number):
        await store.create_call(CallRecord(sid=f"CA{number:032x}", account_sid="AC" + "1" * 32, to="x", from_="y",
            direction=Direction.OUTBOUND_API, status=CallStatus.QUEUED, date_created=now, date_updated=now))
        print(number, flush=True)
    for start in range(0, 10**6, 8):
        await asyncio.gather(*(create(number) for number in range(start, start + 8)))

asyncio.run(main())
"""


@pytest.mark.slow
def test_acknowledged_calls_survive_a_kill(tmp_path: Path) -> None:
    """Every create that was acknowledged before SIGKILL is there afterwards."""
    path = tmp_path / "calls.db"
    with subprocess.Popen([sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE, text=True) as child:  # noqa: S603
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(200)]
        child.kill()
        # The last line may have been cut off by the kill.
        acknowledged += [int(line) for line in child.stdout if line.endswith("\n")]
    connection = sqlite3.connect(path)
    present = {int(row[0].removeprefix("CA"), 16) for row in connection.execute("SELECT sid FROM call_record")}
    connection.close()
    assert len(acknowledged) >= 200
    assert set(acknowledged) <= present


@pytest.mark.asyncio
async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Opening rubbish raises StoreFailed that names the store and the reason."""
    path = tmp_path / "calls.db"
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreFailed, match=r"store calls\.db cannot be opened: file is not a database"):
        await open_store(path)


@pytest.mark.asyncio
async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A database of a later version is left alone."""
    path = tmp_path / "calls.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(StoreFailed, match="use a newer offhook"):
        await open_store(path)


@pytest.mark.asyncio
async def test_a_full_disk_is_reported_and_posted_writes_come_later(tmp_path: Path) -> None:
    """While pages run out creates raise StoreFailed; a posted save is written once there is room again."""
    store = await open_store(tmp_path / "calls.db")
    await store.create_call(a_call(1))

    def limit(pages: int) -> object:
        return store._writer.read(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0])

    await limit(1)  # type: ignore[misc]
    store.save_call(a_call(1, to="sip:" + "x" * 200_000, status=CallStatus.COMPLETED))
    with pytest.raises(StoreFailed, match="full"):
        await store.create_call(a_call(2, to="sip:" + "y" * 200_000))
    await limit(1_000_000)  # type: ignore[misc]
    await store.create_call(a_call(3))
    assert [record.sid for record in await store.unfinished_calls()] == [a_call(3).sid]
    await store.close()


@pytest.mark.asyncio
async def test_the_thread_outlives_a_faulty_job(store: SqliteStore) -> None:
    """A job that raises something unforeseen is answered with StoreFailed and the next one is served."""

    def faulty(_: sqlite3.Connection) -> None:
        raise RuntimeError("unforeseen")

    with pytest.raises(StoreFailed, match="unforeseen"):
        await store._writer.write(faulty)
    await store.create_call(a_call(1))


@pytest.mark.asyncio
async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    """After close, reads and writes raise StoreFailed and posts are dropped."""
    store = await open_store(tmp_path / "calls.db")
    await store.close()
    store.save_call(a_call(1))
    with pytest.raises(StoreFailed, match="is closed"):
        await store.call(ACCOUNT, a_call(1).sid)


def test_store_urls() -> None:
    """Three slashes are relative to the data folder, four are absolute, anything else is refused."""
    folder = Path("/var/lib/offhook")
    assert path_of("sqlite:///offhook.db", folder) == folder / "offhook.db"
    assert path_of("sqlite:////srv/a%20b.db", folder) == Path("/srv/a b.db")
    with pytest.raises(StoreFailed, match="sqlite:///offhook"):
        path_of("postgresql://db/offhook", folder)
