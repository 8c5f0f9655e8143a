"""The record of a call as the API shows it, and the table of its status (contract 1 §1.4, §1.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType

import msgspec

from offhook.model.ending import CallEnding
from offhook.model.sids import AccountSid, CallSid


class CallStatus(Enum):
    """What the API says of a call; `initiated` exists only in callbacks."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Whether the call is over."""
        return self in FINAL_STATUSES


FINAL_STATUSES = frozenset(
    {CallStatus.COMPLETED, CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED, CallStatus.CANCELED}
)

# Contract 1 §1.7: which status may follow which.
STATUS_TABLE: Mapping[CallStatus, frozenset[CallStatus]] = MappingProxyType(
    {
        CallStatus.QUEUED: frozenset(
            {CallStatus.INITIATED, CallStatus.RINGING, CallStatus.IN_PROGRESS}
            | (FINAL_STATUSES - {CallStatus.COMPLETED})
        ),
        CallStatus.INITIATED: frozenset(
            {CallStatus.RINGING, CallStatus.IN_PROGRESS} | (FINAL_STATUSES - {CallStatus.COMPLETED})
        ),
        CallStatus.RINGING: frozenset({CallStatus.IN_PROGRESS} | (FINAL_STATUSES - {CallStatus.COMPLETED})),
        CallStatus.IN_PROGRESS: frozenset({CallStatus.COMPLETED, CallStatus.FAILED}),
        **{status: frozenset() for status in FINAL_STATUSES},
    }
)


class Direction(Enum):
    """Who began the call (contract 1 §1.4)."""

    INBOUND = "inbound"
    OUTBOUND_API = "outbound-api"
    OUTBOUND_DIAL = "outbound-dial"


class HttpMethod(Enum):
    """How a webhook is requested."""

    GET = "GET"
    POST = "POST"


class CallEvent(Enum):
    """What a status callback can subscribe to (contract 1 §4.4)."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """An address of the customer's application and how to ask it."""

    url: str
    method: HttpMethod = HttpMethod.POST


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCallback:
    """Where a call's progress is told, and which of it."""

    target: WebhookTarget
    events: frozenset[CallEvent] = frozenset({CallEvent.COMPLETED})


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call as it is stored and shown; replaced (msgspec.structs.replace), never changed.

    Times are aware UTC datetimes, durations seconds.
    """

    sid: CallSid
    account_sid: AccountSid
    parent_call_sid: CallSid | None = None
    direction: Direction
    to: str
    from_: str
    status: CallStatus
    date_created: datetime
    date_updated: datetime
    start_time: datetime | None = None
    end_time: datetime | None = None
    duration: int | None = None
    caller_name: str | None = None
    forwarded_from: str | None = None
    phone_number_sid: str | None = None
    sip_call_id: str | None = None
    sip_response_code: int | None = None
    edge: str | None = None
    ending: CallEnding | None = None
    error_code: int | None = None
    error_message: str | None = None
    status_callback: StatusCallback | None = None
    callback_sequence: int = 0

    @property
    def ended_by(self) -> str | None:
        """caller, callee or platform; None while it lasts."""
        return None if self.ending is None else self.ending.by
