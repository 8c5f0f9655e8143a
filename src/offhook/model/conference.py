"""Conferences and who is in them, as the API shows them (contract 2 §7)."""

from datetime import datetime
from enum import Enum

import msgspec

from offhook.model.sids import AccountSid, CallSid


class ConferenceStatus(Enum):
    """Where a conference stands; the value is the API's word."""

    INIT = "init"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"


class ParticipantStatus(Enum):
    """Where the call of a participant stands; the value is the API's word."""

    QUEUED = "queued"
    CONNECTING = "connecting"
    RINGING = "ringing"
    CONNECTED = "connected"
    COMPLETE = "complete"
    FAILED = "failed"


class ReasonEnded(Enum):
    """What ended a conference; the value is the API's word."""

    BY_API = "conference-ended-via-api"
    LAST_LEFT = "last-participant-left"
    LAST_KICKED = "last-participant-kicked"
    MODERATOR_LEFT = "participant-with-end-conference-on-exit-left"
    MODERATOR_KICKED = "participant-with-end-conference-on-exit-kicked"


class ConferenceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One conference; why it ended, and by whose call, once it has."""

    sid: str
    account_sid: AccountSid
    friendly_name: str
    status: ConferenceStatus
    date_created: datetime
    date_updated: datetime
    region: str = "us1"
    reason_ended: ReasonEnded | None = None
    ending_call_sid: CallSid | None = None


class ParticipantRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call in a conference. `label` is unique in it, `coached_call_sid` whom it coaches; `queue_time` in ms."""

    conference_sid: str
    call_sid: CallSid
    account_sid: AccountSid
    status: ParticipantStatus
    date_created: datetime
    date_updated: datetime
    label: str | None = None
    is_muted: bool = False
    is_held: bool = False
    coached_call_sid: CallSid | None = None
    starts_conference: bool = True
    ends_conference: bool = False
    queue_time: int = 0
