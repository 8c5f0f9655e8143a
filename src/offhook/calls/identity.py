"""The headers that tell the user's infrastructure which call an INVITE belongs to (interface: What clients see)."""

from offhook.calls.events import HeaderList
from offhook.model.call import CallRecord
from offhook.model.webhook import API_VERSION


def identity_headers(record: CallRecord) -> HeaderList:
    """X-Twilio-CallSid, -AccountSid and -ApiVersion (contract 1 §2.3)."""
    return (
        ("X-Twilio-CallSid", record.sid),
        ("X-Twilio-AccountSid", record.account_sid),
        ("X-Twilio-ApiVersion", API_VERSION),
    )
