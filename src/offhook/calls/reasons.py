"""The Reason headers of a peer's last message (RFC 3326, RFC 6432): hostile input, read within limits.

Fed by calls.ending with the headers of the message that ended a leg.
"""

from offhook.calls.events import HeaderList
from offhook.calls.header_parameters import printable
from offhook.model.ending import SipReason
from offhook.sip.errors import SipError
from offhook.sip.fields import Reason
from offhook.sip.grammar import split_list

MOST_REASONS = 4
MOST_HEADERS = 16
LONGEST_HEADER = 1024
LONGEST_PROTOCOL = 32
LONGEST_TEXT = 120
HIGHEST_CAUSE = {"q.850": 127, "sip": 699}  # Q.850 §2.2.5 has seven bits; RFC 3261 §7.2
ANY_CAUSE = 999_999


def reasons_of(headers: HeaderList) -> tuple[SipReason, ...]:
    """What can be read of them, the first of each protocol (RFC 3326 §2 allows one); the rest is left out."""
    found: dict[str, SipReason] = {}
    values = [value for name, value in headers if name.lower() == "reason" and len(value) <= LONGEST_HEADER]
    for value in values[:MOST_HEADERS]:
        for reason in _read(value):
            found.setdefault(reason.protocol.lower(), reason)
    return tuple(found.values())[:MOST_REASONS]


def _read(value: str) -> list[SipReason]:
    """A list whose commas cannot be told apart from its quotes says nothing; one bad value leaves the others."""
    try:
        parts = split_list(value)
    except SipError:
        return []
    read = []
    for part in parts:
        try:
            reason = Reason.parse(part)
        except SipError:
            continue
        highest = HIGHEST_CAUSE.get(reason.protocol.lower(), ANY_CAUSE)
        if len(reason.protocol) <= LONGEST_PROTOCOL and (reason.cause is None or reason.cause <= highest):
            text = printable(reason.text)[:LONGEST_TEXT]
            read.append(SipReason(protocol=reason.protocol, cause=reason.cause, text=text))
    return read
