"""A byte stream cut into messages: TCP and TLS (RFC 3261 §18.3, §7.5; keep-alives of RFC 5626 §3.5.1).

Fed with what a connection received; each message it returns goes to parse. Fed whole or byte by byte, it returns the
same.
"""

import re
from enum import Enum

from offhook.sip.errors import FramingError, MalformedValue
from offhook.sip.grammar import parse_number
from offhook.sip.parse import DEFAULT_LIMITS, HIGHEST_LENGTH, Limits

_LINE_END = b"\r\n"
_HEADER_END = b"\r\n\r\n"
_CONTENT_LENGTH = re.compile(
    rb"\r\n(?:content-length|l)[ \t]*+:[ \t]*+(?:\r\n[ \t]++)?+([^\r\n]*+)(?=\r\n(?![ \t]))", re.IGNORECASE
)


class KeepAlive(Enum):
    """What may stand between messages and is none."""

    PING = b"\r\n\r\n"  # the peer waits for a single CRLF


def is_keep_alive(datagram: bytes) -> bool:
    """Whether a datagram holds nothing but keep-alive: line ends, or the zero bytes that some telephones send."""
    return not datagram.strip(b"\r\n\x00")


class StreamFramer:
    """Cuts one connection's bytes into messages by their Content-Length."""

    __slots__ = ("_buffer", "_error", "_limits", "_needed", "_searched")

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._needed = 0  # length of the message that the buffer begins with; 0 while its header is incomplete
        self._searched = 0  # how far the buffer has been searched for the end of that header
        self._error: FramingError | None = None

    @property
    def waiting(self) -> int:
        """How many bytes of an incomplete message are held."""
        return len(self._buffer)

    @property
    def is_within_message(self) -> bool:
        """Whether a message has begun and not ended; line ends between messages do not begin one."""
        return not _HEADER_END.startswith(self._buffer)

    def feed(self, data: bytes) -> list[bytes | KeepAlive]:
        """Take bytes as they came; returns what is complete now, in order.

        Raises FramingError when no next message can be found (no Content-Length, a wrong one, a message above the
        limit): close the connection. When messages were complete before that place they are returned first, and the
        next call raises.
        """
        found: list[bytes | KeepAlive] = []
        if self._error is None:
            self._buffer += data
            self._cut(found)
        if self._error is not None and not found:
            raise self._error
        return found

    def _cut(self, found: list[bytes | KeepAlive]) -> None:
        try:
            while (piece := self._next()) is not None:
                found.append(piece)
        except (FramingError, MalformedValue) as error:
            self._error = FramingError(str(error), code=error.code)
            self._buffer.clear()

    def _next(self) -> bytes | KeepAlive | None:
        while not self._needed and self._buffer.startswith(_LINE_END):
            if self._buffer.startswith(_HEADER_END):
                del self._buffer[:4]
                return KeepAlive.PING
            if len(self._buffer) < len(_HEADER_END) and _HEADER_END.startswith(self._buffer):
                return None  # half a ping, or the lone CRLF before a message: the next byte tells
            del self._buffer[:2]  # §7.5: line ends before a start line are ignored
        if not self._needed:
            self._find_end()
        if not self._needed or len(self._buffer) < self._needed:
            return None
        return self._take()

    def _find_end(self) -> None:
        end = self._buffer.find(_HEADER_END, max(0, self._searched - 3))
        self._searched = len(self._buffer)
        size = len(self._buffer)
        if end >= 0:
            size = end + len(_HEADER_END)
            size += self._content_length(end + len(_LINE_END))
            self._needed = size
        if size > self._limits.message:
            raise FramingError(f"a message of more than {self._limits.message} bytes", code=513)

    def _content_length(self, end: int) -> int:
        if end > self._limits.message:
            return 0  # too large already; what it announces does not matter
        values = _CONTENT_LENGTH.findall(self._buffer[:end])
        if len(values) != 1:
            raise FramingError(f"expected one Content-Length in a stream, found {len(values)}")
        return parse_number(values[0].decode("latin-1").strip(), HIGHEST_LENGTH, "a Content-Length")

    def _take(self) -> bytes:
        message = bytes(self._buffer[: self._needed])
        del self._buffer[: self._needed]
        self._needed = self._searched = 0
        return message
