"""Servers of media streams without a network: a scripted fake of calls.ports.StreamSockets."""

import asyncio

from offhook.calls.errors import StreamFailed
from offhook.calls.ports import Said, SocketOrder, StreamDigit, StreamMark, StreamSound, StreamStarted, Telling


class FakeSocket:
    """One connection as its server sees it; `told` has every message."""

    def __init__(self, order: SocketOrder) -> None:
        self.order = order
        self.told: list[Telling] = []
        self.dropped = 0
        self.is_closed = False
        self._said: asyncio.Queue[Said | StreamFailed | None] = asyncio.Queue()

    # --- what a test does and sees --------------------------------------------------------------------------------

    @property
    def started(self) -> StreamStarted:
        """The first message."""
        first = self.told[0]
        assert isinstance(first, StreamStarted)  # noqa: S101 - a test's own check
        return first

    def heard(self, track: str = "inbound") -> bytes:
        """All sound of one track."""
        return b"".join(one.samples for one in self.told if isinstance(one, StreamSound) and one.track == track)

    def marks(self) -> list[str]:
        """The marks that came back."""
        return [one.name for one in self.told if isinstance(one, StreamMark)]

    def digits(self) -> str:
        """The keys that were told."""
        return "".join(one.digit for one in self.told if isinstance(one, StreamDigit))

    def say(self, *said: Said) -> None:
        """Send messages to the call."""
        for one in said:
            self._said.put_nowait(one)

    def hang_up(self, error: StreamFailed | None = None) -> None:
        """Close the connection, or break it."""
        self._said.put_nowait(error)

    # --- calls.ports.StreamSocket ---------------------------------------------------------------------------------

    def send(self, telling: Telling) -> None:
        """Take a message."""
        if not self.is_closed:
            self.told.append(telling)

    async def receive(self) -> Said | None:
        """The next that was said. Raises StreamFailed when the connection was broken."""
        said = await self._said.get()
        if isinstance(said, StreamFailed):
            raise said
        return said

    async def close(self) -> None:
        """The end."""
        self.is_closed = True


class FakeSockets:
    """Lets streams connect; `refuse_with` fails them, `delay` makes them wait for it."""

    def __init__(self) -> None:
        self.opened: list[FakeSocket] = []
        self.refuse_with: StreamFailed | None = None
        self.delay = 0.0

    async def connect(self, order: SocketOrder) -> FakeSocket:
        """Shake hands. Raises StreamFailed when told to."""
        await asyncio.sleep(self.delay)
        if self.refuse_with is not None:
            raise self.refuse_with
        self.opened.append(FakeSocket(order))
        return self.opened[-1]
