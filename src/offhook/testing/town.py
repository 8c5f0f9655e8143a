"""A whole platform among SIP phones, in virtual time: its own signalling, over a network that may lose and delay.

`TownSignalling` is net.sip_service on a testing.town_network; `Town` is a Switchboard with it. Who lives there besides
are testing.town_phone's.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from offhook.calls.events import SignallingEvent
from offhook.net.edge import SipEdge
from offhook.net.edge_sessions import EdgeSessions
from offhook.net.sip_service import SipService
from offhook.net.translation import SessionEvent
from offhook.sip.endpoint import Endpoint
from offhook.sip.hop import Transport
from offhook.sip.settings import EndpointSettings
from offhook.testing.clock import VirtualClock
from offhook.testing.records import MemoryTimeline
from offhook.testing.switchboard import EDGES, Switchboard
from offhook.testing.town_network import TownNetwork, TownWire, seeded_tokens
from offhook.testing.town_phone import Temper, TownPhone
from offhook.testing.wire import CALM, Weather

PLATFORM = MappingProxyType({name: f"192.0.2.{100 + place}" for place, name in enumerate(EDGES)})  # where each edge is


class TownSignalling(SipService):
    """The platform's signalling with a town for a network."""

    def __init__(
        self,
        network: TownNetwork,
        edges: Mapping[str, SipEdge],
        sink: Callable[[SignallingEvent], None],
        *,
        tokens: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(edges, MemoryTimeline(), VirtualClock(), tokens or seeded_tokens(0), sink)
        self._network = network

    async def start(self) -> None:
        """Move in."""
        self._places = {name: place for place, name in enumerate(self._edges)}
        for place, edge in enumerate(self._edges.values()):
            sent_by = {Transport.UDP: (edge.host, edge.port), Transport.TCP: (edge.host, edge.port)}
            settings = EndpointSettings(
                edge=edge.name, sent_by=sent_by, timers=edge.timers, failover=edge.failover,
                session_expires=edge.session_expires, min_se=edge.min_se,
            )  # fmt: skip
            endpoint = Endpoint(settings, self._tokens, protection=self.protection)
            self._endpoints.append(endpoint)
            sessions = EdgeSessions(edge.name, place, self._endpoints)

            def deliver(event: SessionEvent, sessions: EdgeSessions = sessions) -> None:
                self._deliver(sessions, event)

            self._wires.append(TownWire(self._network, edge, endpoint, deliver))  # type: ignore[arg-type]

    async def close(self) -> None:
        """Move out."""
        for wire in self._wires:
            await wire.close()

    def leftovers(self) -> dict[str, object]:
        """What is still there in any endpoint; empty once the last call has faded away."""
        found: dict[str, object] = {}
        for name, endpoint in zip(self._edges, self._endpoints, strict=True):
            left = {
                "sessions": endpoint.session_count,
                "transactions": endpoint.transaction_count,
                "questions": len(endpoint.departures),
                "timer": endpoint.next_timer(),
            }
            if any(value not in (0, None) for value in left.values()):
                found[name] = left
        return found


class Town:
    """A platform, phones, and the network between them; everything that happens follows from the seed.

    `board` has the application, the calls and their records, as without a network; its scripted telephones have no part
    in this. A platform lives at PLATFORM, phones where they move in.
    """

    def __init__(self, seed: int = 0, weather: Weather = CALM) -> None:
        self.network = TownNetwork(random.Random(seed), weather)  # noqa: S311 - repeatable on purpose
        self.board = Switchboard()
        self.phones: list[TownPhone] = []
        edges = {name: SipEdge(name=name, host=host) for name, host in PLATFORM.items()}
        self.signalling = TownSignalling(self.network, edges, self._hear, tokens=seeded_tokens(seed))
        settings = replace(self.board.world.settings, teardown_limit=5.0)
        self.board.use(replace(self.board.world, signalling=self.signalling, settings=settings))
        self._seed = seed

    def move_in(self, host: str, temper: Temper | None = None) -> TownPhone:
        """A phone at sip:anybody@host, of this temper."""
        phone = TownPhone(self.network, host, temper or Temper(), seed=self._seed * 10 + len(self.phones))
        self.phones.append(phone)
        return phone

    async def start(self) -> None:
        """Let the platform listen."""
        await self.signalling.start()

    async def close(self) -> None:
        """Let it stop."""
        await self.signalling.close()

    def leftovers(self) -> dict[str, object]:
        """What is still there of any call, timers and transactions included; empty once all has faded away."""
        return {**self.board.leftovers(), **self.signalling.leftovers()}

    def _hear(self, event: SignallingEvent) -> None:
        self.board.exchange.receive_signalling(event)
