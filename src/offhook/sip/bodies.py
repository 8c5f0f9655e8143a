"""The session description in a message's body, alone or as a part of a multipart body (RFC 3261 §7.4, RFC 5621)."""

from email import message_from_bytes
from email.errors import MessageError
from email.message import Message as Part
from email.policy import compat32

from offhook.sip.errors import MalformedValue
from offhook.sip.message import Message

SDP = "application/sdp"
MIXED = ("multipart/mixed", "multipart/alternative", "multipart/related")
MAX_PARTS = 16
PLAIN = frozenset({"", "7bit", "8bit", "binary"})


def media_type(message: Message) -> str:
    """The Content-Type without parameters, in lower case; "" when there is none, or none that can be read."""
    try:
        value = message.content_type
    except MalformedValue:
        return ""
    return "" if value is None else value.full_type


def session_description(message: Message) -> bytes | None:
    """The SDP that a message carries; None when it carries none."""
    kind = media_type(message)
    if not message.body or kind == SDP:
        return message.body or None
    return _part(message) if kind in MIXED else None


def _part(message: Message) -> bytes | None:
    """The first part that is SDP, sent as it is."""
    head = f"Content-Type: {message.headers.get('Content-Type')}\r\n\r\n".encode("utf-8", "surrogateescape")
    try:
        whole = message_from_bytes(head + message.body, policy=compat32)
        parts = whole.get_payload() if whole.is_multipart() else []
    except (MessageError, ValueError, RecursionError):
        return None
    for part in parts[:MAX_PARTS] if isinstance(parts, list) else []:
        if (
            isinstance(part, Part)
            and part.get_content_type() == SDP
            and str(part.get("Content-Transfer-Encoding", "")).lower() in PLAIN
        ):
            body = part.get_payload(decode=True)
            return body if isinstance(body, bytes) and body else None
    return None


def _is_plain(part: Part) -> bool:
    return str(part.get("Content-Transfer-Encoding", "")).strip().lower() in PLAIN
