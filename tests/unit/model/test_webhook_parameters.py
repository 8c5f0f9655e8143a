"""What webhooks say of a call."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from offhook.model.call import CallRecord, CallStatus, Direction
from offhook.model.sids import AccountSid, CallSid
from offhook.model.webhook import standard_parameters, status_callback_parameters

NOW = datetime(2022, 5, 7, 14, 30, 14, tzinfo=UTC)
RECORD = CallRecord(
    sid=CallSid("CA" + "1" * 32),
    account_sid=AccountSid("AC" + "0" * 32),
    direction=Direction.OUTBOUND_API,
    to="sip:jack@example.com",
    from_="alice",
    status=CallStatus.IN_PROGRESS,
    date_created=NOW,
    date_updated=NOW,
)


def test_a_sip_call_has_the_standard_set_and_no_places() -> None:
    """Nine parameters are always there; geography belongs to numbers."""
    assert standard_parameters(RECORD) == {
        "CallSid": "CA" + "1" * 32,
        "AccountSid": "AC" + "0" * 32,
        "From": "alice",
        "To": "sip:jack@example.com",
        "Caller": "alice",
        "Called": "sip:jack@example.com",
        "CallStatus": "in-progress",
        "ApiVersion": "2010-04-01",
        "Direction": "outbound-api",
    }


def test_what_is_known_besides_is_said() -> None:
    """Forwarding, name and parent appear when they are set."""
    record = replace(
        RECORD, parent_call_sid=CallSid("CA" + "2" * 32), forwarded_from="+14155550100", caller_name="Alice"
    )
    parameters = standard_parameters(record)
    assert parameters["ParentCallSid"] == "CA" + "2" * 32
    assert parameters["ForwardedFrom"] == "+14155550100"
    assert parameters["CallerName"] == "Alice"


def test_a_number_carries_empty_places() -> None:
    """A number's eight geographic keys are sent empty; the SIP side of the call has none."""
    parameters = standard_parameters(replace(RECORD, from_="+14158675309"))
    empty = {name for name, value in parameters.items() if not value}
    assert empty == {who + part for who in ("From", "Caller") for part in ("City", "State", "Zip", "Country")}


def test_a_callback_on_the_way_has_time_source_and_number() -> None:
    """Before the end a callback adds three parameters and nothing about durations."""
    added = status_callback_parameters(replace(RECORD, callback_sequence=2), NOW)
    assert {name: value for name, value in added.items() if name not in standard_parameters(RECORD)} == {
        "Timestamp": "Sat, 07 May 2022 14:30:14 +0000",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": "2",
    }


@pytest.mark.parametrize(("seconds", "minutes"), [(None, "0"), (0, "0"), (1, "1"), (60, "1"), (61, "2"), (3600, "60")])
def test_the_last_callback_has_both_durations(seconds: int | None, minutes: str) -> None:
    """Duration counts begun minutes, CallDuration seconds."""
    record = replace(RECORD, status=CallStatus.COMPLETED, duration=seconds)
    parameters = status_callback_parameters(record, NOW)
    assert (parameters["CallDuration"], parameters["Duration"]) == (str(seconds or 0), minutes)


def test_the_last_callback_has_the_sip_answer_and_the_error() -> None:
    """A failed call says with which SIP code and why."""
    record = replace(
        RECORD, status=CallStatus.FAILED, sip_response_code=404, error_code=32011, error_message="no such user"
    )
    parameters = status_callback_parameters(record, NOW)
    assert parameters["SipResponseCode"] == "404"
    assert parameters["ErrorCode"] == "32011"
    assert parameters["ErrorMessage"] == "no such user"
