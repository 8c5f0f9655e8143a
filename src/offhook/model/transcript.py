"""What a recording was understood to say: the Transcription of a recording (contract 1 §7, contract 2 §1.8)."""

from datetime import datetime
from enum import Enum

import msgspec

from offhook.model.call import WebhookTarget
from offhook.model.sids import AccountSid, CallSid


class TranscriptStatus(Enum):
    """Where it stands; the value is the API's word."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    FAILED = "failed"


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """One of them; `duration` is the recording's in seconds, `attempts` how often its understanding was begun."""

    sid: str
    account_sid: AccountSid
    call_sid: CallSid
    recording_sid: str
    status: TranscriptStatus
    date_created: datetime
    date_updated: datetime
    duration: int
    text: str = ""
    callback: WebhookTarget | None = None
    attempts: int = 0
