"""Bytes to messages, with limits; the only module that judges what peers send (RFC 3261 §7, §8.2, §16.3, §18.3).

Fed with datagrams by net and with whole messages by framing; feeds transactions. `parse` cuts a message into its start
line and header fields; `validate` then reads the fields that every request must have. Both raise MalformedMessage,
which carries the code to answer with and, where possible, what that answer must echo.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter

from offhook.sip.errors import Fields, IllegalHeader, IllegalValue, MalformedMessage, MalformedValue
from offhook.sip.grammar import LWS, TOKEN, parse_number
from offhook.sip.headers import FOLD, Headers, header_key
from offhook.sip.message import Message, Request, Response
from offhook.sip.methods import ACK
from offhook.sip.uri import HOST, OtherUri

REDIRECTION = 300
HIGHEST_LENGTH = 10**10 - 1  # only to tell a number from nonsense

_STATUS_CODE = re.compile(r"[1-6][0-9]{2}")
_VERSION = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)
_ECHOED = frozenset({"via", "from", "to", "call-id", "cseq"})
# The answer goes back to where the request came from, and the peer knows it by its CSeq, whatever its version and
# however large the number: this much tells both from noise.
_SOME_VIA = re.compile(rf"SIP{LWS}/{LWS}[0-9]+\.[0-9]+{LWS}/{LWS}{TOKEN}[ \t]+({HOST})", re.IGNORECASE)
_SOME_CSEQ = re.compile(rf"[0-9]+[ \t]+{TOKEN}")
_SINGLE = ("from", "to", "call-id", "cseq", "max-forwards", "content-type")

_Accessor = Callable[[Message], object]
_READ_ALWAYS: tuple[_Accessor, ...] = tuple(
    attrgetter(name) for name in ("call_id", "cseq", "from_tag", "to_tag", "via")
)
_read_ends = attrgetter("from_", "to")
_READ_IF_THERE: tuple[tuple[str, _Accessor], ...] = (
    ("max-forwards", attrgetter("max_forwards")),
    ("contact", attrgetter("contact")),
    ("record-route", attrgetter("record_route")),
    ("route", attrgetter("route")),
    ("content-type", attrgetter("content_type")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a message may be. The defaults hold any message of a real call many times over."""

    message: int = 65536  # bytes, body included; also the largest UDP datagram
    header_lines: int = 256  # lines, folded ones counted singly
    line: int = 8192  # bytes in one header line or start line, unfolded


DEFAULT_LIMITS = Limits()


def parse(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Request | Response:
    """Read one message from a datagram, or as framing cut it from a stream; bytes after the body are dropped (§18.3).

    Raises MalformedMessage, never anything else.
    """
    head, end, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    start, _, block = head.partition(b"\r\n")
    try:
        _check_size(data, start, block, limits)
        _check_end(end)
        headers = Headers.parse(block)
        _check_lines(headers, len(block), limits)
        return _message(start, headers, _body(headers, body, limits))
    except (MalformedValue, IllegalValue) as error:
        code = error.code if isinstance(error, MalformedValue) else 400
        raise MalformedMessage(str(error), code=code, partial=_understood(start, block, limits)) from error


def _check_size(data: bytes, start: bytes, block: bytes, limits: Limits) -> None:
    if len(data) > limits.message:
        raise MalformedValue(f"a message of more than {limits.message} bytes", code=513)
    if len(start) > limits.line:
        raise MalformedValue(f"a start line of more than {limits.line} bytes", code=414)
    if block.count(b"\n") >= limits.header_lines:
        raise MalformedValue(f"more than {limits.header_lines} header lines", code=513)


def _check_end(end: bytes) -> None:
    if not end:
        raise MalformedValue("no empty line after the header")


def _check_lines(headers: Headers, size: int, limits: Limits) -> None:
    if size > limits.line and any(len(name) + len(value) > limits.line for name, value in headers):
        raise MalformedValue(f"a header line of more than {limits.line} characters", code=513)


def _message(start: bytes, headers: Headers, body: bytes) -> Request | Response:
    line = start.decode("utf-8", "surrogateescape")
    if line[:4].upper() == "SIP/":
        return _response(line, headers, body)
    parts = line.split(" ")
    if len(parts) != 3:  # noqa: PLR2004  # §7.1
        raise MalformedValue(f"expected method, URI and version, found {line[:80]!r}")
    _check_version(parts[2])
    return Request(parts[0], parts[1], headers, body)


def _response(line: str, headers: Headers, body: bytes) -> Response:
    version, _, rest = line.partition(" ")
    # interop: without a reason phrase some leave out the space that has to stand before it.
    code, _, reason = rest.partition(" ")
    _check_version(version)
    if _STATUS_CODE.fullmatch(code) is None:
        raise MalformedValue(f"expected a status code, found {code[:40]!r}")
    return Response(int(code), reason, headers, body)


def _check_version(text: str) -> None:
    if text == "SIP/2.0" or text.upper() == "SIP/2.0":
        return
    code = 505 if _VERSION.fullmatch(text) else 400
    raise MalformedValue(f"expected SIP/2.0, found {text[:40]!r}", code=code)


def _body(headers: Headers, body: bytes, limits: Limits) -> bytes:
    announced = headers.get("Content-Length")
    if announced is None:
        return body
    if headers.count("Content-Length") > 1:
        raise MalformedValue("more than one Content-Length")
    length = parse_number(announced, HIGHEST_LENGTH, "a Content-Length")
    if length > limits.message:
        raise MalformedValue(f"a body of {length} bytes is announced", code=413)
    if length > len(body):
        raise MalformedValue(f"{length} bytes of body are announced, {len(body)} came")
    return body[:length]


def validate(message: Request | Response) -> None:
    """Read what every message must have (§8.1.1, §8.2, §16.3).

    Afterwards a request's accessors do not raise, `vias` apart; of a response's `from_` and `to` only the tags have
    been read, of one from 300 on nothing else either. A missing Max-Forwards is let pass, as §16.3 asks.

    Raises MalformedMessage.
    """
    try:
        _check_fields(message)
        if isinstance(message, Request):
            _check_request(message)
    except MalformedValue as error:
        is_answered = isinstance(message, Request) and message.method != ACK
        partial = _answerable(message.headers.items()) if is_answered else ()
        raise MalformedMessage(str(error), code=error.code, partial=partial) from error


def _check_fields(message: Message) -> None:
    headers = message.headers
    present = headers.keys
    repeated = None if len(present) == len(headers) else headers.repeated(_SINGLE)
    if repeated is not None:
        raise MalformedValue(f"more than one {repeated}")
    for read in _READ_ALWAYS:
        read(message)
    if isinstance(message, Response) and message.code >= REDIRECTION:
        return  # a refusal is heard whatever else is wrong with it: a call that waits on would wait in vain
    for name, read in _READ_IF_THERE:
        if name in present:
            read(message)


def _check_request(request: Request) -> None:
    if request.cseq.method != request.method:
        raise MalformedValue(f"the CSeq says {request.cseq.method[:40]}, the request is {request.method[:40]}")
    _read_ends(request)
    if isinstance(request.uri, OtherUri):
        raise MalformedValue(f"expected a SIP or tel URI, found {request.text_uri[:80]!r}", code=416)


def _understood(start: bytes, block: bytes, limits: Limits) -> Fields:
    """What an answer echoes, out of a message that was refused; empty when it gets none."""
    method = start.partition(b" ")[0]
    if method == b"ACK" or method[:4].upper() == b"SIP/":
        return ()
    lines = FOLD.sub(b" ", block).decode("utf-8", "surrogateescape").split("\r\n", limits.header_lines)
    fields = [(name.rstrip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return _answerable(fields)


def _answerable(fields: Iterable[tuple[str, str]]) -> Fields:
    """The fields as they came: every Via, of the others the first. Empty without something like a Via and a CSeq."""
    headers = Headers()
    try:
        for name, value in fields:
            key = header_key(name)
            if key == "via" or (key in _ECHOED and key not in headers):
                headers.add(name, value)
    except IllegalHeader:
        return ()
    is_known = _SOME_VIA.match(headers.get("Via") or "") and _SOME_CSEQ.fullmatch(headers.get("CSeq") or "")
    return headers.items() if is_known else ()
