"""What the action request of a <Dial> tells of its outcome (contract 1 §3.4, §4.6)."""

from offhook.calls.dialer import DialOutcome
from offhook.calls.header_parameters import header_parameters
from offhook.model.call import CallStatus

HEADER_PREFIX = "DialSipHeader_"


def action_parameters(outcome: DialOutcome) -> dict[str, str]:
    """The parameters on top of the parent's standard ones; what is not known is left out."""
    known = {
        "DialCallSid": outcome.child.sid if outcome.child is not None else None,
        "DialCallDuration": outcome.duration,
        "DialSipCallId": outcome.sip_call_id,
        "DialSipResponseCode": outcome.sip_response_code,
    }
    parameters = {
        "DialCallStatus": outcome.status.value,
        "DialBridged": "true" if outcome.is_bridged else "false",
        **{name: str(value) for name, value in known.items() if value is not None},
        **header_parameters(outcome.headers, HEADER_PREFIX),
    }
    if outcome.error_code is not None and outcome.status is not CallStatus.COMPLETED:
        parameters["ErrorCode"] = str(outcome.error_code)
        parameters["ErrorMessage"] = outcome.error_message or ""
    return parameters
