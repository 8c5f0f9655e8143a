"""The mixes of the native media plane."""

from collections.abc import Callable, Container

from offhook.audio.resample import to_telephone
from offhook.base.errors import IllegalInput
from offhook.calls.events import MixId, PortId
from offhook.calls.ports import EVERYTHING, MixRole, Sound
from offhook.media.engines import Engines
from offhook.media.events import PlaneEvent, PlaybackEnded

NOBODY = 0  # no port has this number


class MediaMixes:
    """calls.ports.Mixes on the media threads; `ports` are those that are open."""

    def __init__(self, engines: Engines, ports: Container[int]) -> None:
        self._engines = engines
        self._ports = ports
        self._mixes: set[int] = set()
        self._playbacks = 0
        self._over: dict[tuple[int, int], Callable[[], None]] = {}

    def open(self) -> MixId:
        """A mix without members."""
        mix = self._engines.open_mix()
        self._mixes.add(mix)
        return MixId(mix)

    def join(self, mix: MixId, port: PortId, role: MixRole = EVERYTHING) -> None:
        """Let a port take part, or change its role; it leaves whatever it was joined to."""
        self._check(mix)
        for number in (port, role.only_by):
            if number is not None and number not in self._ports:
                raise IllegalInput(f"no media port {number} is open")
        self._engines.join(mix, port, is_heard=role.is_heard, hears=role.hears, only_by=role.only_by or NOBODY)

    def announce(self, mix: MixId, sound: Sound, over: Callable[[], None], *, loop: int = 1) -> None:
        """Queue a sound for all who hear (0 times: for ever); `over` is called once, when it was heard or stopped."""
        self._check(mix)
        self._playbacks += 1
        self._over[mix, self._playbacks] = over
        self._engines.of(mix).announce(mix, self._playbacks, to_telephone(sound.samples, sound.rate_hz), loop)

    def hush(self, mix: MixId) -> None:
        """Drop all announcements; `over` of each follows."""
        self._check(mix)
        self._engines.of(mix).hush(mix)

    def close(self, mix: MixId) -> None:
        """Part all members and drop all announcements; `over` of each follows."""
        self._check(mix)
        self._mixes.remove(mix)
        self._engines.close_mix(mix)

    def receive(self, event: PlaneEvent) -> None:
        """Take an event of no open port: of a mix, though closed meanwhile, or of a closed port."""
        if isinstance(event, PlaybackEnded) and (over := self._over.pop((event.port, event.playback), None)):
            over()

    def _check(self, mix: MixId) -> None:
        if mix not in self._mixes:
            raise IllegalInput(f"no mix {mix} is open")
