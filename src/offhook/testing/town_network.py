"""A network in virtual time that loses, repeats, delays and reorders as its seed says, and endpoints upon it."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Protocol

from offhook.net.edge import SipEdge
from offhook.net.pump import Pump
from offhook.net.translation import SessionEvent
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import Event, NextHopAsked
from offhook.sip.hop import Hop, Transmission
from offhook.testing.wire import CALM, Weather

Place = tuple[str, int]


def seeded_tokens(seed: int) -> Callable[[], str]:
    """Branches, tags and Call-IDs that are the same in each run of one seed."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    return lambda: f"{chance.getrandbits(64):016x}"


class Inhabitant(Protocol):
    """Whatever is reached at a place."""

    def arrive(self, data: bytes, source: Hop) -> None:
        """Take what came."""


class TownNetwork:
    """Carries messages on the running loop; what happens to each follows from the seed. `names` are its DNS."""

    def __init__(self, chance: random.Random, weather: Weather = CALM) -> None:
        self.weather = weather
        self.names: dict[str, Sequence[Hop]] = {}
        self.parted: set[str] = set()  # hosts that nothing reaches and nothing leaves
        self.carried: list[tuple[float, Place, Place, bytes]] = []
        self._chance = chance
        self._places: dict[Place, Inhabitant] = {}
        self._connections: dict[tuple[Place, Place], int] = {}

    def settle_at(self, place: Place, inhabitant: Inhabitant) -> None:
        """Let this one be reached at this place."""
        self._places[place] = inhabitant

    def leave(self, place: Place) -> None:
        """Nobody is there any more."""
        self._places.pop(place, None)

    def send(self, data: bytes, source: Place, hop: Hop) -> bool:
        """Put a message on its way; False when a stream finds nobody."""
        target = (hop.host, hop.port)
        self.carried.append((asyncio.get_running_loop().time(), source, target, data))
        is_cut = bool({source[0], target[0]} & self.parted)
        if hop.transport.is_reliable:
            if target not in self._places or is_cut:
                return False
            self._carry(data, source, hop, self.weather.delay)
            return True
        chance = self._chance
        if not is_cut and chance.random() >= self.weather.loss:
            self._carry(data, source, hop, self._way())
            if chance.random() < self.weather.duplicate:
                self._carry(data, source, hop, self._way())
        return True

    def _way(self) -> float:
        weather, chance = self.weather, self._chance
        return weather.delay + (chance.random() * weather.detour if chance.random() < weather.reorder else 0.0)

    def _carry(self, data: bytes, source: Place, hop: Hop, delay: float) -> None:
        target = (hop.host, hop.port)
        connection = None
        if hop.transport.is_reliable:
            ends = (min(source, target), max(source, target))
            connection = self._connections.setdefault(ends, len(self._connections) + 1)
        came = Hop(hop.transport, *source, connection)

        def arrive() -> None:
            inhabitant = self._places.get(target)
            if inhabitant is not None and target[0] not in self.parted:
                inhabitant.arrive(data, came)

        asyncio.get_running_loop().call_later(delay, arrive)


class TownWire:
    """An endpoint at a place, driven by the pump that drives it in earnest."""

    def __init__(
        self, network: TownNetwork, edge: SipEdge, endpoint: Endpoint, deliver: Callable[[SessionEvent], None]
    ) -> None:
        self.edge = edge
        self.port = edge.port
        self.endpoint = endpoint
        self.pump = Pump(endpoint, self)
        self._network = network
        self._deliver = deliver
        self._place = (edge.host, edge.port)
        network.settle_at(self._place, self)

    def arrive(self, data: bytes, source: Hop) -> None:
        """Take what came."""
        if source.connection is None:
            self.pump.receive(self.endpoint.receive, data, source, self.pump.now())
        else:
            self.pump.receive(self.endpoint.receive_stream, source.connection, data, source, self.pump.now())

    def send(self, transmission: Transmission) -> str:
        """Put a message on the network."""
        return "" if self._network.send(transmission.data, self._place, transmission.hop) else "nobody lives there"

    def deliver(self, event: Event) -> None:
        """Answer questions for addresses; all else goes to whoever lives here."""
        if isinstance(event, NextHopAsked):
            hops = self._network.names.get(event.host, ())
            asyncio.get_running_loop().call_later(
                self._network.weather.delay, self._answer, event.question, tuple(hops)
            )
        else:
            self._deliver(event)

    def _answer(self, question: int, hops: tuple[Hop, ...]) -> None:
        self.pump.receive(self.endpoint.answer_next_hop, question, hops, self.pump.now())

    async def close(self) -> None:
        """Say no more."""
        self.pump.close()
        self._network.leave(self._place)
