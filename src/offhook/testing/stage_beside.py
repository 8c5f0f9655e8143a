"""What goes on beside a staged call: streams and transcriptions, which are written down."""

import asyncio
from collections.abc import Callable

from offhook.calls.stream import StreamOrder
from offhook.calls.transcription import TranscriptionOrder


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
