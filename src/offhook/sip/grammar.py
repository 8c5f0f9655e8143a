"""The lexical ground of SIP: tokens, quoted strings, lists and parameters (RFC 3261 §7.3.1, §25.1).

Works on text that has been unfolded already; feeds uri, address, fields, headers and digest.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from offhook.sip.errors import MalformedValue

Params = tuple[tuple[str, str], ...]
Value = TypeVar("Value")

TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"  # noqa: S105  # the grammar's word, no secret
WHITESPACE = " \t"
LWS = r"[ \t]*"
BARE = r'[^\s"<>,;]+'  # interop: more than tokens come as values without quotes

_TOKEN = re.compile(TOKEN)
_BARE = re.compile(BARE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ESCAPED_PAIR = re.compile(r"\\(.)", re.DOTALL)
# Possessive, and an open quote or bracket runs to the end: one pass over hostile text, never a second.
_LIST_PIECE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|<[^>]*+>?|,', re.DOTALL)
_PARAM_PIECE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|;', re.DOTALL)
# What nearly every message has: neither white space nor quotes.
_PLAIN_PARAMS = re.compile(rf"(?:;{TOKEN}(?:=[^\s\"<>,;=]++)?+)++")
_PARAM = re.compile(rf'{LWS}({TOKEN}){LWS}(?:={LWS}("(?:[^"\\]++|\\.)*+"|{BARE}){LWS})?', re.DOTALL)


def remembered(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """Let `read` work once for each of the last 1024 short texts: a dialog's addresses come with every message.

    `read` must depend on its text alone and return a frozen value.
    """
    # Only short texts: what peers can make us keep stays below half a megabyte a reader.
    short = 256
    known = lru_cache(maxsize=1024)(read)

    def read_again(text: str) -> Value:
        return known(text) if len(text) <= short else read(text)

    return read_again


def is_token(text: str) -> bool:
    """Whether the text is a token (§25.1): a method, a header name, a parameter name."""
    return _TOKEN.fullmatch(text) is not None


def stands_bare(text: str) -> bool:
    """Whether the text can be the value of a parameter without quotes."""
    return _BARE.fullmatch(text) is not None


def quote(text: str) -> str:
    """The text as a quoted string, backslash and quote escaped."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """The meaning of a quoted string; text without quotes is returned as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':  # noqa: PLR2004  # two quotes
        return text
    inner = text[1:-1]
    return _ESCAPED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def is_quoted(text: str) -> bool:
    """Whether the text is one complete quoted string."""
    return _QUOTED.fullmatch(text) is not None


def _cut(text: str, pieces: re.Pattern[str], separator: str) -> list[str]:
    parts = []
    start = 0
    for piece in pieces.finditer(text):
        if piece[0] == separator:
            parts.append(text[start : piece.start()].strip(WHITESPACE))
            start = piece.end()
    parts.append(text[start:].strip(WHITESPACE))
    return parts


def split_list(text: str) -> list[str]:
    """Cut a comma-separated header value; commas in quoted strings and in <> do not separate (§7.3.1)."""
    if "," not in text:
        return [text.strip(WHITESPACE)]
    return _cut(text, _LIST_PIECE, ",")


def _split_params(text: str) -> list[str]:
    if '"' not in text:
        return text.split(";")
    return _cut(text, _PARAM_PIECE, ";")


def parse_params(text: str) -> Params:
    """Read `;name=value;name` as pairs; a parameter without a value has "". Quoted values keep their quotes.

    `text` is empty or begins with ";" (white space around it is allowed). Raises MalformedValue.
    """
    text = text.strip(WHITESPACE)
    if not text:
        return ()
    if text[0] != ";":
        raise MalformedValue(f"expected ';' before a parameter, found {text[:40]!r}")
    if _PLAIN_PARAMS.fullmatch(text):
        cuts = [piece.partition("=") for piece in text[1:].split(";")]
        return tuple([(name, value) for name, _, value in cuts])
    params = []
    for piece in _split_params(text[1:]):
        match = _PARAM.fullmatch(piece)
        if match is None:
            raise MalformedValue(f"expected a parameter, found {piece[:40]!r}")
        params.append((match[1], match[2] or ""))
    return tuple(params)


def print_params(params: Params) -> str:
    """The parameters as `;name=value;name`."""
    return "".join([f";{name}={value}" if value else f";{name}" for name, value in params])


def find_param(params: Params, name: str) -> str | None:
    """The first value of this name in any case, unquoted; "" when it has none, None when it is absent."""
    wanted = name.lower()
    for key, value in params:
        if key == name or key.lower() == wanted:
            return unquote(value)
    return None


def parse_number(text: str, limit: int, what: str) -> int:
    """A decimal number from 0 to `limit`; `what` names it in the error. Raises MalformedValue."""
    # Length first: int() of thousands of digits is slow and finally refused.
    if not (text.isascii() and text.isdigit()) or len(text) > 20 or int(text) > limit:  # noqa: PLR2004  # above any limit
        raise MalformedValue(f"expected {what} from 0 to {limit}, found {text[:40]!r}")
    return int(text)
