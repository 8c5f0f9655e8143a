"""The table of transcripts of recordings, on the store's connection; satisfies calls.ports.TranscriptStore.

Statements keep to what SQLite and PostgreSQL share.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from offhook.calls.ports import TranscriptPage
from offhook.model.sids import AccountSid
from offhook.model.transcript import Transcript, TranscriptStatus
from offhook.store.paging import microseconds, page_query, position, token_of
from offhook.store.writer import Writer

PREFIX = "TR"
INSERT = (
    "INSERT INTO transcript (sid, account_sid, recording_sid, date_created, is_final, record) VALUES (?, ?, ?, ?, ?, ?)"
)
UPDATE = "UPDATE transcript SET is_final = ?, record = ? WHERE sid = ?"
SELECT = "SELECT record FROM transcript WHERE account_sid = ? AND sid = ?"
SELECT_UNFINISHED = "SELECT record FROM transcript WHERE is_final = 0 ORDER BY date_created, sid"
DELETE = "DELETE FROM transcript WHERE account_sid = ? AND sid = ?"

_decoder = msgspec.json.Decoder(Transcript)


class TranscriptTable:
    """Rows by SID; every method is called on the event loop."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def add(self, transcript: Transcript) -> None:
        """Write a new one, without waiting."""
        sids = (transcript.sid, transcript.account_sid, transcript.recording_sid)
        values = (*sids, microseconds(transcript.date_created), _is_final(transcript), _encode(transcript))
        self._writer.post(lambda connection: connection.execute(INSERT, values))

    def save(self, transcript: Transcript) -> None:
        """Write a newer state, without waiting; one that was deleted stays deleted."""
        values = (_is_final(transcript), _encode(transcript), transcript.sid)
        self._writer.post(lambda connection: connection.execute(UPDATE, values))

    async def fetch(self, account_sid: AccountSid, sid: str) -> Transcript | None:
        """The newest state of one. Raises StoreFailed."""
        values = (account_sid, sid)
        row = await self._writer.read(lambda connection: connection.execute(SELECT, values).fetchone())
        return None if row is None else _decoder.decode(row[0])

    async def page(
        self, account_sid: AccountSid, recording_sid: str | None, size: int, token: str | None
    ) -> TranscriptPage:
        """One page, newest first. Raises BadPageToken, StoreFailed."""
        conditions: list[tuple[str, Any]] = [("account_sid = ?", account_sid)]
        if recording_sid is not None:
            conditions.append(("recording_sid = ?", recording_sid))
        after = None if token is None else position(token, PREFIX)
        statement, values = page_query("transcript", conditions, size, after)
        rows = await self._writer.read(lambda connection: connection.execute(statement, values).fetchall())
        found = [_decoder.decode(row[0]) for row in rows[:size]]
        rest = token_of(found[-1].sid, found[-1].date_created) if len(rows) > size else None
        return TranscriptPage(records=found, next_token=rest)

    async def delete(self, account_sid: AccountSid, sid: str) -> bool:
        """Forget one; False when there is none. Raises StoreFailed."""
        values = (account_sid, sid)
        return await self._writer.write(lambda connection: connection.execute(DELETE, values).rowcount > 0)

    async def unfinished(self) -> Sequence[Transcript]:
        """Those in progress, oldest first. Raises StoreFailed."""
        rows = await self._writer.read(lambda connection: connection.execute(SELECT_UNFINISHED).fetchall())
        return [_decoder.decode(row[0]) for row in rows]


def _is_final(transcript: Transcript) -> int:
    return int(transcript.status is not TranscriptStatus.IN_PROGRESS)


def _encode(transcript: Transcript) -> str:
    return msgspec.json.encode(transcript).decode()
