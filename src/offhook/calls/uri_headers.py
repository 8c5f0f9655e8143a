"""The header part of a SIP target, `?name=value&name=value`: decoded, checked, and what is wrong left out.

Contract 1 §4.5. Read by sip_target; what it returns goes onto an INVITE, so no control character may pass.
"""

import re
import unicodedata

from offhook.calls.events import HeaderList
from offhook.sip.grammar import is_token
from offhook.sip.uri import unescape

Warnings = tuple[tuple[int, str], ...]

MAX_LENGTH = 1024  # §4.5: the part as written, escapes counted, must be shorter
MAX_COUNT = 64  # §10: the number is not public; this is far above what 1023 characters are used for

NAME_MALFORMED = 32111
VALUE_MALFORMED = 32112
NAME_RESERVED = 32113
TOO_MANY = 13251
NAME_NOT_ALLOWED = 13252
TOO_LONG = 13253

_ALLOWED = frozenset({"user-to-user", "remote-party-id", "p-preferred-identity", "p-called-party-id"})
_RESERVED_PREFIX = "x-twilio"
_CUSTOM_PREFIX = "x-"
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()/:+$")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Control characters (C0, DEL, C1), line and paragraph separators, and bytes that are not UTF-8.
_ILLEGAL_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


class _LeftOff(Exception):
    """One header cannot be sent; carries the warning that says why."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.warning = (code, text)


def parse_headers(text: str, *, takes_any: bool = False) -> tuple[HeaderList, Warnings]:
    """The headers to send, in order, and a warning (code, text) for everything left off.

    Percent-escapes are resolved once and `+` stays `+`. A name keeps its spelling; one that is repeated is sent again.
    With `takes_any` a header may have any name: those of a Refer-To are for others to send.
    """
    if len(text) >= MAX_LENGTH:
        return (), ((TOO_LONG, f"the headers of a SIP URI must be shorter than {MAX_LENGTH}, not {len(text)}"),)
    headers: list[tuple[str, str]] = []
    warnings: list[tuple[int, str]] = []
    for piece in filter(None, text.split("&")):
        try:
            header = _read(piece, takes_any=takes_any)
        except _LeftOff as error:
            warnings.append(error.warning)
            continue
        if len(headers) == MAX_COUNT:
            warnings.append((TOO_MANY, f"more than {MAX_COUNT} headers: those after {headers[-1][0]} are left off"))
            break
        headers.append(header)
    return tuple(headers), tuple(warnings)


def print_headers(headers: HeaderList) -> str:
    """The header part of a URI, without its question mark (RFC 3261 §19.1.2)."""
    return "&".join([f"{_escape(name)}={_escape(value)}" for name, value in headers])


def _escape(text: str) -> str:
    raw = text.encode("utf-8", "surrogateescape")
    return "".join([chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in raw])


def _read(piece: str, *, takes_any: bool) -> tuple[str, str]:
    written_name, _, written_value = piece.partition("=")
    shown = repr(written_name[:60])
    name = _decode(written_name, NAME_MALFORMED, shown)
    if not is_token(name):
        raise _LeftOff(NAME_MALFORMED, f"the header name {shown} has a character that no header name may have")
    if not takes_any:
        _check_name(name.lower(), shown)
    value = _decode(written_value, VALUE_MALFORMED, shown).strip(" ")
    if any(unicodedata.category(character) in _ILLEGAL_CATEGORIES for character in value):
        raise _LeftOff(VALUE_MALFORMED, f"the value of {shown} holds a control character or is not UTF-8")
    return name, value


def _check_name(lowered: str, shown: str) -> None:
    if lowered.startswith(_RESERVED_PREFIX):
        raise _LeftOff(NAME_RESERVED, f"the header name {shown} is reserved: names may not begin with X-Twilio")
    if lowered not in _ALLOWED and not (lowered.startswith(_CUSTOM_PREFIX) and lowered != _CUSTOM_PREFIX):
        raise _LeftOff(
            NAME_NOT_ALLOWED,
            f"the header {shown} may not be set: use a name with X-, User-to-User, Remote-Party-ID, "
            "P-Preferred-Identity or P-Called-Party-ID",
        )


def _decode(text: str, code: int, shown: str) -> str:
    if _BAD_ESCAPE.search(text):
        raise _LeftOff(code, f"{shown}: a percent sign must be followed by two hexadecimal digits (write it as %25)")
    return unescape(text)
