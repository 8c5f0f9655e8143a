"""What every webhook says of its call: the standard parameters and those of a status callback (contract 1 §7.1, §7.2).

Pure readings of a CallRecord, used by calls for documents and callbacks alike.
"""

from datetime import datetime
from email.utils import format_datetime

from offhook.model.call import CallRecord
from offhook.model.ending import CallEnding
from offhook.model.numbers import is_e164

API_VERSION = "2010-04-01"
CALLBACK_SOURCE = "call-progress-events"
_PLACE = ("City", "State", "Zip", "Country")
_SECONDS_PER_MINUTE = 60


def standard_parameters(record: CallRecord) -> dict[str, str]:
    """The parameters of every voice request (§7.1); numbers carry their place, which is not known here, as ""."""
    parameters = {
        "CallSid": record.sid,
        "AccountSid": record.account_sid,
        "From": record.from_,
        "To": record.to,
        "Caller": record.from_,
        "Called": record.to,
        "CallStatus": record.status.value,
        "ApiVersion": API_VERSION,
        "Direction": record.direction.value,
    }
    optional = {
        "ForwardedFrom": record.forwarded_from,
        "CallerName": record.caller_name,
        "ParentCallSid": record.parent_call_sid,
    }
    parameters.update({name: value for name, value in optional.items() if value is not None})
    if is_e164(record.from_):
        parameters.update({who + part: "" for who in ("From", "Caller") for part in _PLACE})
    if is_e164(record.to):
        parameters.update({who + part: "" for who in ("To", "Called") for part in _PLACE})
    return parameters


def status_callback_parameters(record: CallRecord, now: datetime) -> dict[str, str]:
    """The standard parameters and what a status callback adds (§4.4, §7.2); `now` is aware UTC.

    A final status also tells CallDuration in seconds, Duration in minutes begun, the SIP answer and the error, if any.
    """
    parameters = standard_parameters(record)
    parameters["Timestamp"] = format_datetime(now)
    parameters["CallbackSource"] = CALLBACK_SOURCE
    parameters["SequenceNumber"] = str(record.callback_sequence)
    if record.status.is_final:
        parameters.update(_ending(record))
    return parameters


def ending_parameters(ending: CallEnding) -> dict[str, str]:
    """How the call ended, for those who asked for more than the contract has; what is not known is left out."""
    cause = ending.reason_of("Q.850")
    told = {
        "OffhookEndReason": ending.reason.value,
        "OffhookEndedBy": ending.by,
        "OffhookEndSentence": ending.sentence,
        "OffhookEndVerb": ending.verb.name if ending.verb is not None else "",
        "OffhookEndLine": str(ending.verb.line) if ending.verb is not None else "",
        "OffhookEndSipMethod": ending.sip_method,
        "OffhookEndSipCode": "" if ending.sip_code is None else str(ending.sip_code),
        "OffhookEndQ850Cause": "" if cause is None or cause.cause is None else str(cause.cause),
        "OffhookEndSipReason": "; ".join(str(reason) for reason in ending.reasons),
    }
    return {name: value for name, value in told.items() if value}


def _ending(record: CallRecord) -> dict[str, str]:
    seconds = record.duration or 0
    minutes = -(-seconds // _SECONDS_PER_MINUTE)
    ending = {"CallDuration": str(seconds), "Duration": str(minutes)}
    if record.sip_response_code is not None:
        ending["SipResponseCode"] = str(record.sip_response_code)
    if record.error_code is not None:
        ending["ErrorCode"] = str(record.error_code)
        ending["ErrorMessage"] = record.error_message or ""
    return ending
