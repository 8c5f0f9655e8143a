"""What an earlier process had not transcribed to the end is begun anew when the platform starts."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from whole_platform import ACCOUNT, running_platform, sdk

from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.model.sids import CallSid
from offhook.model.transcript import Transcript, TranscriptStatus
from offhook.net.recording_files import RecordingFolder
from offhook.store.sqlite import open_store

pytestmark = [pytest.mark.asyncio, pytest.mark.slow, pytest.mark.timeout(30)]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SID = "RE" + "1" * 32


async def leave(folder: Path) -> None:
    """Three seconds of silence, and a transcription of them that was not finished."""
    recordings = RecordingFolder(folder / "recordings")
    file = recordings.create(SID, 1)
    file.append(bytes(48_000))
    await file.finish()
    await recordings.close()
    store = await open_store(folder / "offhook.db")
    call = CallSid("CA" + "1" * 32)
    store.save_recording(
        RecordingRecord(
            sid=SID,
            account_sid=ACCOUNT,
            call_sid=call,
            status=RecordingStatus.COMPLETED,
            source="RecordVerb",
            channels=1,
            track="inbound",
            date_created=NOON,
            date_updated=NOON,
            duration=3,
            is_transcribed=True,
        )
    )
    store.transcripts.add(
        Transcript(
            sid=SID.replace("RE", "TR"),
            account_sid=ACCOUNT,
            call_sid=call,
            recording_sid=SID,
            status=TranscriptStatus.IN_PROGRESS,
            date_created=NOON,
            date_updated=NOON,
            duration=3,
        )
    )
    await store.close()


async def test_the_next_process_goes_on(tmp_path: Path) -> None:
    """The recogniser of this machine finds nothing in silence: it has failed, as the SDK reads."""
    await leave(tmp_path)

    def ended(client: Any) -> Any:
        (one,) = client.recordings(SID).transcriptions.list()
        return one if one.status != "in-progress" else None

    async with running_platform(tmp_path) as platform, sdk(platform) as twilio, asyncio.timeout(20):
        while (one := await twilio.run(ended)) is None:
            pass
        assert (one.status, one.transcription_text, one.duration) == ("failed", "", "3")
