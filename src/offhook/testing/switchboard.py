"""The whole of calls and documents in virtual time: an exchange over fakes of every port, and a check for leaks."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from offhook.calls.admission import Directory, InboundRoute
from offhook.calls.events import HeaderList, MediaEvent, PortId, SessionId, SignallingEvent
from offhook.calls.exchange import Dialplan, Exchange, PlaceCall
from offhook.calls.ports import ProgramStart
from offhook.calls.program import CallProgram
from offhook.calls.transcriber import Transcriber
from offhook.calls.world import CallSettings, World
from offhook.interpreter.run import Program
from offhook.model.call import CallEvent, CallRecord, StatusCallback, WebhookTarget
from offhook.model.sids import AccountSid
from offhook.testing.clock import SeededTokens, VirtualClock, VirtualTimeError, settle
from offhook.testing.plane import FakePlane
from offhook.testing.recogniser import ScriptedRecogniser
from offhook.testing.recordings import MemoryRecordings
from offhook.testing.records import MemoryStore, MemoryTimeline
from offhook.testing.signalling import FakeSignalling
from offhook.testing.sockets import FakeSockets
from offhook.testing.speech import StageVoice
from offhook.testing.transcripts import MemoryTranscripts
from offhook.testing.webapp import WebApp

ACCOUNT = AccountSid("AC" + "1" * 32)
EDGES = ("ashburn", "dublin")
NUMBER = "+15550001"
PHONE = "sip:phone@192.0.2.8"


class Switchboard:
    """An exchange with a scripted application, scripted peers and a fake plane; `number` is its one number."""

    def __init__(self, *, settings: CallSettings | None = None, program: CallProgram | None = None) -> None:
        self.app = WebApp()
        self.voice = StageVoice()
        self.recogniser = ScriptedRecogniser()
        self.sockets = FakeSockets()
        self.recordings = MemoryRecordings()
        self.store = MemoryStore()
        self.timeline = MemoryTimeline()
        self.signalling = FakeSignalling(EDGES, self._receive_signalling)
        self.plane = FakePlane(EDGES, self._receive_media)
        self.world = World(
            signalling=self.signalling,
            media=self.plane,
            webhooks=self.app,
            speech=self.voice,
            recogniser=self.recogniser,
            sockets=self.sockets,
            recordings=self.recordings,
            store=self.store,
            timeline=self.timeline,
            clock=VirtualClock(),
            tokens=SeededTokens(),
            settings=settings or CallSettings(),
        )
        self.transcripts = MemoryTranscripts()
        self._background: set[asyncio.Task[None]] = set()
        transcriber = Transcriber(self.world, self.transcripts, self.run)
        self.world = replace(self.world, transcriber=transcriber)
        self.program = program or Program()
        self.exchange = Exchange(self.world, self.program, Dialplan())

    def use(self, world: World) -> None:
        """Go on with other ports, before any call."""
        self.world = world
        self.exchange = Exchange(world, self.program, self.exchange.dialplan)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # --- calls ----------------------------------------------------------------------------------------------------

    def answer_number_with(self, url: str, *, fallback: str | None = None) -> None:
        """Let the application at `url` take the calls to NUMBER."""
        route = InboundRoute(
            account_sid=ACCOUNT,
            document=WebhookTarget(url=self.app.url(url)),
            fallback=WebhookTarget(url=self.app.url(fallback)) if fallback else None,
            status_callback=self.callback("/status"),
            phone_number=NUMBER,
        )
        directory = Directory(networks=(ip_network("192.0.2.0/24"),), numbers={NUMBER: route})
        self.exchange.dialplan = replace(self.exchange.dialplan, directory=directory)

    def call_in(self, *, headers: HeaderList = ()) -> SessionId:
        """Let a caller ring NUMBER."""
        return self.signalling.call_in(f"sip:{NUMBER}@192.0.2.100", headers=headers)

    def start(self, url: str, *, fallback: str | None = None) -> ProgramStart:
        """What a call begins with: a document of the application."""
        rescue = WebhookTarget(url=self.app.url(fallback)) if fallback else None
        return ProgramStart(document=WebhookTarget(url=self.app.url(url)), fallback=rescue)

    async def place(self, start: ProgramStart | str, *, to: str = PHONE, **more: object) -> CallRecord:
        """Place a call by REST; a string is inline TwiML."""
        begun = ProgramStart(twiml=start) if isinstance(start, str) else start
        order = PlaceCall(
            account_sid=ACCOUNT,
            to=to,
            from_="+15550009",
            start=begun,
            status_callback=self.callback("/status"),
        )
        return await self.exchange.place(replace(order, **more))  # type: ignore[arg-type]

    def callback(self, url: str) -> StatusCallback:
        """A subscription to every event."""
        return StatusCallback(target=WebhookTarget(url=self.app.url(url)), events=frozenset(CallEvent))

    async def over(self, sid: str) -> CallRecord:
        """Wait until nothing of a call is left; its last record."""
        supervision = self.exchange.registry.find(self.store.record(sid).sid)
        if supervision is not None:
            await supervision.over()
        return self.store.record(sid)

    async def no_calls(self) -> None:
        """Wait until no call is left."""
        await settle()
        while live := self.exchange.registry.all():
            for supervision in live:
                await supervision.over()
            await settle()

    async def all_over(self) -> None:
        """Wait until no call is left, then check that nothing leaked."""
        await self.no_calls()
        self.check_nothing_left()

    # --- what happened --------------------------------------------------------------------------------------------

    def records(self) -> list[CallRecord]:
        """The newest state of every call, in the order in which they began."""
        return [states[-1] for states in self.store.history.values()]

    def children(self) -> list[CallRecord]:
        """The newest state of every dialed call."""
        return [record for record in self.records() if record.parent_call_sid is not None]

    def port_of(self, session: SessionId) -> PortId:
        """The media port of the leg with this session."""
        leg = self.world.legs.by_session[session]
        return next(port for port, other in self.world.legs.by_port.items() if other is leg)

    def leftovers(self) -> Mapping[str, object]:
        """What is still there, by what it is; empty when every call has ended cleanly."""
        found: dict[str, object] = {
            "calls": self.exchange.registry.all(),
            "sessions": self.signalling.open_sessions,
            "media ports": self.plane.open_ports,
            "legs by session": self.world.legs.by_session,
            "legs by port": self.world.legs.by_port,
            "unfinished records": [record for record in self.records() if not record.status.is_final],
        }
        return {what: there for what, there in found.items() if there}

    def check_nothing_left(self) -> None:
        """Raise VirtualTimeError when a call left a leg, a session, a port or an open record behind."""
        left = self.leftovers()
        if left:
            raise VirtualTimeError(f"left behind: {left}")

    # --- from the ports -------------------------------------------------------------------------------------------

    def _receive_signalling(self, event: SignallingEvent) -> None:
        self.exchange.receive_signalling(event)

    def _receive_media(self, event: MediaEvent) -> None:
        self.exchange.receive_media(event)
