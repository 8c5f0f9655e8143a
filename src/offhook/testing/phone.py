"""A scripted SIP telephone on real sockets: the customer's SIP infrastructure for a demonstration or a trial.

Signalling is offhook's own stack, sound is testing.handset; everything that happens is told as a PhoneEvent.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from offhook.calls.events import InviteReceived, SessionId, SignallingEvent
from offhook.calls.ports import InviteOrder
from offhook.model.sids import CallSid
from offhook.model.timeline import TimelineEntry
from offhook.net.clock import SystemClock
from offhook.net.edge import SipEdge
from offhook.net.sip_service import SipService
from offhook.net.tokens import SystemTokens
from offhook.testing.ear import Heard
from offhook.testing.handset import Handset
from offhook.testing.phone_call import Behaviour, PhoneCall, Tell

EDGE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneEvent:
    """Something that happened; `call` counts from 1, and is 0 for what belongs to no call."""

    at: datetime
    call: int
    event: str
    detail: Mapping[str, Any]


class Phone:
    """One telephone, from run() until it is done or cancelled; `trace` gets the text of every SIP message."""

    def __init__(
        self,
        address: tuple[str, int],
        behaviour: Behaviour,
        tell: Callable[[PhoneEvent], None],
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self._behaviour = behaviour
        self._host, port = address
        self._tell = tell
        self._trace = trace
        self._clock = SystemClock()
        edge = SipEdge(name=EDGE, host=self._host, port=port, user_agent="offhook phone")
        self._line = SipService({EDGE: edge}, self, self._clock, SystemTokens(), self._take)
        self._calls: dict[SessionId, tuple[PhoneCall, asyncio.Task[None]]] = {}
        self._count = 0
        self._group: asyncio.TaskGroup | None = None
        self._done = asyncio.Event()

    async def run(self, to: str | None = None, from_user: str = "phone") -> None:
        """Take calls until `calls` of them are over; with `to`, place one first. Raises EdgeUnavailable."""
        await self._line.start()
        try:
            async with asyncio.TaskGroup() as self._group:
                self.tell(0, "listening", host=self._host, port=self._line.port(EDGE))
                if to is not None:
                    self._place(to, from_user)
                await self._done.wait()
        finally:
            self._group = None
            await self._line.close()

    def tell(self, call: int, event: str, **detail: Any) -> None:
        """One more event."""
        self._tell(PhoneEvent(at=self._clock.now(), call=call, event=event, detail=detail))

    # --- calls.ports.Timeline, for its messages -------------------------------------------------------------------

    def record(self, entry: TimelineEntry) -> None:
        """A SIP message was sent or received."""
        if self._trace is not None:
            detail = entry.detail
            self._trace(f"{detail['direction']} {detail['peer']} {detail['transport']}\n{detail['text']}")

    def link(self, call_id: str, call_sid: CallSid) -> None:
        """A telephone has no calls of the API."""

    # --- within ---------------------------------------------------------------------------------------------------

    def _take(self, event: SignallingEvent) -> None:
        if isinstance(event, InviteReceived):
            self._receive(event)
        elif event.session in self._calls:
            call, task = self._calls[event.session]
            if call.take(event):
                task.cancel()

    def _receive(self, invite: InviteReceived) -> None:
        tell = self._next()
        tell(
            "invite",
            call_id=invite.call_id,
            request_uri=invite.request_uri,
            **{"from": invite.from_uri, "to": invite.to_uri},
            source=f"{invite.source_host}:{invite.source_port}",
            transport=invite.transport,
            headers=invite.headers,
        )
        call = PhoneCall(self._line, invite.session, self._handset(tell), self._behaviour, tell)
        self._live(invite.session, call, call.answer(invite.offer))

    def _place(self, to: str, from_user: str) -> None:
        tell = self._next()
        handset = self._handset(tell)
        order = InviteOrder(
            edge=EDGE, target=to, from_user=from_user, from_host=self._host, offer=handset.negotiation.make_offer()
        )
        placed = self._line.invite(order)
        tell("calling", call_id=placed.call_id, **{"from": placed.from_uri, "to": placed.to_uri})
        call = PhoneCall(self._line, placed.session, handset, self._behaviour, tell)
        self._live(placed.session, call, call.talk_when_answered())

    def _next(self) -> Tell:
        self._count += 1
        return partial(self.tell, self._count)

    def _handset(self, tell: Tell) -> Handset:
        return Handset(self._host, self._behaviour.script, partial(_notice, tell))

    def _live(self, session: SessionId, call: PhoneCall, life: Coroutine[Any, Any, None]) -> None:
        if self._group is None:
            life.close()
            return
        task = self._group.create_task(life)
        self._calls[session] = (call, task)
        number = self._count
        # Not in a finally of the life: a task that is cancelled before its first step never gets there.
        task.add_done_callback(lambda _: self._end(session, number))

    def _end(self, session: SessionId, number: int) -> None:
        call, _ = self._calls.pop(session)
        call.finish()
        self.tell(number, "ended")
        if self._behaviour.calls is not None and number >= self._behaviour.calls:
            self._done.set()


def _notice(tell: Tell, what: Heard | str) -> None:
    """Something in the audio: a sound, or a key."""
    if isinstance(what, Heard):
        tell("heard", kind=what.kind, frequency_hz=what.frequency_hz, level_dbfs=what.level_dbfs)
    else:
        tell("digit", digit=what)
