"""What keeps transcripts, in the store and in memory: one contract for both."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from offhook.calls.errors import BadPageToken
from offhook.calls.ports import TranscriptStore
from offhook.model.call import WebhookTarget
from offhook.model.sids import AccountSid, CallSid
from offhook.model.transcript import Transcript, TranscriptStatus
from offhook.store.sqlite import open_store
from offhook.testing.transcripts import MemoryTranscripts

pytestmark = pytest.mark.asyncio

OURS, THEIRS = AccountSid("AC" + "1" * 32), AccountSid("AC" + "2" * 32)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest_asyncio.fixture(params=["store", "memory"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TranscriptStore]:
    """An empty one of each kind."""
    if request.param == "memory":
        yield MemoryTranscripts()
        return
    store = await open_store(tmp_path / "some.db")
    yield store.transcripts
    await store.close()


def transcript(number: int, *, recording: int = 1, owner: AccountSid = OURS) -> Transcript:
    """One of the same moment as all others."""
    return Transcript(
        sid=f"TR{number:032x}",
        account_sid=owner,
        call_sid=CallSid("CA" + "1" * 32),
        recording_sid=f"RE{recording:032x}",
        status=TranscriptStatus.IN_PROGRESS,
        date_created=NOON,
        date_updated=NOON,
        duration=7,
        callback=WebhookTarget(url="https://a.example/told"),
    )


async def sids(kept: TranscriptStore, recording: str | None, size: int) -> list[str]:
    """Those of every page."""
    page = await kept.page(OURS, recording, size, None)
    found = [*page.records]
    while page.next_token is not None:
        page = await kept.page(OURS, recording, size, page.next_token)
        found += page.records
    return [one.sid for one in found]


async def test_one_comes_back_as_it_was(kept: TranscriptStore) -> None:
    """Added, saved, deleted, and then gone for good; other accounts have none of it."""
    one = transcript(1)
    kept.add(one)
    assert await kept.fetch(OURS, one.sid) == one
    assert await kept.unfinished() == [one]
    done = replace(one, status=TranscriptStatus.COMPLETED, text="naïve ☎", attempts=1)
    kept.save(done)
    assert await kept.fetch(OURS, one.sid) == done
    assert await kept.fetch(THEIRS, one.sid) is None
    assert await kept.unfinished() == []
    assert not await kept.delete(THEIRS, one.sid)
    assert await kept.delete(OURS, one.sid)
    assert not await kept.delete(OURS, one.sid)
    kept.save(done)
    assert await kept.fetch(OURS, one.sid) is None


async def test_pages_follow_one_another(kept: TranscriptStore) -> None:
    """Newest first, of an account and of a recording, whatever the size of a page."""
    for number in range(6):
        kept.add(transcript(number, recording=number % 2))
    kept.add(transcript(6, owner=THEIRS))
    for size in (1, 2, 6, 50):
        assert await sids(kept, None, size) == [transcript(number).sid for number in (5, 4, 3, 2, 1, 0)]
        assert await sids(kept, transcript(0, recording=1).recording_sid, size) == [
            transcript(number).sid for number in (5, 3, 1)
        ]
    for token in ("no token", f"PARE{1:032x}1"):
        with pytest.raises(BadPageToken):
            await kept.page(OURS, None, 2, token)
