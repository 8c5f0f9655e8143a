"""A network in memory and in virtual time: it joins endpoints and scripted phones, and loses, repeats and reorders.

Everything that happens follows from the seed. Tests attach stations, give commands and let time pass; nothing waits.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Protocol, TypeVar

from offhook.sip.endpoint import Endpoint
from offhook.sip.events import AttemptFailed, Event, NextHopAsked
from offhook.sip.hop import Hop, Transmission, Transport
from offhook.sip.protection import Protection
from offhook.sip.settings import EndpointSettings
from offhook.sip.trace import TraceEntry

Place = tuple[str, int]
Some = TypeVar("Some", bound=Event)

HOUR = 3600.0
STEPS = 100_000  # more than any test takes: a storm of messages fails instead of running for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How datagrams fare; streams only have the delay. Probabilities are from 0 to 1, `delay` is one way."""

    delay: float = 0.01
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0  # the share that takes up to `detour` longer
    detour: float = 0.3


CALM = Weather()


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as it was put on the wire, whether or not it arrived."""

    at: float
    source: Place
    target: Place
    transport: Transport
    data: bytes

    @property
    def start_line(self) -> str:
        """The first line."""
        return self.data.partition(b"\r\n")[0].decode("utf-8", "replace")


class Attached(Protocol):
    """Whatever listens at a place."""

    def arrive(self, data: bytes, source: Hop) -> None:
        """Take what came."""


class Wire:
    """The network and its clock, `now`, in seconds."""

    def __init__(self, seed: int = 0, weather: Weather = CALM) -> None:
        self.now = 0.0
        self.weather = weather
        self.sent: list[Sent] = []
        self.unreachable: set[Place] = set()
        self.names: Mapping[str, Sequence[Hop] | None] = {}
        self._random = random.Random(seed)  # noqa: S311  # repeatable on purpose
        self._attached: dict[Place, Attached] = {}
        self._stations: list[Station] = []
        self._flying: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._connections: dict[frozenset[Place], int] = {}

    # --- what is joined -------------------------------------------------------------------------------------------

    def attach(self, place: Place, listener: Attached) -> None:
        """Let this listener take what is sent to this place."""
        self._attached[place] = listener

    def station(
        self,
        host: str,
        settings: EndpointSettings | None = None,
        *,
        port: int = 5060,
        protection: Protection | None = None,
    ) -> "Station":
        """A new endpoint at this address, over UDP and TCP unless its settings say otherwise."""
        sent_by = {Transport.UDP: (host, port), Transport.TCP: (host, port)}
        own = settings or EndpointSettings(edge="test", sent_by=sent_by)
        if not own.sent_by:
            own = replace(own, sent_by=sent_by)
        station = Station(self, (host, port), own, protection=protection or Protection())
        self.attach(station.place, station)
        self._stations.append(station)
        return station

    def connection(self, one: Place, other: Place) -> int:
        """The number of the stream between two places, the same at both ends."""
        return self._connections.setdefault(frozenset((one, other)), len(self._connections) + 1)

    def token(self) -> str:
        """Random text for branches and tags."""
        return f"{self._random.getrandbits(64):016x}"

    # --- what is carried ------------------------------------------------------------------------------------------

    def send(self, data: bytes, source: Place, hop: Hop) -> bool:
        """Put a message on the wire; False when the place is known not to be there."""
        target = (hop.host, hop.port)
        self.sent.append(Sent(self.now, source, target, hop.transport, data))
        if target in self.unreachable:
            return False
        if hop.transport.is_reliable:
            self._carry(data, source, target, hop.transport, self.weather.delay)
        elif self._random.random() >= self.weather.loss:
            self._carry(data, source, target, hop.transport, self._way())
            if self._random.random() < self.weather.duplicate:
                self._carry(data, source, target, hop.transport, self._way())
        return True

    def _way(self) -> float:
        weather = self.weather
        detour = self._random.random() * weather.detour if self._random.random() < weather.reorder else 0.0
        return weather.delay + detour

    def _carry(self, data: bytes, source: Place, target: Place, transport: Transport, delay: float) -> None:
        connection = self.connection(source, target) if transport.is_reliable else None

        def arrive() -> None:
            listener = self._attached.get(target)
            if listener is not None:
                listener.arrive(data, Hop(transport, *source, connection))

        self.after(delay, arrive)

    def after(self, delay: float, step: Callable[[], None]) -> None:
        """Do something later."""
        self._order += 1
        heappush(self._flying, (self.now + delay, self._order, step))

    # --- time -----------------------------------------------------------------------------------------------------

    def step(self, until: float) -> bool:
        """Let the next thing happen that is due by `until`; False when there is none."""
        at = self._flying[0][0] if self._flying else None
        timers = [(time, station) for station in self._stations if (time := station.endpoint.next_timer()) is not None]
        first = min(timers, key=lambda timer: timer[0], default=None)
        if first is not None and (at is None or first[0] < at):
            if first[0] > until:
                return False
            self.now = max(self.now, first[0])
            first[1].wake()
            return True
        if at is None or at > until:
            return False
        self.now = max(self.now, at)
        heappop(self._flying)[2]()
        return True

    def run(self, seconds: float) -> None:
        """Let this much time pass."""
        until = self.now + seconds
        self._run_until(until)
        self.now = until

    def settle(self) -> None:
        """Let time pass until nothing is left to happen."""
        self._run_until(self.now + HOUR)

    def _run_until(self, until: float) -> None:
        for _ in range(STEPS):
            if not self.step(until):
                return
        raise AssertionError(f"more than {STEPS} things happened by {self.now} s")

    # --- what tests ask -------------------------------------------------------------------------------------------

    def lines(self, source: Place | None = None) -> list[str]:
        """The start lines of what was sent, of one place or of all."""
        return [sent.start_line for sent in self.sent if source in (None, sent.source)]

    def times(self, prefix: str) -> list[float]:
        """When messages were sent whose start line begins so."""
        return [round(sent.at, 6) for sent in self.sent if sent.start_line.startswith(prefix)]


@dataclass(slots=True)
class Station:
    """An endpoint on the wire, pumped: its events wait in `events`, its remarks in `remarks`.

    What it tells of failed attempts is kept apart, in `attempts`: the end of a call is told besides.
    """

    wire: Wire
    place: Place
    settings: EndpointSettings
    events: list[Event] = field(default_factory=list)
    attempts: list[AttemptFailed] = field(default_factory=list)
    remarks: list[TraceEntry] = field(default_factory=list)
    questions: list[NextHopAsked] = field(default_factory=list)
    on_event: Callable[[Event], None] | None = None
    protection: Protection = field(default_factory=Protection)
    endpoint: Endpoint = field(init=False)

    def __post_init__(self) -> None:
        self.endpoint = Endpoint(self.settings, self.wire.token, self.remarks.append, protection=self.protection)

    @property
    def hop(self) -> Hop:
        """How it is reached over UDP."""
        return Hop(Transport.UDP, *self.place)

    def arrive(self, data: bytes, source: Hop) -> None:
        """Take what came."""
        if source.connection is None:
            self.endpoint.receive(data, source, self.wire.now)
        else:
            self.endpoint.receive_stream(source.connection, data, source, self.wire.now)
        self.pump()

    def wake(self) -> None:
        """Its timer fell due."""
        self.endpoint.handle_timer(self.wire.now)
        self.pump()

    def pump(self) -> None:
        """Send what waits and take what happened; call it after every command."""
        while self._send() or self._take():
            continue

    def _send(self) -> bool:
        transmissions: list[Transmission] = self.endpoint.transmissions()
        for one in transmissions:
            if not self.wire.send(one.data, self.place, one.hop):
                self.endpoint.transport_failed(one.hop, one.call_id, self.wire.now, reason="nobody is there")
        return bool(transmissions)

    def _take(self) -> bool:
        event = self.endpoint.next_event()
        if isinstance(event, NextHopAsked):
            self._ask(event)
        elif isinstance(event, AttemptFailed):
            self.attempts.append(event)
        elif event is not None:
            self.events.append(event)
            if self.on_event is not None:
                self.on_event(event)
        return event is not None

    def _ask(self, event: NextHopAsked) -> None:
        hops = self.wire.names.get(event.host, ())
        if hops is None:
            self.questions.append(event)
        else:
            self.endpoint.answer_next_hop(event.question, hops, self.wire.now)

    def expect(self, kind: type[Some], within: float = 60.0) -> Some:
        """The next event, which has to be of this kind; time passes until it happens."""
        until = self.wire.now + within
        while not self.events and self.wire.step(until):
            continue
        if not self.events:
            raise AssertionError(f"expected {kind.__name__} within {within} s, nothing happened; {self.remarks}")
        event = self.events.pop(0)
        if not isinstance(event, kind):
            raise AssertionError(f"expected {kind.__name__}, came {event}")  # noqa: TRY004  # of a test
        return event


def assert_quiet(station: Station) -> None:
    """Nothing is left: no session, transaction, deadline, question, message or event."""
    endpoint = station.endpoint
    left = {
        "sessions": endpoint.session_count,
        "transactions": endpoint.transaction_count,
        "questions": len(endpoint.departures),
        "timer": endpoint.next_timer(),
        "transmissions": endpoint.transmissions(),
        "event": endpoint.next_event(),
    }
    if any(value not in (0, None, []) for value in left.values()):
        raise AssertionError(f"left at {station.place}: {left}")
