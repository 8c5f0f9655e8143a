"""What goes on beside a staged call: streams and transcriptions, which are written down."""

import asyncio
from collections.abc import Callable

from offhook.calls.recording import RecordingOrder
from offhook.calls.stream import StreamOrder
from offhook.calls.transcription import TranscriptionOrder
from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.model.sids import AccountSid, CallSid
from offhook.testing.clock import EPOCH


class StageStream:
    """A stream or a transcription; `pressed` are the keys that its server was told of."""

    def __init__(self, order: StreamOrder | TranscriptionOrder) -> None:
        self.order = order
        self.over = asyncio.Event()
        self.pressed = ""

    def press(self, digit: str) -> None:
        """Keep a key."""
        self.pressed += digit

    def stop(self) -> None:
        """End it."""
        self.over.set()


class StageStreams:
    """Those of one stage, by their names; each start is a line of its transcript."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.begun: list[StageStream] = []
        self._write = write

    def start(self, order: StreamOrder | TranscriptionOrder) -> StageStream:
        """Begin one."""
        target = order.url if isinstance(order, StreamOrder) else order.language
        self._write(f"{'stream' if isinstance(order, StreamOrder) else 'transcribe'} {target}")
        self.begun.append(StageStream(order))
        return self.begun[-1]

    def find(self, sid_or_name: str) -> StageStream | None:
        """The newest of this name."""
        return next((one for one in reversed(self.begun) if one.order.name == sid_or_name), None)


class StageRecording:
    """A recording that lasts until it is stopped, or until `longest`."""

    def __init__(self, order: RecordingOrder, number: int) -> None:
        loop = asyncio.get_running_loop()
        self.order = order
        self.ended = asyncio.Event()
        self.record = RecordingRecord(
            sid=f"RE{number:032x}",
            account_sid=AccountSid("AC" + "1" * 32),
            call_sid=CallSid("CA" + "1" * 32),
            status=RecordingStatus.IN_PROGRESS,
            source=order.source,
            channels=order.channels,
            track=order.track,
            date_created=EPOCH,
            date_updated=EPOCH,
        )
        self._began = loop.time()
        self._timer = loop.call_later(order.longest, self.stop) if order.longest else None

    @property
    def seconds(self) -> float:
        """How long it has been."""
        return asyncio.get_running_loop().time() - self._began

    def stop(self) -> None:
        """End it."""
        if self._timer is not None:
            self._timer.cancel()
        self.ended.set()


class StageRecordings:
    """Those of one stage; each start is a line of its transcript."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.begun: list[StageRecording] = []
        self._write = write

    def start(self, order: RecordingOrder) -> StageRecording:
        """Begin one."""
        self._write(f"record {order.track}")
        self.begun.append(StageRecording(order, len(self.begun) + 1))
        return self.begun[-1]

    def find(self, sid_or_name: str) -> StageRecording | None:
        """The newest of this name."""
        return next((one for one in reversed(self.begun) if one.order.name == sid_or_name), None)
