"""Who has whole recordings understood, and where what they say is written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from offhook.model.recording import RecordingRecord
from offhook.model.sids import AccountSid
from offhook.model.transcript import Transcript


class Transcriber(Protocol):
    """Has recordings understood, beside the calls; satisfied by calls.transcriber."""

    def begin(self, recording: RecordingRecord, seconds: float) -> None:
        """Have a recording of so many seconds understood that is complete. Returns at once, and never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptPage:
    """One page of transcripts, newest first; `next_token` is None at the end."""

    records: Sequence[Transcript]
    next_token: str | None


class TranscriptStore(Protocol):
    """Transcripts that outlive the process; satisfied by store.transcripts and testing.transcripts."""

    def add(self, transcript: Transcript) -> None:
        """Write a new one, without waiting."""

    def save(self, transcript: Transcript) -> None:
        """Write a newer state, without waiting; one that was deleted stays deleted."""

    async def fetch(self, account_sid: AccountSid, sid: str) -> Transcript | None:
        """The newest state of one. Raises StoreFailed."""

    async def page(
        self, account_sid: AccountSid, recording_sid: str | None, size: int, token: str | None
    ) -> TranscriptPage:
        """One page of those of an account, or of a recording. Raises BadPageToken, StoreFailed."""

    async def delete(self, account_sid: AccountSid, sid: str) -> bool:
        """Forget one; False when there is none. Raises StoreFailed."""

    async def unfinished(self) -> Sequence[Transcript]:
        """Those in progress, oldest first. Raises StoreFailed."""
