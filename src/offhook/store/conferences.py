"""The tables of conferences and of who is in them, on the store's connection; satisfies calls.ports.ConferenceStore.

Statements keep to what SQLite and PostgreSQL share.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from offhook.calls.ports import ConferenceFilter, ConferencePage, ParticipantFilter, ParticipantPage
from offhook.model.conference import ConferenceRecord, ParticipantRecord
from offhook.model.sids import CALL, AccountSid, CallSid
from offhook.store.paging import microseconds, page_query, position, token_of
from offhook.store.writer import Writer

PREFIX = "CF"
SAVE = (
    "INSERT INTO conference (sid, account_sid, friendly_name, status, date_created, date_updated, record)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (sid) DO UPDATE SET"
    " status = excluded.status, date_updated = excluded.date_updated, record = excluded.record"
)
SELECT = "SELECT record FROM conference WHERE account_sid = ? AND sid = ?"
SELECT_UNFINISHED = "SELECT record FROM conference WHERE status <> 'completed' ORDER BY date_created, sid"
SAVE_PARTICIPANT = (
    "INSERT INTO participant (conference_sid, sid, label, is_muted, is_held, is_coaching, date_created, record)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (conference_sid, sid) DO UPDATE SET label = excluded.label, is_muted = excluded.is_muted,"
    " is_held = excluded.is_held, is_coaching = excluded.is_coaching, record = excluded.record"
)
SELECT_PARTICIPANT = "SELECT record FROM participant WHERE conference_sid = ? AND (sid = ? OR label = ?)"
DELETE_PARTICIPANT = "DELETE FROM participant WHERE conference_sid = ? AND sid = ?"

_conferences = msgspec.json.Decoder(ConferenceRecord)
_participants = msgspec.json.Decoder(ParticipantRecord)


class ConferenceTable:
    """Rows by SID, and by conference and call; every method is called on the event loop."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def save(self, conference: ConferenceRecord) -> None:
        """Write a new one or a newer state, without waiting."""
        values = (
            *(conference.sid, conference.account_sid, conference.friendly_name, conference.status.value),
            *(microseconds(conference.date_created), microseconds(conference.date_updated), _encode(conference)),
        )
        self._writer.post(lambda connection: connection.execute(SAVE, values))

    def save_participant(self, participant: ParticipantRecord) -> None:
        """Write a new one or a newer state, without waiting."""
        values = (
            *(participant.conference_sid, participant.call_sid, participant.label),
            *(int(participant.is_muted), int(participant.is_held), int(participant.coached_call_sid is not None)),
            *(microseconds(participant.date_created), _encode(participant)),
        )
        self._writer.post(lambda connection: connection.execute(SAVE_PARTICIPANT, values))

    def remove_participant(self, conference_sid: str, call_sid: CallSid) -> None:
        """Forget one that has left, without waiting."""
        values = (conference_sid, call_sid)
        self._writer.post(lambda connection: connection.execute(DELETE_PARTICIPANT, values))

    async def fetch(self, account_sid: AccountSid, sid: str) -> ConferenceRecord | None:
        """The newest state of one. Raises StoreFailed."""
        rows = await self._rows(SELECT, (account_sid, sid))
        return _conferences.decode(rows[0][0]) if rows else None

    async def page(
        self, account_sid: AccountSid, which: ConferenceFilter, size: int, token: str | None
    ) -> ConferencePage:
        """One page, newest first. Raises BadPageToken, StoreFailed."""
        asked = {
            "account_sid = ?": account_sid,
            "friendly_name = ?": which.friendly_name,
            "status = ?": None if which.status is None else which.status.value,
            "date_created >= ?": _when(which.created_after),
            "date_created < ?": _when(which.created_before),
            "date_updated >= ?": _when(which.updated_after),
            "date_updated < ?": _when(which.updated_before),
        }
        after = None if token is None else position(token, PREFIX)
        rows = await self._rows(*page_query("conference", _given(asked), size, after))
        found = [_conferences.decode(row[0]) for row in rows[:size]]
        rest = token_of(found[-1].sid, found[-1].date_created) if len(rows) > size else None
        return ConferencePage(records=found, next_token=rest)

    async def unfinished(self) -> Sequence[ConferenceRecord]:
        """Those that are not completed, oldest first. Raises StoreFailed."""
        return [_conferences.decode(row[0]) for row in await self._rows(SELECT_UNFINISHED, ())]

    async def participant(self, conference_sid: str, call_sid_or_label: str) -> ParticipantRecord | None:
        """One by its call or by its label. Raises StoreFailed."""
        rows = await self._rows(SELECT_PARTICIPANT, (conference_sid, call_sid_or_label, call_sid_or_label))
        found = [_participants.decode(row[0]) for row in rows]
        by_call = [one for one in found if one.call_sid == call_sid_or_label]  # a label may look like another's SID
        return next(iter(by_call or found), None)

    async def participants(
        self, conference_sid: str, which: ParticipantFilter, size: int, token: str | None
    ) -> ParticipantPage:
        """One page, newest first. Raises BadPageToken, StoreFailed."""
        asked = {
            "conference_sid = ?": conference_sid,
            "is_muted = ?": which.is_muted,
            "is_held = ?": which.is_held,
            "is_coaching = ?": which.is_coaching,
        }
        after = None if token is None else position(token, CALL)
        rows = await self._rows(*page_query("participant", _given(asked), size, after))
        found = [_participants.decode(row[0]) for row in rows[:size]]
        rest = token_of(found[-1].call_sid, found[-1].date_created) if len(rows) > size else None
        return ParticipantPage(records=found, next_token=rest)

    async def _rows(self, statement: str, values: Sequence[Any]) -> Sequence[Sequence[str]]:
        return await self._writer.read(lambda connection: connection.execute(statement, values).fetchall())


def _given(asked: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What is asked for; truths as the numbers that rows have."""
    return [
        (clause, int(value) if isinstance(value, bool) else value)
        for clause, value in asked.items()
        if value is not None
    ]


def _when(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)


def _encode(record: ConferenceRecord | ParticipantRecord) -> str:
    return msgspec.json.encode(record).decode()
