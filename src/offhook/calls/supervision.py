"""One task group for each call: how it comes up, what runs on it, and what is cancelled when.

A call's tasks end with its leg. A redirect cancels what runs and starts the next; the end of the leg cancels both.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from offhook.calls.answered_parameters import with_answered_parameters
from offhook.calls.call import Call
from offhook.calls.errors import CallError, LegEnded
from offhook.calls.ports import InviteOrder, ProgramStart
from offhook.calls.program import CallProgram
from offhook.calls.recording import RecordingOrder
from offhook.model.ending import EndReason

LAST_REPORT = 20.0  # seconds: the teardown of the dialed legs and one webhook's whole time limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An INVITE to send, how long it may ring in seconds (before the ring buffer), and what happens when it is up.

    That is, the keys to press, and the recording of the whole call.
    """

    invite: InviteOrder
    ring_limit: float
    send_digits: str = ""
    recording: RecordingOrder | None = None


class Supervision:
    """The tasks of one call."""

    def __init__(self, call: Call, program: CallProgram) -> None:
        self.call = call
        self._program = program
        self._tasks: asyncio.TaskGroup | None = None
        self._steering: asyncio.Task[None] | None = None
        self._life: asyncio.Task[None] | None = None

    def start(self, life: Coroutine[Any, Any, None], when_over: Callable[[], None]) -> None:
        """Live one of the lives below in a task of its own; `when_over` is told when nothing of the call is left."""
        self._life = asyncio.get_running_loop().create_task(life, name=self.call.sid)
        self._life.add_done_callback(lambda _task: when_over())

    async def over(self) -> None:
        """Wait until nothing of the call is left."""
        if self._life is not None:
            await asyncio.wait({self._life})

    async def run_inbound(self, start: ProgramStart) -> None:
        """Live a call that came in: its documents decide whether it is answered."""
        await self._live(lambda: self._run(start))

    async def run_outbound(self, outgoing: Outgoing, start: ProgramStart) -> None:
        """Live a call that REST placed: ring, then run its documents."""

        async def steer() -> None:
            if await self._bring_up(outgoing):
                await self._run(with_answered_parameters(start, self.call))

        await self._live(steer)

    async def run_child(self, outgoing: Outgoing, screening: ProgramStart | None) -> None:
        """Live a call that <Dial> made: ring, screen, then be ready to be joined until the leg ends."""

        async def steer() -> None:
            if not await self._bring_up(outgoing):
                return
            if screening is None or await self._screen(with_answered_parameters(screening, self.call)):
                self.call.ready.set()
            else:
                self.call.hang_up(EndReason.NOT_ACCEPTED)

        await self._live(steer)

    def redirect(self, start: ProgramStart) -> None:
        """Abandon what runs and run another document."""
        self.hand_over(lambda: self._run(start))

    def hand_over(self, steer: Callable[[], Awaitable[object]]) -> None:
        """Abandon what runs and do this instead; the <Dial> that made the call, if any, has it no more."""
        if self._tasks is None or self._steering is None or self.call.is_over:
            return
        old = self._steering
        old.cancel()
        self.call.leg.sound.forget_typed()
        self.call.partnership.be_taken_away()
        self._steering = self._tasks.create_task(self._replace(old, steer), name=f"{self.call.sid} handed over")

    async def _live(self, steer: Callable[[], Awaitable[None]]) -> None:
        call = self.call
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                call.beside.open(tasks)
                self._steering = tasks.create_task(self._guard(steer), name=f"{call.sid} program")
                await call.leg.ended.wait()
                call.beside.close()
                call.finish()
                await self._let_dial_report()
                self._steering.cancel()
        finally:
            self._tasks = None
            call.leg.hang_up()
            call.finish()
            call.world.webhooks.forget(call.record.sid)

    async def _let_dial_report(self) -> None:
        # A caller who hangs up during <Dial> still owes the application its action request.
        if self.call.is_dialing and self._steering is not None:
            await asyncio.wait({self._steering}, timeout=LAST_REPORT)

    async def _guard(self, steer: Callable[[], Awaitable[object]]) -> None:
        try:
            await steer()
        except LegEnded as error:
            # A leg that is being hung up already owes nobody an explanation.
            if not self.call.is_leaving:
                self.call.fail(error)
        except CallError as error:
            self.call.fail(error)
        except Exception as error:  # noqa: BLE001  # a bug in one program must not take the other calls with it
            self.call.fail(CallError(f"internal failure: {type(error).__name__}: {error}"))

    async def _replace(self, old: asyncio.Task[None], steer: Callable[[], Awaitable[object]]) -> None:
        await asyncio.wait({old})
        await self._guard(steer)

    async def _run(self, start: ProgramStart) -> None:
        await self._program.run(self.call, start)
        self.call.hang_up(EndReason.DOCUMENT_ENDED)

    async def _screen(self, start: ProgramStart) -> bool:
        return await self._program.run(self.call, start)

    async def _bring_up(self, outgoing: Outgoing) -> bool:
        is_up = await self._ring(outgoing.invite, outgoing.ring_limit)
        if is_up and outgoing.recording is not None:
            self.call.progress.show_recording(self.call.recordings.start(outgoing.recording))
        if is_up and outgoing.send_digits:
            await self.call.play_digits(outgoing.send_digits)
        return is_up

    async def _ring(self, invite: InviteOrder, ring_limit: float) -> bool:
        call = self.call
        if call.is_over:
            # Hung up in the turn between the making of the call and this one.
            return False
        call.progress.announce_initiated()
        placed = call.leg.place(invite)
        call.progress.change(sip_call_id=placed.call_id, start_time=call.world.clock.now(), edge=invite.edge)
        call.world.timeline.link(placed.call_id, call.record.sid)
        try:
            async with asyncio.timeout(ring_limit + call.world.settings.ring_buffer):
                await call.leg.settled.wait()
        except TimeoutError:
            call.hang_up(EndReason.NO_ANSWER)
            await call.leg.ended.wait()
        return call.is_answered
