"""Reads what people want to see out of a SIP message on the timeline: label, code, headers that tell who calls.

The text is as it stood on the wire and may be broken in any way; whatever cannot be read is left out.
"""

import re
from collections.abc import Iterator

VERSION = "SIP/2.0"
SHOWN_HEADERS = frozenset(
    {
        "user-to-user",
        "identity",
        "p-asserted-identity",
        "p-preferred-identity",
        "p-charge-info",
        "remote-party-id",
        "privacy",
        "diversion",
        "history-info",
        "reason",
    }
)
MOST_HEADERS = 100  # lines of one message that are looked at

_FOLD = re.compile(r"\r?\n[ \t]+")
_CSEQ = re.compile(r"\s*\d+\s+(\S+)")
_RESPONSE = re.compile(r"SIP/2\.0 (\d{3})(?: |\Z)")


def start_line(text: str) -> str:
    """The first line of the message."""
    return text.lstrip("\r\n").partition("\n")[0].rstrip("\r")


def headers(text: str) -> Iterator[tuple[str, str]]:
    """Name and value of each header field, as spelled, folded lines joined."""
    head = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    for line in _FOLD.sub(" ", head).splitlines()[1 : MOST_HEADERS + 1]:
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(), value.strip()


def shown_headers(text: str) -> tuple[str, ...]:
    """The X-, User-to-User and identity headers, as lines."""
    return tuple(f"{name}: {value}" for name, value in headers(text) if is_shown(name))


def is_shown(name: str) -> bool:
    """Whether a header belongs beneath its message."""
    return name.lower().startswith("x-") or name.lower() in SHOWN_HEADERS


def status_code(start_line: str) -> int | None:
    """The code of a response, None for a request."""
    found = _RESPONSE.match(start_line)
    return int(found[1]) if found else None


def label(start_line: str, text: str) -> str:
    """`INVITE (SDP) sip:kate@example.com` or `200 OK (INVITE SDP)`: what tells most comes first."""
    fields = {name.lower(): value for name, value in headers(text)}
    media_type = fields.get("content-type") or fields.get("c") or ""
    sdp = "SDP" if media_type.lower().startswith("application/sdp") else ""
    if status_code(start_line) is None:
        method, _, uri = start_line.removesuffix(f" {VERSION}").partition(" ")
        return " ".join(part for part in (method, f"({sdp})" if sdp else "", uri) if part)
    cseq = _CSEQ.match(fields.get("cseq", ""))
    answered = " ".join(part for part in (cseq[1] if cseq else "", sdp) if part)
    told = start_line.removeprefix(f"{VERSION} ")
    return f"{told} ({answered})" if answered else told
