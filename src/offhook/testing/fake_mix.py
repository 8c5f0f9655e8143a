"""The mixes of the fake media plane: who hears whom, in the loop's time."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from offhook.audio.mixing import mixed
from offhook.audio.resample import to_telephone
from offhook.base.errors import IllegalInput
from offhook.calls.events import MixId, PortId
from offhook.calls.ports import EVERYTHING, MixRole, Sound
from offhook.testing.air import Air


@dataclass(slots=True, kw_only=True)
class Announcement:
    """One that is heard or waits; `duration` is None for ever."""

    samples: bytes
    loop: int
    over: Callable[[], None]

    @property
    def duration(self) -> float | None:
        """In seconds."""
        return None if self.loop == 0 else len(self.samples) / 16_000 * self.loop


@dataclass(slots=True)
class FakeMix:
    """One mix as a test sees it."""

    members: dict[PortId, MixRole] = field(default_factory=dict)
    announced: Air = field(default_factory=Air)
    queue: list[Announcement] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None


class FakeMixes:
    """calls.ports.Mixes; `said` gives what a port's peer said, `part` takes a port out of what it was joined to."""

    def __init__(self, said: Callable[[PortId], Air], part: Callable[[PortId], None]) -> None:
        self._said = said
        self._part = part
        self._opened = 0
        self.mixes: dict[MixId, FakeMix] = {}

    def open(self) -> MixId:
        """A mix without members."""
        self._opened += 1
        self.mixes[MixId(self._opened)] = FakeMix()
        return MixId(self._opened)

    def join(self, mix: MixId, port: PortId, role: MixRole = EVERYTHING) -> None:
        """Let a port take part, or change its role."""
        found = self._mix(mix)
        for number in (port, role.only_by):
            if number is not None:
                self._said(number)
        if port not in found.members:
            self._part(port)
        found.members[port] = role

    def leave(self, port: PortId) -> None:
        """Take a port out of its mix, if it is in one."""
        for mix in self.mixes.values():
            mix.members.pop(port, None)

    def announce(self, mix: MixId, sound: Sound, over: Callable[[], None], *, loop: int = 1) -> None:
        """Queue a sound for all who hear."""
        found = self._mix(mix)
        samples = to_telephone(sound.samples, sound.rate_hz)
        found.queue.append(Announcement(samples=samples, loop=loop, over=over))
        self._begin(found)

    def hush(self, mix: MixId) -> None:
        """Drop all announcements."""
        found = self._mix(mix)
        loop = asyncio.get_running_loop()
        if found.timer is not None:
            found.timer.cancel()
            found.timer = None
        found.announced.hush(loop.time())
        for announcement in found.queue:
            loop.call_soon(announcement.over)
        found.queue.clear()

    def close(self, mix: MixId) -> None:
        """Part all members and drop all announcements."""
        self.hush(mix)
        del self.mixes[mix]

    def heard(self, port: PortId, start: float, end: float) -> bytes | None:
        """What a member was sent between two moments; None when the port is in no mix."""
        mix = next((mix for mix in self.mixes.values() if port in mix.members), None)
        if mix is None:
            return None
        silence = bytes(2 * round((end - start) * 8000))
        if not mix.members[port].hears:
            return silence
        heard, _ = mix.announced.heard(start, end)
        for other, role in mix.members.items():
            if other != port and role.is_heard and role.only_by in {None, port}:
                heard = mixed(heard, self._said(other).heard(start, end)[0])
        return heard

    def _mix(self, mix: MixId) -> FakeMix:
        found = self.mixes.get(mix)
        if found is None:
            raise IllegalInput(f"no mix {mix} is open")
        return found

    def _begin(self, mix: FakeMix) -> None:
        """Start the clock of the queue's head."""
        if mix.timer is not None or not mix.queue:
            return
        loop, head = asyncio.get_running_loop(), mix.queue[0]
        mix.announced.say(loop.time(), head.samples, times=head.loop or math.inf)
        mix.timer = loop.call_later(math.inf if head.duration is None else head.duration, self._finish, mix)

    def _finish(self, mix: FakeMix) -> None:
        mix.timer = None
        mix.queue.pop(0).over()
        self._begin(mix)
