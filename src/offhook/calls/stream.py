"""A media stream of a running call: its sound goes to the customer's server, and in <Connect> the server's comes back.

Begun by a document or by REST, run beside the call's documents (contract 2 §1.14, §2). What was given to play is
followed to its end, since marks come back when it has really been heard.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC

from offhook.calls.beside import AccompaniedCall
from offhook.calls.errors import CallError, LegEnded, StreamFailed
from offhook.calls.ports import (
    CallbackRequest,
    ClearGiven,
    MarkGiven,
    Nonsense,
    Said,
    SocketOrder,
    Sound,
    SoundGiven,
    StreamDigit,
    StreamMark,
    StreamSocket,
    StreamSound,
    StreamStarted,
    StreamStopped,
    TapBlock,
)
from offhook.calls.waiting import first_of
from offhook.model.call import WebhookTarget
from offhook.model.timeline import Kind

PREFIX = "MZ"
INBOUND, OUTBOUND, BOTH = "inbound_track", "outbound_track", "both_tracks"
TRACKS = {INBOUND: ("inbound",), OUTBOUND: ("outbound",), BOTH: ("inbound", "outbound")}
FRAME = 0.02
RATE = 8000
MOST_MARKS = 1000  # that wait at a time
MOST_NONSENSE = 100  # messages that mean nothing, before the server is believed to be another kind of server
STREAM_PROTOCOL = 31951
SLOW_SERVER = 31950


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOrder:
    """What is asked for; `is_two_way` is that of <Connect>."""

    url: str
    name: str = ""
    track: str = INBOUND
    is_two_way: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    callback: WebhookTarget | None = None

    @property
    def tracks(self) -> tuple[str, ...]:
        """The words for its tracks in messages."""
        return TRACKS[self.track]


class MediaStream:
    """One of them; `is_running` until it is to stop, `over` when it has."""

    def __init__(self, call: AccompaniedCall, sid: str, order: StreamOrder) -> None:
        self.call = call
        self.sid = sid
        self.order = order
        self.name = order.name or sid
        self.is_running = True
        self.over = asyncio.Event()
        self.date_updated = call.world.clock.now()
        self._stopping = asyncio.Event()
        self._socket: StreamSocket | None = None
        self._chunk = 0
        self._queued = 0.0  # seconds of sound that were given and not played yet
        self._marks: deque[tuple[int, str]] = deque()  # by how many sounds have to end before
        self._given = self._played = 0
        self._nonsense = 0

    def stop(self) -> None:
        """End it; may be called twice. `over` follows."""
        self._stopping.set()
        if self.is_running:
            self.is_running = False
            self.date_updated = self.call.world.clock.now()

    def press(self, digit: str) -> None:
        """Tell the server of a key, in <Connect> alone."""
        if self._socket is not None and self.order.is_two_way:
            self._socket.send(StreamDigit(digit))

    async def run(self) -> None:
        """Connect, and stream until the server, the call or whoever stops it ends it; a failure is told, not raised."""
        try:
            await self._connect_and_stream()
        except CallError as error:
            if not isinstance(error, LegEnded):
                self._tell_error(error)
        finally:
            self.stop()
            self.over.set()

    async def _connect_and_stream(self) -> None:
        record = self.call.record
        order = SocketOrder(url=self.order.url, account_sid=record.account_sid, call_sid=record.sid)
        socket = await self.call.world.sockets.connect(order)
        error: CallError | None = None
        try:
            error = await self._stream(socket)
        finally:
            self._socket = None
            self._forget_sounds()
            socket.send(StreamStopped(account_sid=record.account_sid, call_sid=record.sid))
            await socket.close()
        if socket.dropped:
            told = f"the server of stream {self.name} read too slowly: {socket.dropped} pieces of sound were left out"
            self.call.notice(SLOW_SERVER, told, url=self.order.url)
        if error is not None:
            raise error
        self._tell("stream-stopped")

    async def _stream(self, socket: StreamSocket) -> CallError | None:
        """Errors leave the task group as values, because it would wrap them."""
        failed: list[CallError] = []

        async def listen() -> None:
            try:
                while (said := await socket.receive()) is not None:
                    self._take_said(said)
            except CallError as error:
                failed.append(error)

        record = self.call.record
        with self.call.leg.sound.tapping(self._take_sound, block=FRAME):
            self._socket = socket
            socket.send(
                StreamStarted(
                    stream_sid=self.sid,
                    account_sid=record.account_sid,
                    call_sid=record.sid,
                    tracks=self.order.tracks,
                    parameters=self.order.parameters,
                )
            )
            self._tell("stream-started")
            await first_of(listen(), self._stopping.wait(), self.call.leg.ended.wait())
        return failed[0] if failed else None

    # --- to the server --------------------------------------------------------------------------------------------

    def _take_sound(self, block: TapBlock) -> None:
        if self._socket is None:
            return
        at = round(block.at * 1000)
        for track in reversed(self.order.tracks):  # the outbound one first, as in the contract's example
            self._chunk += 1
            samples = block.inbound if track == "inbound" else block.outbound
            self._socket.send(StreamSound(track, self._chunk, at, samples))

    # --- from the server ------------------------------------------------------------------------------------------

    def _take_said(self, said: Said) -> None:
        if not self.order.is_two_way:
            return  # contract 2 §1.14: of a <Start> stream nothing is taken
        match said:
            case SoundGiven(samples=samples):
                self._play(samples)
            case MarkGiven(name=name):
                self._mark(name)
            case ClearGiven():
                self.call.leg.sound.stop()
            case Nonsense(reason=reason):
                self._complain(reason)

    def _play(self, samples: bytes) -> None:
        seconds = len(samples) / 2 / RATE
        if not samples:
            return
        if self._queued + seconds > self.call.world.settings.stream_queue:
            limit = self.call.world.settings.stream_queue
            self._complain(f"more than {limit:.0f} s of sound wait to be played: the rest is left out")
            return
        self._given += 1
        self._queued += seconds

        def done() -> None:
            self._queued = max(0.0, self._queued - seconds)
            self._played += 1
            self._give_marks_back()

        self.call.leg.sound.queue(Sound(samples=samples), done)

    def _mark(self, name: str) -> None:
        if len(self._marks) >= MOST_MARKS:
            self._complain(f"more than {MOST_MARKS} marks wait: this one is left out")
            return
        self._marks.append((self._given, name))
        self._give_marks_back()

    def _give_marks_back(self) -> None:
        while self._marks and self._marks[0][0] <= self._played:
            _, name = self._marks.popleft()
            if self._socket is not None:
                self._socket.send(StreamMark(name))

    def _complain(self, reason: str) -> None:
        self._nonsense += 1
        if self._nonsense == 1:
            self.call.notice(STREAM_PROTOCOL, f"a message of the server of stream {self.name}: {reason}")
        if self._nonsense > MOST_NONSENSE:
            raise StreamFailed(STREAM_PROTOCOL, f"{MOST_NONSENSE} messages of the server meant nothing: {reason}")

    def _forget_sounds(self) -> None:
        if self.order.is_two_way and self._given > self._played:
            self.call.leg.sound.stop()

    # --- telling --------------------------------------------------------------------------------------------------

    def _tell_error(self, error: CallError) -> None:
        self.call.notice(error.error_code, f"stream {self.name}: {error}", is_error=True, url=self.order.url)
        self._tell("stream-error", StreamError=str(error))

    def _tell(self, event: str, **more: str) -> None:
        call = self.call
        call.trace(Kind.MEDIA, f"{event} {self.name}", event=event, sid=self.sid, **more)
        if self.order.callback is None:
            return
        parameters = {
            "AccountSid": call.record.account_sid,
            "CallSid": call.record.sid,
            "StreamSid": self.sid,
            "StreamName": self.name,
            "StreamEvent": event,
            "Timestamp": call.world.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            **more,
        }
        call.world.webhooks.notify(
            CallbackRequest(
                account_sid=call.record.account_sid,
                call_sid=call.record.sid,
                target=self.order.callback,
                parameters=parameters,
                event=event,
                about=self.sid,
            )
        )
