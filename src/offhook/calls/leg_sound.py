"""What is heard and pressed on a leg: its playbacks, and the queues that wait for digits."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from offhook.calls.errors import LegEnded
from offhook.calls.events import PlaybackId, PortId
from offhook.calls.ports import MediaPlane, Sound, TapBlock

TYPED_AHEAD = 32  # digits that are kept for a verb that asks for them


class LegSound:
    """Plays to one port and listens to its digits; the leg sets `port` while it is open."""

    __slots__ = ("_listeners", "_media", "_playing", "_queued", "_typed_ahead", "port")

    def __init__(self, media: MediaPlane) -> None:
        self._media = media
        self.port: PortId | None = None
        self._playing: dict[PlaybackId, asyncio.Future[bool]] = {}
        self._queued: dict[PlaybackId, Callable[[], None]] = {}
        self._listeners: list[asyncio.Queue[str]] = []
        self._typed_ahead: deque[str] = deque(maxlen=TYPED_AHEAD)  # the oldest go first

    async def play(self, sound: Sound, *, loop: int = 1) -> bool:
        """Play to the end; False when it was stopped. Raises LegEnded."""
        return await self._played(self._media.play(self._open_port(), sound, loop=loop))

    def queue(self, sound: Sound, done: Callable[[], None]) -> None:
        """Play after all that plays already; `done` is called at its end, however that comes. Raises LegEnded."""
        self._queued[self._media.play(self._open_port(), sound)] = done

    async def play_digits(self, digits: str) -> bool:
        """Send telephone-events; False when stopped. Raises LegEnded."""
        return await self._played(self._media.play_digits(self._open_port(), digits))

    @contextmanager
    def ringback(self, country: str) -> Iterator[None]:
        """The ringing tone of a country while the block runs, however it is left. Raises LegEnded."""
        self._media.play_ringback(self._open_port(), country)
        try:
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        """Silence whatever plays."""
        if self.port is not None:
            self._media.stop(self.port)

    @contextmanager
    def tapping(self, take: Callable[[TapBlock], None], *, block: float, finds_voice: bool = False) -> Iterator[None]:
        """What passes through the port, in blocks of so many seconds, while the block runs. Raises LegEnded."""
        tap = self._media.tap(self._open_port(), take, block=block, finds_voice=finds_voice)
        try:
            yield
        finally:
            self._media.untap(tap)

    @contextmanager
    def listening(self) -> Iterator[asyncio.Queue[str]]:
        """A queue that gets every digit pressed while the block runs."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._listeners.append(queue)
        try:
            yield queue
        finally:
            self._listeners.remove(queue)

    @contextmanager
    def typing(self) -> Iterator[asyncio.Queue[str]]:
        """The same, for digits that are meant for us: those first that were pressed before anybody listened.

        What is left in the queue waits for the next who listens so.
        """
        with self.listening() as queue:
            for digit in self._typed_ahead:
                queue.put_nowait(digit)
            self._typed_ahead.clear()
            try:
                yield queue
            finally:
                while not queue.empty():
                    self._typed_ahead.append(queue.get_nowait())

    def forget_typed(self) -> None:
        """What was typed ahead was meant for somebody else."""
        self._typed_ahead.clear()

    def hear(self, digit: str) -> None:
        """Hand a digit to all who listen, or keep it for who will."""
        for queue in self._listeners:
            queue.put_nowait(digit)
        if not self._listeners:
            self._typed_ahead.append(digit)

    def finish(self, playback: PlaybackId, *, was_stopped: bool) -> None:
        """A playback is done."""
        if playback in self._queued:
            self._queued.pop(playback)()
            return
        future = self._playing.pop(playback, None)
        if future is not None and not future.done():
            future.set_result(not was_stopped)

    def end(self) -> None:
        """The port is gone: nothing that was waited for will finish."""
        for playback in (*self._queued, *self._playing):
            self.finish(playback, was_stopped=True)

    def _open_port(self) -> PortId:
        if self.port is None:
            raise LegEnded("the leg has no open media port")
        return self.port

    async def _played(self, playback: PlaybackId) -> bool:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._playing[playback] = future
        try:
            return await future
        except asyncio.CancelledError:
            self._playing.pop(playback, None)
            self.stop()
            raise
