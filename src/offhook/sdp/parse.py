"""Text to SessionDescription, with limits (RFC 8866 §5, §9); the only module that judges a peer's SDP syntax.

What nobody here reads (times, bandwidths, keys, phone numbers) is skipped. Peers that end lines with a bare LF or leave
out s= and t= are understood.
"""

from dataclasses import dataclass, field

from offhook.sdp.description import Attribute, MediaDescription, Origin, SessionDescription
from offhook.sdp.errors import MalformedDescription, MissingDescription

MOST_OCTETS = 16_384  # a WebRTC offer with its candidates is about 8,000; ours is 250
MOST_LINES = 512
MOST_MEDIA = 16
MOST_FORMATS = 64
MOST_DIGITS = 20  # of a session id or version: RFC 8866 writes 64-bit numbers
MOST_PORT = 65_535


@dataclass(slots=True)
class _Section:
    """The session's part, or one media line's."""

    media: tuple[str, int, str, tuple[str, ...]] | None = None
    address: str | None = None
    attributes: list[Attribute] = field(default_factory=list)


def parse(body: bytes | None) -> SessionDescription:
    """Read a description. Raises MissingDescription, MalformedDescription."""
    if body is None or not body.strip():
        raise MissingDescription("expected a session description, got an empty body")
    lines = _lines(body)
    if lines[0] != ("v", "0"):
        raise MalformedDescription(f"expected v=0 in the first line, got {lines[0][0]}={lines[0][1]:.40}")
    origin, name = None, "-"
    sections = [_Section()]
    for letter, value in lines[1:]:
        if letter == "o" and origin is None:
            origin = _origin(value)
        elif letter == "s":
            name = value or "-"
        elif letter == "m":
            sections.append(_Section(media=_media(value)))
        elif letter == "c":
            sections[-1].address = _address(value.split())
        elif letter == "a":
            sections[-1].attributes.append(_attribute(value))
    if origin is None:
        raise MalformedDescription("expected an o= line, got none")
    return _assemble(origin, name, sections)


def _lines(body: bytes) -> list[tuple[str, str]]:
    if len(body) > MOST_OCTETS:
        raise MalformedDescription(f"expected at most {MOST_OCTETS} octets, got {len(body)}")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedDescription(f"expected UTF-8, got {error.object[error.start]:#04x}") from error
    # Only CR and LF end a line: str.splitlines would also cut at separators that may stand inside s= and a=.
    raw = [line.removesuffix("\r") for line in text.strip("\r\n").split("\n")]
    if len(raw) > MOST_LINES:
        raise MalformedDescription(f"expected at most {MOST_LINES} lines, got {len(raw)}")
    return [_line(line) for line in raw if line]


def _line(line: str) -> tuple[str, str]:
    if len(line) < len("v=") or line[1] != "=" or not line[0].islower() or "\r" in line or "\0" in line:
        shown = line.partition("inline:")[0]  # the key behind it is nobody's to read
        raise MalformedDescription(f"expected a letter, = and a value, got {shown!r:.60}")
    return line[0], line[2:]


def _origin(value: str) -> Origin:
    words = value.split()
    if len(words) != len(("username", "id", "version", "IN", "IP4", "address")):
        raise MalformedDescription(f"expected six words in o=, got {value!r:.80}")
    username, session_id, version = words[:3]
    return Origin(
        username=username,
        session_id=_number(session_id, "session id"),
        version=_number(version, "session version"),
        address=_address(words[3:]),
    )


def _number(word: str, what: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= MOST_DIGITS):
        raise MalformedDescription(f"expected a number as {what}, got {word!r:.40}")
    return int(word)


def _address(words: list[str]) -> str:
    if len(words) != len(("IN", "IP4", "address")) or words[0] != "IN" or words[1] not in {"IP4", "IP6"}:
        raise MalformedDescription(f"expected IN, IP4 or IP6 and an address, got {' '.join(words)!r:.80}")
    address = words[2].partition("/")[0]
    if not address:
        raise MalformedDescription(f"expected an address, got {words[2]!r:.80}")
    return address


def _media(value: str) -> tuple[str, int, str, tuple[str, ...]]:
    words = value.split()
    if len(words) < len(("audio", "port", "protocol", "format")) or len(words) > MOST_FORMATS + 3:
        raise MalformedDescription(f"expected kind, port, protocol and formats in m=, got {value!r:.80}")
    port = _number(words[1].partition("/")[0], "port")
    if port > MOST_PORT:
        raise MalformedDescription(f"expected a port up to {MOST_PORT}, got {port}")
    return words[0], port, words[2], tuple(words[3:])


def _attribute(value: str) -> Attribute:
    name, colon, rest = value.partition(":")
    return Attribute(name=name, value=rest if colon else None)


def _assemble(origin: Origin, name: str, sections: list[_Section]) -> SessionDescription:
    if len(sections) - 1 > MOST_MEDIA:
        raise MalformedDescription(f"expected at most {MOST_MEDIA} media lines, got {len(sections) - 1}")
    media = tuple(
        MediaDescription(
            kind=section.media[0],
            port=section.media[1],
            protocol=section.media[2],
            formats=section.media[3],
            address=section.address,
            attributes=tuple(section.attributes),
        )
        for section in sections
        if section.media is not None
    )
    session = sections[0]
    return SessionDescription(
        origin=origin, name=name, address=session.address, attributes=tuple(session.attributes), media=media
    )
