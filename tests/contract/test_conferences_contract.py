"""What keeps conferences and who is in them, in the store and in memory: one contract for both."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from offhook.calls.errors import BadPageToken
from offhook.calls.ports import ConferenceFilter, ConferenceStore, ParticipantFilter
from offhook.model.conference import (
    ConferenceRecord,
    ConferenceStatus,
    ParticipantRecord,
    ParticipantStatus,
    ReasonEnded,
)
from offhook.model.sids import AccountSid, CallSid
from offhook.store.sqlite import open_store
from offhook.testing.conferences import MemoryConferences

pytestmark = pytest.mark.asyncio

OURS, THEIRS = AccountSid("AC" + "1" * 32), AccountSid("AC" + "2" * 32)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOM = f"CF{1:032x}"


@pytest_asyncio.fixture(params=["store", "memory"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ConferenceStore]:
    """An empty one of each kind."""
    if request.param == "memory":
        yield MemoryConferences()
        return
    store = await open_store(tmp_path / "some.db")
    yield store.conferences
    await store.close()


def conference(number: int, *, name: str = "room", owner: AccountSid = OURS) -> ConferenceRecord:
    """One that began so many hours after noon."""
    begun = NOON + timedelta(hours=number)
    return ConferenceRecord(
        sid=f"CF{number:032x}",
        account_sid=owner,
        friendly_name=name,
        status=ConferenceStatus.IN_PROGRESS,
        date_created=begun,
        date_updated=begun,
    )


def participant(number: int, *, room: str = ROOM, label: str | None = None) -> ParticipantRecord:
    """One that came at noon."""
    return ParticipantRecord(
        conference_sid=room,
        call_sid=CallSid(f"CA{number:032x}"),
        account_sid=OURS,
        status=ParticipantStatus.CONNECTED,
        date_created=NOON,
        date_updated=NOON,
        label=label,
    )


async def shown(kept: ConferenceStore, which: ConferenceFilter, size: int = 2) -> list[int]:
    """The numbers of those of every page."""
    page = await kept.page(OURS, which, size, None)
    found = [*page.records]
    while page.next_token is not None:
        page = await kept.page(OURS, which, size, page.next_token)
        found += page.records
    return [int(one.sid[-2:]) for one in found]


async def present(kept: ConferenceStore, which: ParticipantFilter, size: int = 2) -> list[int]:
    """The numbers of those in the room, on every page."""
    page = await kept.participants(ROOM, which, size, None)
    found = [*page.records]
    while page.next_token is not None:
        page = await kept.participants(ROOM, which, size, page.next_token)
        found += page.records
    return [int(one.call_sid[-2:]) for one in found]


async def test_a_conference_comes_back_as_it_was(kept: ConferenceStore) -> None:
    """Saved, saved again; other accounts have none of it; what is over is not unfinished."""
    one = conference(1)
    kept.save(one)
    assert await kept.fetch(OURS, one.sid) == one
    assert await kept.unfinished() == [one]
    over = replace(
        one,
        status=ConferenceStatus.COMPLETED,
        reason_ended=ReasonEnded.MODERATOR_LEFT,
        ending_call_sid=CallSid(f"CA{1:032x}"),
        date_updated=NOON + timedelta(days=1),
    )
    kept.save(over)
    assert await kept.fetch(OURS, one.sid) == over
    assert await kept.fetch(THEIRS, one.sid) is None
    assert await kept.unfinished() == []


async def test_conferences_by_name_status_and_date(kept: ConferenceStore) -> None:
    """Newest first over pages; periods are from, and strictly before."""
    for number in range(5):
        kept.save(conference(number, name="odd" if number % 2 else "even"))
    kept.save(conference(9, owner=THEIRS))
    kept.save(
        replace(conference(1, name="odd"), status=ConferenceStatus.COMPLETED, date_updated=NOON + timedelta(hours=8))
    )
    assert await shown(kept, ConferenceFilter()) == [4, 3, 2, 1, 0]
    assert await shown(kept, ConferenceFilter(friendly_name="odd")) == [3, 1]
    assert await shown(kept, ConferenceFilter(status=ConferenceStatus.COMPLETED)) == [1]
    after, before = NOON + timedelta(hours=1), NOON + timedelta(hours=3)
    assert await shown(kept, ConferenceFilter(created_after=after, created_before=before)) == [2, 1]
    assert await shown(kept, ConferenceFilter(updated_after=after, updated_before=before)) == [2]
    with pytest.raises(BadPageToken):
        await kept.page(OURS, ConferenceFilter(), 2, "nonsense")


async def test_participants_of_a_room(kept: ConferenceStore) -> None:
    """By call and by label, by how they are, and none that have left; other rooms have their own."""
    for number in range(1, 4):
        kept.save_participant(participant(number, label="boss" if number == 1 else None))
    kept.save_participant(participant(8, room=f"CF{2:032x}", label="boss"))
    muted = replace(participant(2), is_muted=True, is_held=True, coached_call_sid=CallSid(f"CA{1:032x}"))
    kept.save_participant(muted)
    assert await present(kept, ParticipantFilter()) == [3, 2, 1]
    for which in (
        ParticipantFilter(is_muted=True),
        ParticipantFilter(is_held=True),
        ParticipantFilter(is_coaching=True),
    ):
        assert await present(kept, which) == [2]
    assert await present(kept, ParticipantFilter(is_muted=False)) == [3, 1]
    assert await kept.participant(ROOM, "boss") == participant(1, label="boss")
    assert await kept.participant(ROOM, muted.call_sid) == muted
    kept.remove_participant(ROOM, muted.call_sid)
    assert await kept.participant(ROOM, muted.call_sid) is None
    assert await present(kept, ParticipantFilter()) == [3, 1]
    with pytest.raises(BadPageToken):
        await kept.participants(ROOM, ParticipantFilter(), 2, "nonsense")


async def test_a_label_that_looks_like_the_sid_of_another_call(kept: ConferenceStore) -> None:
    """The call goes before the label."""
    first, second = participant(1, label=f"CA{2:032x}"), participant(2)
    kept.save_participant(first)
    kept.save_participant(second)
    assert await kept.participant(ROOM, second.call_sid) == second
