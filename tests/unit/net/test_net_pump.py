"""The pump law, with an endpoint that only writes down what it is asked."""

import asyncio
from collections import deque
from typing import cast

import pytest
from structlog.testing import capture_logs

from offhook.net.pump import Pump
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import AckMissed, Event
from offhook.sip.hop import Hop, Transmission, Transport

pytestmark = pytest.mark.asyncio

HOP = Hop(Transport.UDP, "192.0.2.1", 5060)


class Script:
    """An endpoint's outer side: queues that a test fills, and a list of what was done."""

    def __init__(self) -> None:
        self.waiting: list[Transmission] = []
        self.events: deque[Event] = deque()
        self.timer: float | None = None
        self.done: list[str] = []
        self.woken = asyncio.Event()
        self.refuse = False

    def transmissions(self) -> list[Transmission]:
        """Drain."""
        taken, self.waiting = self.waiting, []
        return taken

    def next_event(self) -> Event | None:
        """Drain one."""
        return self.events.popleft() if self.events else None

    def next_timer(self) -> float | None:
        """The deadline the test has set."""
        return self.timer

    def handle_timer(self, now: float) -> None:
        """The deadline came."""
        assert self.timer is not None
        assert now >= self.timer
        self.timer = None
        self.woken.set()

    def transport_failed(self, hop: Hop, call_id: str, now: float, *, reason: str) -> None:
        """A failure is news."""
        assert now > 0
        self.done.append(f"failed {hop.host} {call_id}: {reason}")
        self.events.append(AckMissed(9))

    def act(self, *events: int, send: tuple[str, ...] = ()) -> str:
        """A step that makes these events and messages."""
        self.events.extend(AckMissed(number) for number in events)
        self.waiting.extend(Transmission(b"", HOP, name, "") for name in send)
        return "result"

    def fail(self) -> None:
        """A step that raises after it has made a message."""
        self.act(send=("half",))
        raise LookupError

    # --- the outside ---

    def send(self, transmission: Transmission) -> str:
        """Write down what is sent."""
        self.done.append(f"send {transmission.call_id}")
        return "refused" if self.refuse else ""

    def deliver(self, event: Event) -> None:
        """Write down what is delivered; the first event gives a command, as a sink does."""
        assert isinstance(event, AckMissed)
        self.done.append(f"event {event.session}")
        if event.session == 1:
            assert self.pump.command(self.act, 3, send=("answer",)) == "result"
            self.done.append("command done")

    pump: Pump


def start() -> Script:
    """A script with its pump."""
    script = Script()
    script.pump = Pump(cast("Endpoint", script), script)
    return script


async def test_messages_leave_before_events_are_delivered_and_nothing_nests() -> None:
    """A command given in a delivery is sent after that delivery and before the next event."""
    script = start()
    assert script.pump.command(script.act, 1, 2, send=("first", "second")) == "result"
    assert script.done == ["send first", "send second", "event 1", "command done", "send answer", "event 2", "event 3"]


async def test_the_endpoint_is_woken_at_its_deadline() -> None:
    """The timer follows the endpoint's next deadline, an earlier one included."""
    script = start()
    loop = asyncio.get_running_loop()
    script.timer = loop.time() + 60
    script.pump.receive(script.act)
    script.timer = loop.time() + 0.01
    script.pump.receive(script.act)
    await script.woken.wait()


async def test_a_deadline_that_moves_back_is_still_kept() -> None:
    """The old, earlier wake-up finds nothing to do and sets the timer for the later one."""
    script = start()
    loop = asyncio.get_running_loop()
    first = loop.time() + 0.005
    script.timer = first
    script.pump.receive(script.act)
    script.timer = first + 0.01
    early = script.handle_timer
    calls: list[float] = []

    def handle(now: float) -> None:
        calls.append(now)
        if script.timer is not None and now >= script.timer:
            early(now)

    script.handle_timer = handle  # type: ignore[method-assign]
    await script.woken.wait()
    assert len(calls) == 2


async def test_what_the_wire_refuses_is_told_to_the_endpoint() -> None:
    """A refused message becomes a transport failure in the same drain."""
    script = start()
    script.refuse = True
    script.pump.receive(script.act, send=("lost",))
    assert script.done == ["send lost", "failed 192.0.2.1 lost: refused", "event 9"]


async def test_a_failing_input_is_logged_and_drained() -> None:
    """An endpoint with a bug loses one message; what it had made until then still leaves."""
    script = start()
    with capture_logs() as logs:
        assert script.pump.receive(script.fail) is None
    assert [entry["event"] for entry in logs] == ["endpoint_failed"]
    assert script.done == ["send half"]


async def test_a_failing_command_raises_to_its_giver_after_the_drain() -> None:
    """A command's error is the caller's business."""
    script = start()
    with pytest.raises(LookupError):
        script.pump.command(script.fail)
    assert script.done == ["send half"]


async def test_a_closed_pump_is_silent() -> None:
    """After close() nothing is sent or delivered, and no timer is left."""
    script = start()
    script.timer = asyncio.get_running_loop().time() + 60
    script.pump.receive(script.act)
    script.pump.close()
    script.pump.receive(script.act, 1, send=("late",))
    assert script.done == []
