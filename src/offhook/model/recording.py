"""A recording as the API shows it (contract 2 §3)."""

from datetime import datetime
from enum import Enum

import msgspec

from offhook.model.call import WebhookTarget
from offhook.model.sids import AccountSid, CallSid


class RecordingStatus(Enum):
    """Where a recording stands; the value is the API's word."""

    IN_PROGRESS = "in-progress"
    PAUSED = "paused"
    STOPPED = "stopped"
    PROCESSING = "processing"
    COMPLETED = "completed"
    ABSENT = "absent"
    DELETED = "deleted"

    @property
    def is_final(self) -> bool:
        """Whether nothing of it changes any more."""
        return self in {RecordingStatus.COMPLETED, RecordingStatus.ABSENT, RecordingStatus.DELETED}

    @property
    def is_running(self) -> bool:
        """Whether more may come."""
        return self in {RecordingStatus.IN_PROGRESS, RecordingStatus.PAUSED}


class RecordingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One recording; `duration` in seconds once it is complete, `source` and `track` in the API's words.

    What `is_transcribed` is understood when it is complete, and `transcribe_callback` is told.
    """

    sid: str
    account_sid: AccountSid
    call_sid: CallSid
    status: RecordingStatus
    source: str
    channels: int
    track: str
    date_created: datetime
    date_updated: datetime
    start_time: datetime | None = None
    duration: int | None = None
    error_code: int | None = None
    conference_sid: str | None = None
    is_transcribed: bool = False
    transcribe_callback: WebhookTarget | None = None
