"""Outbound legs for <Dial>: together or in turn, with screening; the first answer wins (contract 1 §3, §4)."""

from collections.abc import Mapping
from dataclasses import dataclass

from offhook.calls.events import HeaderList
from offhook.calls.ports import ProgramStart, SipCredentials
from offhook.calls.recording import RecordingOrder
from offhook.model.call import CallRecord, CallStatus, StatusCallback, WebhookTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class DialTarget:
    """One noun of a <Dial>: `to` is the trimmed text of <Sip> (with parameters and headers) or of <Number>."""

    to: str
    is_number: bool = False
    credentials: SipCredentials | None = None
    screening: ProgramStart | None = None
    status_callback: StatusCallback | None = None
    send_digits: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DialOrder:
    """What <Dial> asks for; durations in seconds (`timeout` without the ring buffer of contract 1 §2.6).

    `refer` is asked when one of the two sends REFER (referUrl). `recording` begins when somebody answers, or at once
    when it `records_ringing`.
    """

    targets: tuple[DialTarget, ...]
    caller_id: str | None = None
    timeout: float = 30.0
    time_limit: float = 14400.0
    hangup_on_star: bool = False
    answer_on_bridge: bool = False
    ring_tone: str | None = None
    sequential: bool = False
    refer: WebhookTarget | None = None
    recording: RecordingOrder | None = None
    records_ringing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DialOutcome:
    """How a <Dial> ended; `headers` are those of the final message of the callee (4xx to 6xx, BYE, or 200 to BYE).

    `refer_parameters` is set when the callee asked for a transfer: the document of referUrl is to take over.
    `was_transferred` says that it has run already, to its end.
    """

    status: CallStatus
    child: CallRecord | None = None
    is_bridged: bool = False
    duration: int | None = None
    sip_call_id: str | None = None
    sip_response_code: int | None = None
    headers: HeaderList = ()
    error_code: int | None = None
    error_message: str | None = None
    refer_parameters: Mapping[str, str] | None = None
    was_transferred: bool = False
    recording_sid: str | None = None
