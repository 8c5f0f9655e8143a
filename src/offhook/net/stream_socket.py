"""One WebSocket of a media stream (contract 2 §2): frames to messages, messages to frames, nothing piled up.

What is sent waits in a bounded queue: a server that reads too slowly loses sound, and the call notices nothing of it.
What is heard waits in another: a server that says more than is taken is not read any further.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

import structlog
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSProtocolError, WSTransport

from offhook.calls.errors import StreamFailed
from offhook.calls.ports import (
    ClearGiven,
    MarkGiven,
    Nonsense,
    Said,
    SoundGiven,
    StreamDigit,
    StreamMark,
    StreamSound,
    StreamStarted,
    StreamStopped,
    Telling,
)
from offhook.media.engine import decode, encode
from offhook.media.stream_messages import (
    CONNECTED,
    ClearMessage,
    MarkMessage,
    MediaMessage,
    StreamMessageRefused,
    Writer,
    parse,
)
from offhook.sdp.codecs import PCMU

CLOSED, PROTOCOL = 31921, 31924
NORMAL = frozenset({WSCloseCode.OK, WSCloseCode.GOING_AWAY, WSCloseCode.NO_INFO})  # RFC 6455 §7.4.1
LATEST = 64  # messages of the server that wait to be taken
BUFFER = 65_536  # octets that the transport may hold before sound waits, and then is dropped, here

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStreamLimits:
    """What streams may take: seconds, messages that wait for a server, octets of one of its messages."""

    connect: float = 10.0
    close: float = 2.0
    ping: float = 20.0
    waiting: int = 250
    streams: int = 10_000
    message: int = 1_048_576


@dataclass(frozen=True, slots=True)
class _End:
    """What comes after the last message."""

    failure: StreamFailed | None


class ServerSocket(WSListener):
    """One connection; satisfies calls.ports.StreamSocket. `watch` runs as long as it does."""

    def __init__(self, limits: MediaStreamLimits) -> None:
        self._limits = limits
        self._transport: WSTransport | None = None
        self._writer: Writer | None = None
        self._waiting: deque[Telling] = deque()
        self._takes_more = True  # the transport, before it holds too much
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._heard: asyncio.Queue[Said | _End] = asyncio.Queue()
        self._is_held_back = False
        self._pieces: bytearray | None = None
        self._pieces_are_text = False
        self._failure: StreamFailed | None = None
        self._is_closing = False
        self._gone = asyncio.Event()
        self.dropped = 0

    # --- calls.ports.StreamSocket ---------------------------------------------------------------------------------

    def send(self, telling: Telling) -> None:
        """Send or queue a message; the oldest sound goes when too many wait."""
        if self._is_over:
            return
        if self._takes_more:
            self._write(telling)
            return
        if isinstance(telling, StreamSound) and len(self._waiting) >= self._limits.waiting:
            self._drop_oldest_sound()
        self._waiting.append(telling)
        self._emptied.clear()

    async def receive(self) -> Said | None:
        """The server's next message; None at its end. Raises StreamFailed (31921, 31924)."""
        heard = await self._heard.get()
        if isinstance(heard, _End):
            self._heard.put_nowait(heard)
            if heard.failure is not None:
                raise heard.failure
            return None
        if self._is_held_back and self._heard.empty() and not self._is_over:
            self._is_held_back = False
            self._line.underlying_transport.resume_reading()
        return heard

    async def close(self) -> None:
        """Send what waits, for a short while, and close."""
        try:
            async with asyncio.timeout(self._limits.close):
                await self._emptied.wait()
                self._is_closing = True
                if not self._gone.is_set():
                    self._line.send_close(WSCloseCode.OK)
                await self._gone.wait()
        except TimeoutError:
            log.info("stream_not_drained", waiting=len(self._waiting))
        finally:
            self._is_closing = True
            self._waiting.clear()
            self.cut()

    # --- from the handshake to the end ----------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether there was a handshake."""
        return self._transport is not None

    @property
    def held(self) -> int:
        """Octets that the transport holds for a server that does not read them."""
        return self._line.underlying_transport.get_write_buffer_size()

    async def watch(self) -> None:
        """Wait for the end and tell it, whoever made it; cancelled, make it."""
        try:
            await self._line.wait_disconnected()
        except WSProtocolError as error:
            self._failure = self._failure or _breach(str(error))
        except OSError:
            log.info("stream_broken", waiting=len(self._waiting))
        finally:
            self.cut()
            self._gone.set()
            self._emptied.set()
            self._heard.put_nowait(_End(self._failure or (None if self._is_closing else _ending(self._line))))

    def abandon(self) -> None:
        """Nobody waits for it any more: it ends as soon as it is there."""
        self._is_closing = True
        if self._transport is not None:
            self.cut()

    def cut(self) -> None:
        """End it at once."""
        self._line.disconnect(graceful=False)

    # --- picows.WSListener ----------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Begin, unless the call is over already."""
        self._transport = transport
        if self._is_closing:
            self.cut()
            return
        transport.underlying_transport.set_write_buffer_limits(high=BUFFER)
        transport.send(WSMsgType.TEXT, CONNECTED.encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame."""
        if transport.is_close_frame_sent and frame.msg_type is not WSMsgType.CLOSE:
            return  # what follows a fault is no message
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._refuse(WSCloseCode.PROTOCOL_ERROR, "a reserved bit is set, and no extension was agreed on")
            return
        match frame.msg_type:
            case WSMsgType.TEXT | WSMsgType.BINARY | WSMsgType.CONTINUATION:
                self._assemble(frame)
            case WSMsgType.PING if self._takes_more:
                transport.send_pong(frame.get_payload_as_bytes())
            case WSMsgType.CLOSE:
                if not transport.is_close_frame_sent:
                    transport.send_close(frame.get_close_code())
                transport.disconnect()

    def pause_writing(self) -> None:
        """Let what comes now wait here."""
        self._takes_more = False

    def resume_writing(self) -> None:
        """Send what waited."""
        self._takes_more = True
        while self._takes_more and self._waiting:
            self._write(self._waiting.popleft())
        if not self._waiting:
            self._emptied.set()

    # --- sending --------------------------------------------------------------------------------------------------

    @property
    def _is_over(self) -> bool:
        return self._is_closing or self._gone.is_set()

    @property
    def _line(self) -> WSTransport:
        assert self._transport is not None  # noqa: S101 - nobody has a socket that is not connected
        return self._transport

    def _write(self, telling: Telling) -> None:
        self._line.send(WSMsgType.TEXT, self._written(telling).encode())

    def _written(self, telling: Telling) -> str:
        if isinstance(telling, StreamStarted):
            self._writer = Writer(telling.stream_sid)
            return self._writer.start(telling.account_sid, telling.call_sid, telling.tracks, telling.parameters)
        assert self._writer is not None  # noqa: S101 - StreamStarted comes first
        match telling:
            case StreamSound(track=track, chunk=chunk, at=at, samples=samples):
                return self._writer.media(track, chunk, at, encode(PCMU, samples))
            case StreamDigit(digit=digit):
                return self._writer.dtmf(digit)
            case StreamMark(name=name):
                return self._writer.mark(name)
            case StreamStopped(account_sid=account_sid, call_sid=call_sid):
                return self._writer.stop(account_sid, call_sid)

    def _drop_oldest_sound(self) -> None:
        for index, waiting in enumerate(self._waiting):
            if isinstance(waiting, StreamSound):
                del self._waiting[index]
                self.dropped += 1
                return

    # --- hearing --------------------------------------------------------------------------------------------------

    def _assemble(self, frame: WSFrame) -> None:
        if (frame.msg_type is WSMsgType.CONTINUATION) is (self._pieces is None):
            self._refuse(WSCloseCode.PROTOCOL_ERROR, "a piece of a message is out of its place")
            return
        if self._pieces is None:
            is_text = frame.msg_type is WSMsgType.TEXT
            if frame.fin:
                self._take(frame.get_payload_as_bytes(), is_text=is_text)
                return
            self._pieces, self._pieces_are_text = bytearray(), is_text
        self._pieces += frame.get_payload_as_memoryview()
        if len(self._pieces) > self._limits.message:
            self._refuse(WSCloseCode.MESSAGE_TOO_BIG, f"a message has more than {self._limits.message} octets")
        elif frame.fin:
            whole, self._pieces = bytes(self._pieces), None
            self._take(whole, is_text=self._pieces_are_text)

    def _take(self, octets: bytes, *, is_text: bool) -> None:
        if not is_text:
            self._heard.put_nowait(Nonsense("expected text, got a binary message"))
        else:
            try:
                self._heard.put_nowait(_read(octets.decode()))
            except UnicodeDecodeError:
                self._refuse(WSCloseCode.INVALID_TEXT, "a message is no UTF-8")
                return
        if self._heard.qsize() >= LATEST and not self._is_held_back:
            self._is_held_back = True
            self._line.underlying_transport.pause_reading()

    def _refuse(self, code: WSCloseCode, reason: str) -> None:
        """End a connection of which no sense can be made."""
        self._failure = _breach(reason)
        self._line.send_close(code, reason.encode())
        self._line.disconnect(graceful=False)


def _breach(reason: str) -> StreamFailed:
    return StreamFailed(PROTOCOL, f"the server breaks the protocol: {reason}")


def _ending(transport: WSTransport) -> StreamFailed | None:
    """What the server's close frame says of the end, if there was one."""
    heard = getattr(transport.close_handshake, "recv", None)  # before the first close frame there is no handshake
    if heard is None:
        return StreamFailed(CLOSED, "the connection was cut")
    if heard.code in NORMAL:
        return None
    return StreamFailed(CLOSED, f"the connection was closed with {heard.code.value}")


def _read(text: str) -> Said:
    try:
        message = parse(text)
    except StreamMessageRefused as error:
        return Nonsense(str(error))
    match message:
        case MediaMessage(octets=octets):
            return SoundGiven(decode(PCMU, octets))
        case MarkMessage(name=name):
            return MarkGiven(name)
        case ClearMessage():
            return ClearGiven()
