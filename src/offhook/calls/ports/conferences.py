"""Where conferences and who is in them are written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from offhook.model.conference import ConferenceRecord, ConferenceStatus, ParticipantRecord
from offhook.model.sids import AccountSid, CallSid


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceFilter:
    """Which conferences a list shows (contract 2 §7)."""

    friendly_name: str | None = None
    status: ConferenceStatus | None = None
    created_after: datetime | None = None  # at or after
    created_before: datetime | None = None  # strictly before
    updated_after: datetime | None = None
    updated_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantFilter:
    """Which participants a list shows; None for either."""

    is_muted: bool | None = None
    is_held: bool | None = None
    is_coaching: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferencePage:
    """One page of conferences, newest first; `next_token` is None at the end."""

    records: Sequence[ConferenceRecord]
    next_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantPage:
    """One page of participants, newest first; `next_token` is None at the end."""

    records: Sequence[ParticipantRecord]
    next_token: str | None


class ConferenceStore(Protocol):
    """Conferences that outlive the process; satisfied by store.conferences."""

    def save(self, conference: ConferenceRecord) -> None:
        """Write a new one or a newer state, without waiting."""

    def save_participant(self, participant: ParticipantRecord) -> None:
        """Write a new one or a newer state, without waiting."""

    def remove_participant(self, conference_sid: str, call_sid: CallSid) -> None:
        """Forget one that has left, without waiting."""

    async def fetch(self, account_sid: AccountSid, sid: str) -> ConferenceRecord | None:
        """The newest state of one. Raises StoreFailed."""

    async def page(
        self, account_sid: AccountSid, which: ConferenceFilter, size: int, token: str | None
    ) -> ConferencePage:
        """One page, newest first. Raises BadPageToken, StoreFailed."""

    async def unfinished(self) -> Sequence[ConferenceRecord]:
        """Those that are not completed, oldest first. Raises StoreFailed."""

    async def participant(self, conference_sid: str, call_sid_or_label: str) -> ParticipantRecord | None:
        """One by its call or by its label. Raises StoreFailed."""

    async def participants(
        self, conference_sid: str, which: ParticipantFilter, size: int, token: str | None
    ) -> ParticipantPage:
        """One page, newest first. Raises BadPageToken, StoreFailed."""
