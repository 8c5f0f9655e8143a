"""A running engine, and peers on loopback sockets."""

import select
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random

from offhook.media.engine import Engine
from offhook.media.events import PlaneEvent
from offhook.media.negotiation import Negotiation
from offhook.sdp.codecs import AUDIO_CODECS, Codec
from offhook.testing.far_end import FarEnd

SILENCE = 0.3
PATIENCE = 3.0


@dataclass(slots=True)
class Bench:
    """An engine with ports that have already agreed with a far end; collects events until a test asks for one."""

    engine: Engine
    stack: ExitStack
    waiting: list[PlaneEvent] = field(default_factory=list)
    negotiations: dict[int, Negotiation] = field(default_factory=dict)
    chance: Random = field(default_factory=lambda: Random(20260105))  # noqa: S311 - keys of a test

    def leg(self, far: FarEnd, *, direction: str = "sendrecv", codecs: tuple[Codec, ...] = AUDIO_CODECS) -> int:
        """A port that has answered this far end's offer."""
        port, number = self.engine.open("127.0.0.1", 20_000, 29_999, 20_000 + far.number % 9000)
        self.negotiations[port] = Negotiation(
            address="127.0.0.1",
            port=number,
            session_id=port,
            random_octets=self.chance.randbytes,
            codecs=codecs,
        )
        self.reoffer(port, far, direction=direction)
        return port

    def reoffer(self, port: int, far: FarEnd, *, direction: str = "sendrecv") -> None:
        """Let the port answer an offer of this far end, its first or another."""
        negotiation = self.negotiations[port]
        far.aim(negotiation.make_answer(far.sdp(direction=direction)))
        assert negotiation.agreement is not None
        self.engine.agree(port, negotiation.agreement)

    def far(self, **options: int | str | tuple[int, ...] | None) -> FarEnd:
        """A peer that is closed with the test."""
        return self.stack.enter_context(FarEnd(**options))  # type: ignore[arg-type]

    def expect(self, wanted: Callable[[PlaneEvent], bool]) -> PlaneEvent:
        """Wait for the first event that fits, keeping the others for later."""
        deadline = time.monotonic() + PATIENCE
        while True:
            for event in self.waiting:
                if wanted(event):
                    self.waiting.remove(event)
                    return event
            left = deadline - time.monotonic()
            assert left > 0, f"not among {self.waiting}"
            select.select([self.engine.fileno()], [], [], left)
            self.waiting += self.engine.drain()

    def expect_kind(self, kind: type[PlaneEvent], port: int) -> PlaneEvent:
        """Wait for the first event of a kind at a port."""
        return self.expect(lambda event: isinstance(event, kind) and event.port == port)


@contextmanager
def running_bench(report: float = 5.0) -> Iterator[Bench]:
    """An engine that hears silence after a third of a second, with so many seconds between RTCP reports."""
    engine = Engine(seed=20260105, silence=SILENCE, codecs=AUDIO_CODECS, report=report)
    with ExitStack() as stack:
        stack.callback(engine.shut_down)
        yield Bench(engine=engine, stack=stack)
