"""The sessions of one edge among those of all: their numbers are interleaved, so that each is unique."""

from collections.abc import Sequence

from offhook.calls.events import SessionId
from offhook.sip.endpoint import Endpoint
from offhook.sip.replaces import Replaces


class EdgeSessions:
    """What calls know the sessions of an edge by; `endpoints` are those of all edges, this one's at `place`."""

    __slots__ = ("_endpoints", "_place", "edge")

    def __init__(self, edge: str, place: int, endpoints: Sequence[Endpoint]) -> None:
        self.edge = edge
        self._place = place
        self._endpoints = endpoints

    def number(self, session: int) -> SessionId:
        """What calls know a session of this edge by."""
        return SessionId(session * len(self._endpoints) + self._place)

    def replaced(self, replaces: Replaces) -> SessionId | None:
        """The session, on whichever edge, that a Replaces names."""
        for place, endpoint in enumerate(self._endpoints):
            found = endpoint.find_replaced(replaces)
            if found is not None:
                return SessionId(found.number * len(self._endpoints) + place)
        return None
