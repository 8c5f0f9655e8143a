"""Finds the leg that an event is for: by its INVITE session or by its media port."""

from typing import Protocol

from offhook.calls.events import MediaEvent, PortId, SessionId, SignallingEvent


class EventTaker(Protocol):
    """Whatever a session's or port's events go to."""

    def receive(self, event: SignallingEvent | MediaEvent) -> None:
        """Take one event."""


class Legs:
    """The live legs by session and by port; empty when no call is left."""

    __slots__ = ("by_port", "by_session")

    def __init__(self) -> None:
        self.by_session: dict[SessionId, EventTaker] = {}
        self.by_port: dict[PortId, EventTaker] = {}

    def receive_signalling(self, event: SignallingEvent) -> bool:
        """Hand a session's event to its leg; False when no leg has that session."""
        leg = self.by_session.get(event.session)
        if leg is not None:
            leg.receive(event)
        return leg is not None

    def receive_media(self, event: MediaEvent) -> bool:
        """Hand a port's event to its leg; False when the port was closed meanwhile."""
        leg = self.by_port.get(event.port)
        if leg is not None:
            leg.receive(event)
        return leg is not None
