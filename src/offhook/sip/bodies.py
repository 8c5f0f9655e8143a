"""The session description in a message's body, alone or as a part of a multipart body (RFC 3261 §7.4, RFC 5621).

Multipart bodies are cut here (RFC 2046 §5.1), one level deep and in one pass: the parser of the standard library takes
more than a second for 60 kB of multiparts within multiparts.
"""

import re

from offhook.sip.errors import MalformedValue
from offhook.sip.fields import MediaType
from offhook.sip.headers import Headers
from offhook.sip.message import Message

SDP = "application/sdp"
MIXED = ("multipart/mixed", "multipart/alternative", "multipart/related")
MAX_PARTS = 16
MAX_BOUNDARY = 70  # characters, RFC 2046 §5.1.1
PLAIN = frozenset({"", "7bit", "8bit", "binary"})

# Any delimiter: one made for each boundary would be compiled anew for each message.
_DELIMITER = re.compile(rb"(?:\A|\r?\n)--([^\r\n]*+)")
_PART = re.compile(rb"\r?\n((?:[^\r\n]++\r?\n)*+)\r?\n(.*)", re.DOTALL)
_LINE_END = re.compile(rb"\r?\n")


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
    if kind not in MIXED or message.content_type is None:
        return None
    boundary = message.content_type.param("boundary")
    if not boundary or len(boundary) > MAX_BOUNDARY:
        return None
    parts = (_description(part) for part in _cut(message.body, boundary.encode("utf-8", "surrogateescape")))
    return next((part for part in parts if part), None)


def _cut(body: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the delimiter lines, as far as MAX_PARTS; the line end before a delimiter is part of it."""
    parts: list[bytes] = []
    start = -1
    for found in _DELIMITER.finditer(body):
        text = found[1].rstrip(b" \t")
        if text not in (boundary, boundary + b"--"):
            continue
        if start >= 0:
            parts.append(body[start : found.start()])
        start = found.end()
        if text != boundary or len(parts) == MAX_PARTS:
            return parts
    # interop: some leave out the last delimiter.
    return [*parts, body[start:]] if start >= 0 else parts


def _description(part: bytes) -> bytes | None:
    """The part's content when it is SDP, sent as it is."""
    found = _PART.match(part)
    if found is None:
        return None
    try:
        headers = Headers.parse(_LINE_END.sub(b"\r\n", found[1]).removesuffix(b"\r\n"))
        kind = MediaType.parse(headers.get("Content-Type") or "").full_type
    except MalformedValue:
        return None
    is_plain = (headers.get("Content-Transfer-Encoding") or "").lower() in PLAIN
    return found[2] if kind == SDP and is_plain else None
