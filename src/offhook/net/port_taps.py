"""Who listens to one media port: frames of 20 ms in, blocks of each listener's own length out."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from offhook.calls.events import TapId
from offhook.calls.ports import TapBlock
from offhook.media.voice import Activity, VoiceFinder

FRAME = 0.02
FRAME_OCTETS = 320
RECEIVED, NOISE = 1, 2  # bits of what the native plane says of a frame
_NOISE = bytes(what & NOISE for what in range(256))
_NOT_RECEIVED = bytes(what for what in range(256) if not what & RECEIVED)
_IS_NOISE = bytes(what for what in range(256) if what & NOISE)
MOST_WANTED = 64  # frames: what the native plane keeps until they are fetched has twice that
NOTHING = Activity(is_sound=False, is_voice=False)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Listener:
    """One tap: what has come and makes no whole block yet."""

    take: Callable[[TapBlock], None]
    frames: int  # of a block
    voice: VoiceFinder | None
    passed: int = 0  # frames that were given
    inbound: bytearray = field(default_factory=bytearray)
    outbound: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)

    def give_kept(self, frames: int) -> None:
        """Hand over so many of the frames that were kept."""
        octets = frames * FRAME_OCTETS
        inbound, outbound = bytes(self.inbound[:octets]), bytes(self.outbound[:octets])
        received = bytes(self.received[:frames])
        del self.inbound[:octets], self.outbound[:octets], self.received[:frames]
        self.give(inbound, outbound, received)

    def give(self, inbound: bytes, outbound: bytes, received: bytes) -> None:
        """Hand over these frames."""
        activity = NOTHING
        if self.voice is not None:
            activity = self.voice.hear(inbound, outbound, received.translate(_NOISE))
        block = TapBlock(
            inbound=inbound,
            outbound=outbound,
            at=self.passed * FRAME,
            is_received=bool(received.translate(None, _NOT_RECEIVED)),
            is_noise=not received.translate(None, _IS_NOISE),
            is_sound=activity.is_sound,
            is_voice=activity.is_voice,
        )
        self.passed += len(received)
        try:
            self.take(block)
        except Exception:
            # A listener with a bug must not take the other calls' sound with it.
            log.exception("tap_failed")


class PortTaps:
    """The taps of one port."""

    __slots__ = ("_listeners",)

    def __init__(self) -> None:
        self._listeners: dict[TapId, Listener] = {}

    def __bool__(self) -> bool:
        return bool(self._listeners)

    def __contains__(self, tap: object) -> bool:
        return tap in self._listeners

    @property
    def wanted(self) -> int:
        """After how many frames somebody has a whole block."""
        return min(MOST_WANTED, *(listener.frames for listener in self._listeners.values()))

    def add(self, tap: TapId, take: Callable[[TapBlock], None], block: float, *, finds_voice: bool = False) -> None:
        """One more listener, from the next frame on."""
        self._listeners[tap] = Listener(take, max(1, round(block / FRAME)), VoiceFinder() if finds_voice else None)

    def remove(self, tap: TapId) -> None:
        """One less; it gets what is left."""
        self._flush(self._listeners.pop(tap))

    def end(self) -> None:
        """The port is gone: everybody gets what is left."""
        for tap in tuple(self._listeners):
            self.remove(tap)

    def feed(self, inbound: bytes, outbound: bytes, received: bytes) -> None:
        """Frames have come."""
        listeners = tuple(self._listeners.values())
        if len(listeners) == 1 and not listeners[0].received and listeners[0].frames == len(received):
            listeners[0].give(inbound, outbound, received)  # nothing is to be kept: most often so in a media stream
            return
        for listener in listeners:
            listener.inbound += inbound
            listener.outbound += outbound
            listener.received += received
        # A listener may end its tap, or begin one, while it takes a block: all have the frames by now.
        for listener in listeners:
            while len(listener.received) >= listener.frames:
                listener.give_kept(listener.frames)

    @staticmethod
    def _flush(listener: Listener) -> None:
        if listener.received:
            listener.give_kept(len(listener.received))
