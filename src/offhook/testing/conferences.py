"""Conferences in memory: a verified fake of store.conferences."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from offhook.calls.errors import BadPageToken
from offhook.calls.ports import ConferenceFilter, ConferencePage, ParticipantFilter, ParticipantPage
from offhook.model.conference import ConferenceRecord, ConferenceStatus, ParticipantRecord
from offhook.model.sids import AccountSid, CallSid

Record = TypeVar("Record", ConferenceRecord, ParticipantRecord)


class MemoryConferences:
    """Satisfies calls.ports.ConferenceStore; `kept` by SID, `present` by conference and call."""

    def __init__(self) -> None:
        self.kept: dict[str, ConferenceRecord] = {}
        self.present: dict[tuple[str, CallSid], ParticipantRecord] = {}

    def save(self, conference: ConferenceRecord) -> None:
        """Keep a new one or a newer state."""
        self.kept[conference.sid] = conference

    def save_participant(self, participant: ParticipantRecord) -> None:
        """Keep a new one or a newer state."""
        self.present[participant.conference_sid, participant.call_sid] = participant

    def remove_participant(self, conference_sid: str, call_sid: CallSid) -> None:
        """Forget one that has left."""
        self.present.pop((conference_sid, call_sid), None)

    async def fetch(self, account_sid: AccountSid, sid: str) -> ConferenceRecord | None:
        """The newest state of one."""
        found = self.kept.get(sid)
        return found if found is not None and found.account_sid == account_sid else None

    async def page(
        self, account_sid: AccountSid, which: ConferenceFilter, size: int, token: str | None
    ) -> ConferencePage:
        """One page, newest first; the token is the position. Raises BadPageToken."""

        def fits(one: ConferenceRecord) -> bool:
            return (
                one.account_sid == account_sid
                and which.friendly_name in {None, one.friendly_name}
                and which.status in {None, one.status}
                and (which.created_after is None or which.created_after <= one.date_created)
                and (which.created_before is None or one.date_created < which.created_before)
                and (which.updated_after is None or which.updated_after <= one.date_updated)
                and (which.updated_before is None or one.date_updated < which.updated_before)
            )

        newest = sorted(self.kept.values(), key=lambda one: (one.date_created, one.sid), reverse=True)
        records, rest = _cut(newest, fits, size, token)
        return ConferencePage(records=records, next_token=rest)

    async def unfinished(self) -> Sequence[ConferenceRecord]:
        """Those that are not completed, oldest first."""
        open_ = [one for one in self.kept.values() if one.status is not ConferenceStatus.COMPLETED]
        return sorted(open_, key=lambda one: (one.date_created, one.sid))

    async def participant(self, conference_sid: str, call_sid_or_label: str) -> ParticipantRecord | None:
        """One by its call or by its label."""
        found = self.present.get((conference_sid, CallSid(call_sid_or_label)))
        present = [one for one in self.present.values() if one.conference_sid == conference_sid]
        return found or next((one for one in present if one.label == call_sid_or_label), None)

    async def participants(
        self, conference_sid: str, which: ParticipantFilter, size: int, token: str | None
    ) -> ParticipantPage:
        """One page, newest first; the token is the position. Raises BadPageToken."""

        def fits(one: ParticipantRecord) -> bool:
            return (
                one.conference_sid == conference_sid
                and which.is_muted in {None, one.is_muted}
                and which.is_held in {None, one.is_held}
                and which.is_coaching in {None, one.coached_call_sid is not None}
            )

        newest = sorted(self.present.values(), key=lambda one: (one.date_created, one.call_sid), reverse=True)
        records, rest = _cut(newest, fits, size, token)
        return ParticipantPage(records=records, next_token=rest)


def _cut(
    newest: Sequence[Record], fits: Callable[[Record], bool], size: int, token: str | None
) -> tuple[Sequence[Record], str | None]:
    if token is not None and not token.isdecimal():
        raise BadPageToken(f"{token!r} is not a page token of this store")
    begin = int(token or 0)
    found = [one for one in newest if fits(one)]
    rest = str(begin + size) if begin + size < len(found) else None
    return found[begin : begin + size], rest
