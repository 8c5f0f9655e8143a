"""Mixes as calls need them: ports whose peers hear one another, and announcements to all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from offhook.calls.events import MixId, PortId
from offhook.calls.ports.sound import Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class MixRole:
    """What a member may do: be heard by all others, or `only_by` one of them; hear the others and the announcements."""

    is_heard: bool = True
    hears: bool = True
    only_by: PortId | None = None


EVERYTHING = MixRole()


class Mixes(Protocol):
    """The mixes of a media plane; a command about one that is not open raises IllegalInput."""

    def open(self) -> MixId:
        """A mix without members."""

    def join(self, mix: MixId, port: PortId, role: MixRole = EVERYTHING) -> None:
        """Let a port take part, or change its role; it leaves whatever it was joined to.

        It leaves by MediaPlane.disconnect, connect and close. While something is played to it, it hears that alone.
        """

    def announce(self, mix: MixId, sound: Sound, over: Callable[[], None], *, loop: int = 1) -> None:
        """Queue a sound for all who hear (0 times: for ever); `over` is called once, when it was heard or stopped."""

    def hush(self, mix: MixId) -> None:
        """Drop all announcements; `over` of each follows."""

    def close(self, mix: MixId) -> None:
        """Part all members and drop all announcements; `over` of each follows."""
