"""Typed SIDs: two letters that name the kind, then 32 hexadecimal digits (contract 1 §1.2)."""

import re
from typing import NewType

AccountSid = NewType("AccountSid", str)
CallSid = NewType("CallSid", str)
NotificationSid = NewType("NotificationSid", str)

ACCOUNT = "AC"
CALL = "CA"
NOTIFICATION = "NO"

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


def is_sid(text: str, prefix: str) -> bool:
    """Whether `text` is a SID of the kind that `prefix` names."""
    return text.startswith(prefix) and _SID.fullmatch(text) is not None
