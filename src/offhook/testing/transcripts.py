"""Transcripts in memory: a verified fake of store.transcripts."""

from collections.abc import Sequence

from offhook.calls.errors import BadPageToken
from offhook.calls.ports import TranscriptPage
from offhook.model.sids import AccountSid
from offhook.model.transcript import Transcript, TranscriptStatus


class MemoryTranscripts:
    """Satisfies calls.ports.TranscriptStore; `kept` by SID."""

    def __init__(self) -> None:
        self.kept: dict[str, Transcript] = {}

    def add(self, transcript: Transcript) -> None:
        """Keep a new one."""
        self.kept[transcript.sid] = transcript

    def save(self, transcript: Transcript) -> None:
        """Keep a newer state, unless it was deleted."""
        if transcript.sid in self.kept:
            self.kept[transcript.sid] = transcript

    async def fetch(self, account_sid: AccountSid, sid: str) -> Transcript | None:
        """The newest state of one."""
        found = self.kept.get(sid)
        return found if found is not None and found.account_sid == account_sid else None

    async def page(
        self, account_sid: AccountSid, recording_sid: str | None, size: int, token: str | None
    ) -> TranscriptPage:
        """One page, newest first; the token is the position. Raises BadPageToken."""
        if token is not None and not token.isdecimal():
            raise BadPageToken(f"{token!r} is not a page token of this store")
        shown = [
            one
            for one in reversed(self.kept.values())
            if one.account_sid == account_sid and recording_sid in {None, one.recording_sid}
        ]
        start = int(token or 0)
        end = start + size
        return TranscriptPage(records=shown[start:end], next_token=str(end) if end < len(shown) else None)

    async def delete(self, account_sid: AccountSid, sid: str) -> bool:
        """Forget one; False when there is none."""
        if await self.fetch(account_sid, sid) is None:
            return False
        del self.kept[sid]
        return True

    async def unfinished(self) -> Sequence[Transcript]:
        """Those in progress, oldest first."""
        return [one for one in self.kept.values() if one.status is TranscriptStatus.IN_PROGRESS]
