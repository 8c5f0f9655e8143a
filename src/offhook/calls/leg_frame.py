"""What every part of a call leg stands on: its fields, its session, its media port, and the clock of its end.

Read by leg_placed and leg_offered, which leg puts together.
"""

import asyncio
from typing import Any

from offhook.base.machine import Machine
from offhook.calls.errors import LegEnded
from offhook.calls.events import (
    InviteAnswered,
    InviteReceived,
    MediaEvent,
    PortId,
    ReferAnswered,
    ReferProgressed,
    SessionId,
    SignallingEvent,
)
from offhook.calls.leg_observer import LegObserver
from offhook.calls.leg_offers import LegOffers
from offhook.calls.leg_sound import LegSound
from offhook.calls.leg_table import LegEnding, LegInput, LegState
from offhook.calls.ports import PlacedInvite, PortStatistics, SrtpPolicy
from offhook.calls.redirects import Search
from offhook.calls.world import World

UNAVAILABLE = 480
NOT_UP = "the leg is not up"
NORMAL_CLEARING = (("Reason", 'Q.850;cause=16;text="Normal call clearing"'),)


class LegFrame(Machine[LegState, LegInput, Any]):
    """The fields of a leg; `rang` to `confirmed` are events that a task can wait for.

    A leg is `confirmed` when its dialog is: what goes within it (REFER, for one) has to wait for the ACK.
    """

    def __init__(self, world: World, observer: LegObserver) -> None:
        super().__init__(LegState.IDLE)
        self.world = world
        self.observer = observer
        self.session: SessionId | None = None
        self.port: PortId | None = None
        self.srtp = SrtpPolicy.ACCEPTED
        self.placed: PlacedInvite | None = None
        self.received: InviteReceived | None = None
        self.answered_by: InviteAnswered | None = None
        self.early_media = asyncio.Event()
        self.early_answer: bytes | None = None
        self.ending: LegEnding | None = None
        self.statistics: PortStatistics | None = None
        self.rang = asyncio.Event()
        self.settled = asyncio.Event()
        self.ended = asyncio.Event()
        self.sound = LegSound(world.media)
        self.offers = LegOffers(world.signalling, world.media, observer.leg_met, self._tell_direction)
        self.confirmed = asyncio.Event()
        self.refer_news: asyncio.Queue[ReferAnswered | ReferProgressed] = asyncio.Queue()
        self._search: Search | None = None
        self._abandoning: asyncio.TimerHandle | None = None

    def receive(self, event: SignallingEvent | MediaEvent) -> None:
        """Take one event of this leg's session or port."""
        raise NotImplementedError

    def _tell_direction(self, direction: str) -> None:
        self.observer.leg_turned(direction, is_held=self.offers.is_held)

    # --- actions --------------------------------------------------------------------------------------------------

    def tell_answered(self, _event: object, _now: float) -> None:
        """Say that the leg is up."""
        self.settled.set()
        self.observer.leg_answered()

    # --- inside ---------------------------------------------------------------------------------------------------

    def _feed(self, input_: LegInput, subject: object) -> None:
        self.feed(input_, subject, asyncio.get_running_loop().time())

    def _open(self, edge: str) -> PortId:
        if self.port is None:
            self.port = self.sound.port = self.world.media.open(edge, srtp=self.srtp)
            self.world.legs.by_port[self.port] = self
        return self.port

    def _limit_teardown(self) -> None:
        # The transaction may go on for 64*T1; the call and its port do not wait that long for a peer that is gone.
        limit = self.world.settings.teardown_limit
        self._abandoning = asyncio.get_running_loop().call_later(limit, self._feed, LegInput.ABANDON, None)

    def _release(self) -> None:
        if self.session is not None:
            self.world.legs.by_session.pop(self.session, None)
        if self.port is not None:
            port, self.port, self.sound.port = self.port, None, None
            self.world.legs.by_port.pop(port, None)
            self.statistics = self.world.media.close(port)

    def _session(self) -> SessionId:
        if self.session is None:
            raise LegEnded("the leg has no session")
        return self.session
