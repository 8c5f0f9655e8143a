"""The pump law: after every datagram, command or timer, send what waits, deliver what happened, set the timer again.

The only code that drains an endpoint. Events may give commands while they are delivered; those only add to what the
running drain empties, so that nothing is delivered within a delivery.
"""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

import structlog

from offhook.sip.endpoint import Endpoint
from offhook.sip.events import Event
from offhook.sip.hop import Transmission

log = structlog.get_logger(__name__)

# uvloop counts whole milliseconds: woken a fraction too early, the endpoint would find nothing due, again and again.
GRAIN = 0.001

Taken = ParamSpec("Taken")
Result = TypeVar("Result")


class Outside(Protocol):
    """What the pump drains into."""

    def send(self, transmission: Transmission) -> str:
        """Put bytes on the wire; why it refused them at once, "" when it did not."""

    def deliver(self, event: Event) -> None:
        """Take one event; must not raise."""


class Pump:
    """Drives one endpoint on the running loop."""

    def __init__(self, endpoint: Endpoint, outside: Outside) -> None:
        self._endpoint = endpoint
        self._outside = outside
        self._loop = asyncio.get_running_loop()
        self._draining = False
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = 0.0

    def close(self) -> None:
        """Let the timer go; nothing is sent or delivered any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def command(self, step: Callable[Taken, Result], *taken: Taken.args, **named: Taken.kwargs) -> Result:
        """Run one command of the endpoint and drain; what the command raises goes to its giver."""
        try:
            return step(*taken, **named)
        finally:
            self._drain()

    def receive(self, step: Callable[Taken, Result], *taken: Taken.args, **named: Taken.kwargs) -> Result | None:
        """Run one input from the outside and drain. Nothing that comes from a peer ends the process: None then."""
        result: Result | None = None
        try:
            result = step(*taken, **named)
        except Exception:
            # The endpoint promises that this cannot be; if it is, one message is lost and the next one is read.
            log.exception("endpoint_failed")
        self._drain()
        return result

    def now(self) -> float:
        """The time that the endpoint lives in."""
        return self._loop.time()

    def _drain(self) -> None:
        if self._draining or self._closed:
            return
        self._draining = True
        try:
            while self._send() or self._deliver():
                continue
        finally:
            self._draining = False
        self._arm()

    def _send(self) -> bool:
        """Send all that waits; what the wire refuses is told to the endpoint at once. Whether there was anything."""
        transmissions = () if self._closed else self._endpoint.transmissions()
        for transmission in transmissions:
            if obstacle := self._outside.send(transmission):
                now = self._loop.time()
                self._endpoint.transport_failed(transmission.hop, transmission.call_id, now, reason=obstacle)
        return bool(transmissions)

    def _deliver(self) -> bool:
        event = None if self._closed else self._endpoint.next_event()
        if event is not None:
            self._outside.deliver(event)
        return event is not None

    def _arm(self) -> None:
        """Wake at the endpoint's next deadline."""
        at = self._endpoint.next_timer()
        # A timer that comes too early stays: one idle wake costs less than a new timer after every message.
        if at is None or self._closed or (self._timer is not None and self._wakes_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = at
        self._timer = self._loop.call_at(at + GRAIN, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self.receive(self._endpoint.handle_timer, self._loop.time())
