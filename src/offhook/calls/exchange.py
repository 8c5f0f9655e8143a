"""The door: SIP and REST both come in here. Holds the live calls, places, accepts, redirects and ends them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from offhook.calls.admission import Admitted, Directory, InboundRoute, NotAdmitted, admit, refuse
from offhook.calls.answered_parameters import received_parameters
from offhook.calls.ending import ending_of_crash
from offhook.calls.errors import CallNotFound, CallRefused, IllegalCallState
from offhook.calls.events import InviteReceived, MediaEvent, SignallingEvent
from offhook.calls.hunt import Hunt
from offhook.calls.identity import identity_headers
from offhook.calls.ports import ProgramStart, SipCredentials
from offhook.calls.program import CallProgram
from offhook.calls.progress import Progress
from offhook.calls.recording import Recording, RecordingOrder, mended, seconds_of
from offhook.calls.registry import Registry
from offhook.calls.routing import OutboundTrunk, Route, caller_user, route_number, route_sip
from offhook.calls.stream import MediaStream, StreamOrder
from offhook.calls.supervision import Outgoing, Supervision
from offhook.calls.takeover import take_over
from offhook.calls.transcription import Transcription, TranscriptionOrder
from offhook.calls.world import World
from offhook.model.call import CallRecord, CallStatus, Direction, StatusCallback, WebhookTarget
from offhook.model.ending import EndReason
from offhook.model.numbers import sip_user_of
from offhook.model.sids import CALL, AccountSid, CallSid
from offhook.model.timeline import Kind

UNAVAILABLE = 503
CLOSING_GRACE = 1.0  # seconds that a REST hang-up waits to show the final status


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCall:
    """A call to place for an account; checked by the REST face. Durations in seconds."""

    account_sid: AccountSid
    to: str
    from_: str
    start: ProgramStart
    status_callback: StatusCallback | None = None
    timeout: float = 60.0
    time_limit: float | None = None
    send_digits: str | None = None
    caller_id: str | None = None
    credentials: SipCredentials | None = None
    recording: RecordingOrder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialplan:
    """What can be called, from outside and to the outside; trunks by the prefix of the numbers they take."""

    directory: Directory = field(default_factory=Directory)
    trunks: Mapping[str, OutboundTrunk] = field(default_factory=dict)


class Exchange:
    """The set of calls and its commands. Every event comes in by the two receive methods."""

    def __init__(self, world: World, program: CallProgram, dialplan: Dialplan) -> None:
        self.world = world
        self.dialplan = dialplan
        self.registry = Registry(world, program)
        self._hunt = Hunt(world, self.registry, dialplan.trunks)
        self.is_open = True

    def publish(self, directory: Directory) -> None:
        """From now on these are what can be called from outside; calls that are up go on."""
        self.dialplan = replace(self.dialplan, directory=directory)

    # --- events ---------------------------------------------------------------------------------------------------

    def receive_signalling(self, event: SignallingEvent) -> None:
        """Take one event; it is acted on in the loop's next turn, when the command that caused it has returned."""
        asyncio.get_running_loop().call_soon(self._dispatch, event)

    def receive_media(self, event: MediaEvent) -> None:
        """Take one event of the media plane, likewise."""
        asyncio.get_running_loop().call_soon(self.world.legs.receive_media, event)

    def _dispatch(self, event: SignallingEvent) -> None:
        if isinstance(event, InviteReceived):
            self._take_in(event)
        else:
            self.world.legs.receive_signalling(event)

    # --- inbound --------------------------------------------------------------------------------------------------

    def _take_in(self, invite: InviteReceived) -> None:
        signalling = self.world.signalling
        if invite.replaces is not None and self.is_open:
            take_over(self.world, self.dialplan.directory, invite, invite.replaces)
            return
        if not self.is_open or len(self.registry) >= self.world.settings.max_calls:
            signalling.reject(invite.session, UNAVAILABLE, headers=(("Retry-After", "10"),))
            return
        try:
            admitted = admit(self.dialplan.directory, invite, signalling, self.world.media)
        except NotAdmitted as error:
            refuse(signalling, invite, error)
            return
        self._begin_inbound(invite, admitted)

    def _begin_inbound(self, invite: InviteReceived, admitted: Admitted) -> None:
        world, route = self.world, admitted.route
        now = world.clock.now()
        to, from_ = parties_of(invite, route)
        record = CallRecord(
            sid=CallSid(world.tokens.sid(CALL)),
            account_sid=route.account_sid,
            direction=Direction.INBOUND,
            to=to,
            from_=from_,
            status=CallStatus.RINGING,
            date_created=now,
            date_updated=now,
            start_time=now,
            caller_name=invite.from_display or None,
            phone_number_sid=route.phone_number_sid,
            sip_call_id=invite.call_id,
            edge=invite.edge,
            status_callback=route.status_callback,
        )
        world.store.add_call(record)
        world.timeline.link(invite.call_id, record.sid)
        supervision = self.registry.make(record, self._hunt)
        supervision.call.leg.srtp = route.srtp
        supervision.call.leg.offer(invite)
        status = {"status": record.status.value, "direction": record.direction.value}
        supervision.call.trace(Kind.STATUS, record.status.value, **status)
        start = ProgramStart(
            document=route.document,
            fallback=route.fallback,
            extra_parameters=received_parameters(invite, admitted),
        )
        self.registry.start(supervision, lambda made: made.run_inbound(start))
        supervision.call.leg.ring()

    # --- commands of the API --------------------------------------------------------------------------------------

    async def place(self, order: PlaceCall) -> CallRecord:
        """Write the call down, start it, and return its record. Raises CallRefused, InvalidTarget, StoreFailed."""
        if not self.is_open or len(self.registry) >= self.world.settings.max_calls:
            raise CallRefused(10004, "the limit of concurrent calls is reached: try again when some have ended")
        route = self._route(order)
        from_user = caller_user(order.caller_id or order.from_)
        world, now = self.world, self.world.clock.now()
        record = CallRecord(
            sid=CallSid(world.tokens.sid(CALL)),
            account_sid=order.account_sid,
            direction=Direction.OUTBOUND_API,
            to=order.to,
            from_=order.from_,
            status=CallStatus.QUEUED,
            date_created=now,
            date_updated=now,
            status_callback=order.status_callback,
        )
        await world.store.create_call(record)
        supervision = self.registry.make(record, self._hunt, time_limit=order.time_limit)
        for code, text in route.warnings:
            supervision.call.notice(code, text)
        invite = route.order(
            call_headers=identity_headers(record), from_user=from_user, from_host=world.settings.sip_domain
        )
        outgoing = Outgoing(
            invite=invite, ring_limit=order.timeout, send_digits=order.send_digits or "", recording=order.recording
        )
        self.registry.start(supervision, lambda made: made.run_outbound(outgoing, order.start))
        return record

    async def redirect(self, account_sid: AccountSid, call_sid: CallSid, start: ProgramStart) -> CallRecord:
        """Abandon what a call in progress does and run another document. Raises CallNotFound, IllegalCallState."""
        supervision = await self._live(account_sid, call_sid)
        if supervision is None or not supervision.call.is_answered:
            raise IllegalCallState("Call is not in-progress. Cannot redirect.")
        supervision.redirect(start)
        return supervision.call.record

    async def hang_up(self, account_sid: AccountSid, call_sid: CallSid) -> CallRecord:
        """Status=completed: end the call whatever its state. Raises CallNotFound, IllegalCallState."""
        supervision = await self._live(account_sid, call_sid)
        if supervision is None:
            raise IllegalCallState("Call is not in-progress. Cannot redirect.")
        return await self._end(supervision)

    async def cancel(self, account_sid: AccountSid, call_sid: CallSid) -> CallRecord:
        """Status=canceled: end the call if it is not answered. Raises CallNotFound."""
        supervision = await self._live(account_sid, call_sid)
        if supervision is None:
            return await self._stored(account_sid, call_sid)
        if supervision.call.is_answered:
            return supervision.call.record
        return await self._end(supervision)

    async def change_settings(
        self,
        account_sid: AccountSid,
        call_sid: CallSid,
        *,
        fallback: WebhookTarget | None = None,
        status_callback: StatusCallback | None = None,
        time_limit: float | None = None,
    ) -> CallRecord:
        """Replace what is given of a live call's settings. Raises CallNotFound, IllegalCallState."""
        supervision = await self._live(account_sid, call_sid)
        if supervision is None:
            raise IllegalCallState("Call is not in-progress. Cannot redirect.")
        call = supervision.call
        if status_callback is not None:
            call.progress.change(status_callback=status_callback)
        if time_limit is not None:
            call.set_time_limit(time_limit)
        if fallback is not None:
            call.fallback = fallback
        return call.record

    async def transcribe(self, account_sid: AccountSid, call_sid: CallSid, order: TranscriptionOrder) -> Transcription:
        """Begin to transcribe a call in progress. Raises CallNotFound, IllegalCallState."""
        supervision = await self._live(account_sid, call_sid)
        if supervision is None or not supervision.call.is_answered:
            raise IllegalCallState("Call is not in-progress. Cannot transcribe.")
        return supervision.call.transcriptions.start(order)

    async def transcription(self, account_sid: AccountSid, call_sid: CallSid, sid_or_name: str) -> Transcription | None:
        """A transcription of a live call. Raises CallNotFound."""
        supervision = await self._live(account_sid, call_sid)
        return supervision.call.transcriptions.find(sid_or_name) if supervision is not None else None

    async def stream(self, account_sid: AccountSid, call_sid: CallSid, order: StreamOrder) -> MediaStream:
        """Begin to stream a call in progress. Raises CallNotFound, IllegalCallState."""
        supervision = await self._live(account_sid, call_sid)
        if supervision is None or not supervision.call.is_answered:
            raise IllegalCallState("Call is not in-progress. Cannot stream.")
        return supervision.call.streams.start(order)

    async def find_stream(self, account_sid: AccountSid, call_sid: CallSid, sid_or_name: str) -> MediaStream | None:
        """A stream of a live call. Raises CallNotFound."""
        supervision = await self._live(account_sid, call_sid)
        return supervision.call.streams.find(sid_or_name) if supervision is not None else None

    async def begin_recording(self, account_sid: AccountSid, call_sid: CallSid, order: RecordingOrder) -> Recording:
        """Begin to record a call in progress. Raises CallNotFound, IllegalCallState."""
        supervision = await self._live(account_sid, call_sid)
        if supervision is None or not supervision.call.is_answered:
            raise IllegalCallState("Call is not in-progress. Cannot record.")
        return supervision.call.recordings.start(order)

    async def find_recording(self, account_sid: AccountSid, call_sid: CallSid, sid_or_name: str) -> Recording | None:
        """A recording of a live call. Raises CallNotFound, IllegalCallState for a Twilio.CURRENT of several."""
        supervision = await self._live(account_sid, call_sid)
        return supervision.call.recordings.find(sid_or_name) if supervision is not None else None

    async def mend_recordings(self) -> int:
        """Make recordings whole that an earlier process left; how many there were."""
        unfinished = await self.world.store.unfinished_recordings()
        for record in unfinished:
            octets = await self.world.recordings.mend(record.sid)
            whole = mended(record, octets)
            self.world.store.save_recording(whole)
            if octets and whole.is_transcribed:
                self.world.transcriber.begin(whole, seconds_of(octets, whole.channels))
        return len(unfinished)

    # --- life of the process --------------------------------------------------------------------------------------

    async def recover(self) -> int:
        """Close the records that an earlier process left open and send their last callbacks; how many there were."""
        records = await self.world.store.unfinished_calls()
        for record in records:
            progress = Progress(self.world, record)
            progress.advance(
                CallStatus.FAILED,
                end_time=self.world.clock.now(),
                ending=ending_of_crash(record),
                error_code=12400,
                error_message="the platform stopped during the call",
            )
        return len(records)

    async def close(self) -> None:
        """Take no more calls, end the live ones, and wait until nothing of them is left."""
        self.is_open = False
        for supervision in self.registry.all():
            supervision.call.hang_up(EndReason.SHUTDOWN)
        for supervision in self.registry.all():
            await supervision.over()

    # --- inside ---------------------------------------------------------------------------------------------------

    def _route(self, order: PlaceCall) -> Route:
        if order.to.startswith("+") or order.to[:1].isdigit():
            return route_number(order.to, self.dialplan.trunks)
        return route_sip(order.to, order.credentials, needs_public=not self.world.settings.private_targets)

    async def _end(self, supervision: Supervision) -> CallRecord:
        supervision.call.hang_up(EndReason.REST_ENDED)
        try:
            async with asyncio.timeout(CLOSING_GRACE):
                await supervision.call.finished.wait()
        except TimeoutError:
            pass
        return supervision.call.record

    async def _live(self, account_sid: AccountSid, call_sid: CallSid) -> Supervision | None:
        supervision = self.registry.find(call_sid)
        if supervision is None or supervision.call.is_over:
            await self._stored(account_sid, call_sid)
            return None
        if supervision.call.record.account_sid != account_sid:
            raise CallNotFound(f"account {account_sid} has no call {call_sid}")
        return supervision

    async def _stored(self, account_sid: AccountSid, call_sid: CallSid) -> CallRecord:
        record = await self.world.store.call(account_sid, call_sid)
        if record is None:
            raise CallNotFound(f"account {account_sid} has no call {call_sid}")
        return record


def parties_of(invite: InviteReceived, route: InboundRoute) -> tuple[str, str]:
    """To and From as the API shows them: numbers for a number, whole SIP URIs for a SIP Domain (contract 1 §6.4)."""
    if route.sip_domain is not None:
        return invite.request_uri, invite.from_uri
    return route.phone_number or invite.request_uri, caller_number(invite)


def caller_number(invite: InviteReceived) -> str:
    """The caller of a trunk call: the user part of From, or the whole URI when it has none."""
    return sip_user_of(invite.from_uri) or invite.from_uri
