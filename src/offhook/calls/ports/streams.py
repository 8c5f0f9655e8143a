"""Media Streams as calls need them: sockets that speak in values; satisfied by net.media_stream, testing.sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from offhook.model.sids import AccountSid, CallSid


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketOrder:
    """Which server to connect to, for whom: the account's token signs the handshake."""

    url: str
    account_sid: AccountSid
    call_sid: CallSid


# --- what the server is told (contract 2 §2.2) -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStarted:
    """The first words: whose stream it is, and which tracks ("inbound", "outbound") follow."""

    stream_sid: str
    account_sid: AccountSid
    call_sid: CallSid
    tracks: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StreamSound:
    """20 ms of one track: 16-bit little-endian samples at 8 kHz; `at` in milliseconds since the stream began."""

    track: str
    chunk: int
    at: int
    samples: bytes


@dataclass(frozen=True, slots=True)
class StreamDigit:
    """A key that the caller has pressed."""

    digit: str


@dataclass(frozen=True, slots=True)
class StreamMark:
    """All that was to be played before the server's mark has been, or was dropped."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStopped:
    """The last words."""

    account_sid: AccountSid
    call_sid: CallSid


Telling = StreamStarted | StreamSound | StreamDigit | StreamMark | StreamStopped

# --- what the server says (contract 2 §2.3) ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SoundGiven:
    """Sound to be played after all before it: 16-bit little-endian samples at 8 kHz."""

    samples: bytes


@dataclass(frozen=True, slots=True)
class MarkGiven:
    """To be given back when all sound before it has been played."""

    name: str


@dataclass(frozen=True, slots=True)
class ClearGiven:
    """Play nothing of what waits."""


@dataclass(frozen=True, slots=True)
class Nonsense:
    """A message that means nothing, and why; the stream goes on."""

    reason: str


Said = SoundGiven | MarkGiven | ClearGiven | Nonsense


class StreamSocket(Protocol):
    """One connection with a server."""

    @property
    def dropped(self) -> int:
        """How many sounds were never sent because the server reads too slowly."""

    def send(self, telling: Telling) -> None:
        """Queue a message; the oldest sounds go when the server reads too slowly. Never waits, never raises."""

    async def receive(self) -> Said | None:
        """The server's next message; None when it has closed. Raises StreamFailed (31924)."""

    async def close(self) -> None:
        """Send what waits, for a short while, and close."""


class StreamSockets(Protocol):
    """Where streams go."""

    async def connect(self, order: SocketOrder) -> StreamSocket:
        """Shake hands with a server. Raises StreamFailed (31901, 31902, 31920, 31922, 31923)."""
