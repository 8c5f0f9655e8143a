"""A recording of a running call: taps its sound, leaves out what is to be left out, and tells (contract 2 §3).

Begun by a document or by REST, run beside the call's documents; ends with the call at the latest.
"""

import asyncio
from array import array
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from offhook.audio.measure import rms_dbfs
from offhook.audio.mixing import mixed
from offhook.calls.beside import AccompaniedCall
from offhook.calls.errors import CallError, LegEnded, RecordingFailed
from offhook.calls.ports import CallbackRequest, RecordingFile, TapBlock
from offhook.calls.waiting import first_of
from offhook.model.call import WebhookTarget
from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.model.timeline import Kind

PREFIX = "RE"
BLOCK = 0.2  # seconds of sound handed on at once
RATE = 8000
SILENT = -45.0  # dBFS: what is softer is trimmed, unless it stands out from the noise of the line
NO_EVENTS: frozenset[str] = frozenset({"completed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingOrder:
    """What is asked for; `ends_after` is the silence in seconds that ends it, 0 for none, `longest` likewise."""

    source: str
    name: str = ""
    channels: int = 1
    track: str = "both"
    is_trimmed: bool = False
    callback: WebhookTarget | None = None
    events: frozenset[str] = NO_EVENTS
    ends_after: float = 0.0
    longest: float = 0.0
    is_transcribed: bool = False
    transcribe_callback: WebhookTarget | None = None


class Recording:
    """One of them; `record` is its newest state, `over` is set when it is complete or absent."""

    def __init__(self, call: AccompaniedCall, sid: str, order: RecordingOrder) -> None:
        now = call.world.clock.now()
        self.call = call
        self.order = order
        self.over = asyncio.Event()
        self.ended = asyncio.Event()  # no more is taken; it may not be whole yet
        self.seconds = 0.0  # recorded, silence that was trimmed included
        self.record = RecordingRecord(
            sid=sid,
            account_sid=call.record.account_sid,
            call_sid=call.record.sid,
            status=RecordingStatus.IN_PROGRESS,
            source=order.source,
            channels=order.channels,
            track=order.track,
            date_created=now,
            date_updated=now,
            start_time=now,
            is_transcribed=order.is_transcribed,
            transcribe_callback=order.transcribe_callback,
        )
        self._file: RecordingFile | None = None
        self._skips = False
        self._written = 0  # octets
        self._worth = 0  # of them, up to the last that is kept; after that there was only silence that is trimmed
        self._silence = 0.0

    @property
    def sid(self) -> str:
        """Its SID."""
        return self.record.sid

    @property
    def name(self) -> str:
        """What documents call it by."""
        return self.order.name

    def shown(self) -> dict[str, str]:
        """What a callback about its call says of it."""
        url = recording_url(self.record, self.call.world.settings.api_url)
        duration = str(round(seconds_of(self._worth, self.order.channels)))
        return {"RecordingSid": self.sid, "RecordingUrl": url, "RecordingDuration": duration}

    # --- what is done with it -------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Take no more; may be called twice."""
        self.ended.set()

    def pause(self, *, skips: bool) -> None:
        """Record silence until it is resumed, or nothing when it `skips`."""
        if self.record.status is RecordingStatus.IN_PROGRESS:
            self._skips = skips
            self._become(RecordingStatus.PAUSED)

    def resume(self) -> None:
        """Go on."""
        if self.record.status is RecordingStatus.PAUSED:
            self._become(RecordingStatus.IN_PROGRESS)

    async def run(self) -> None:
        """Record until it is stopped or the call is over; a failure is told, not raised."""
        world = self.call.world
        world.store.save_recording(self.record)
        self._file = world.recordings.create(self.sid, self.order.channels)
        self._tell("in-progress")
        error: CallError | None = None
        try:
            with self.call.leg.sound.tapping(self.take, block=BLOCK, finds_voice=self._finds_voice):
                await first_of(self.ended.wait(), self.call.leg.ended.wait())
        except LegEnded:
            pass
        finally:
            self.ended.set()
        try:
            octets = await self._file.finish(self._worth)
        except RecordingFailed as failure:
            error, octets = failure, failure.octets
        await self._conclude(octets, error)

    @property
    def _finds_voice(self) -> bool:
        return self.order.is_trimmed or self.order.ends_after > 0

    # --- sound ----------------------------------------------------------------------------------------------------

    def take(self, block: TapBlock) -> None:
        """The next of what passes through the call."""
        if self.ended.is_set() or self._file is None:
            return
        is_paused = self.record.status is RecordingStatus.PAUSED
        if not is_paused:
            self._listen(block)
        if not (is_paused and self._skips):
            is_silent = is_paused or (self.order.is_trimmed and self._is_silent(block))
            self._keep(self._mixed(block, is_silent=is_paused), is_silent=is_silent)
        self.seconds += block.duration
        if self.order.longest and self.seconds > self.order.longest - BLOCK / 2:
            self.ended.set()

    def _listen(self, block: TapBlock) -> None:
        """How long the caller has been silent; without any packet that clock stands still (contract 2 §1.8)."""
        if block.is_voice:
            self._silence = 0.0
        elif block.is_received:
            self._silence += block.duration
        if self.order.ends_after and self._silence >= self.order.ends_after:
            self.ended.set()

    def _is_silent(self, block: TapBlock) -> bool:
        """Nothing that anybody could miss: a hum goes on being kept, it may be what the recording is about."""
        is_loud = not block.is_noise and rms_dbfs(block.inbound) >= SILENT
        is_heard = self.order.track != "outbound" and (block.is_sound or is_loud)
        is_said = self.order.track != "inbound" and rms_dbfs(block.outbound) >= SILENT
        return not is_heard and not is_said

    def _mixed(self, block: TapBlock, *, is_silent: bool) -> bytes:
        """The block in the channels of the file; the first channel is the call's own party."""
        if is_silent:
            return bytes(len(block.inbound) * self.order.channels)
        heard = block.inbound if self.order.track != "outbound" else bytes(len(block.inbound))
        said = block.outbound if self.order.track != "inbound" else bytes(len(block.outbound))
        if self.order.channels == 1:
            return mixed(heard, said)
        one, other = array("h", heard), array("h", said)
        both = array("h", bytes(4 * len(one)))
        both[0::2], both[1::2] = one, other
        return both.tobytes()

    def _keep(self, samples: bytes, *, is_silent: bool) -> None:
        if self._file is None:
            return
        is_kept = not (self.order.is_trimmed and is_silent)
        if not is_kept and self._written == 0:
            return  # silence before the first sound
        self._file.append(samples)
        self._written += len(samples)
        if is_kept:
            self._worth = self._written

    # --- the end --------------------------------------------------------------------------------------------------

    async def _conclude(self, octets: int, error: CallError | None) -> None:
        seconds = seconds_of(octets, self.order.channels)
        if error is not None:
            self.call.notice(error.error_code, f"recording {self.sid}: {error}", is_error=True)
        status = RecordingStatus.COMPLETED if octets else RecordingStatus.ABSENT
        code = error.error_code if error is not None else None
        self._become(status, duration=round(seconds) if octets else None, error_code=code)
        if not octets:
            with suppress(RecordingFailed):  # nothing of it has left this machine
                await self.call.world.recordings.delete(self.sid)
        self.over.set()
        self._tell(status.value)
        if octets and self.order.is_transcribed:
            self.call.world.transcriber.begin(self.record, seconds)

    def _become(self, status: RecordingStatus, **changes: Any) -> None:
        now = self.call.world.clock.now()
        self.record = msgspec.structs.replace(self.record, status=status, date_updated=now, **changes)
        self.call.world.store.save_recording(self.record)

    def _tell(self, event: str) -> None:
        call, record = self.call, self.record
        call.trace(Kind.MEDIA, f"recording {event} {self.sid}", event=f"recording-{event}", sid=self.sid)
        if self.order.callback is None or event not in self.order.events:
            return
        call.world.webhooks.notify(
            CallbackRequest(
                account_sid=record.account_sid,
                call_sid=record.call_sid,
                target=self.order.callback,
                parameters=recording_parameters(record, call.world.settings.api_url),
                event=f"recording-{event}",
                about=record.sid,
            )
        )


def recording_parameters(record: RecordingRecord, api_url: str) -> dict[str, str]:
    """What a recordingStatusCallback is told (contract 2 §3.2)."""
    told = {
        "AccountSid": record.account_sid,
        "CallSid": record.call_sid,
        "RecordingSid": record.sid,
        "RecordingUrl": recording_url(record, api_url),
        "RecordingStatus": record.status.value,
        "RecordingChannels": str(record.channels),
        "RecordingSource": record.source,
        "RecordingTrack": record.track,
        "ErrorCode": str(record.error_code or 0),
    }
    if record.start_time is not None:
        told["RecordingStartTime"] = record.start_time.strftime("%a, %d %b %Y %H:%M:%S +0000")
    if record.duration is not None:
        told["RecordingDuration"] = str(record.duration)
    return told


def recording_url(record: RecordingRecord, api_url: str) -> str:
    """Where it is had, without an extension."""
    return url_of(api_url, record.account_sid, record.sid)


def url_of(api_url: str, account_sid: str, sid: str) -> str:
    """The same, of a recording that only its SID is known of."""
    return f"{api_url}/2010-04-01/Accounts/{account_sid}/Recordings/{sid}"


def seconds_of(octets: int, channels: int) -> float:
    """How long so many octets of samples are."""
    return octets / 2 / channels / RATE


def mended(record: RecordingRecord, octets: int) -> RecordingRecord:
    """What becomes of a recording that an earlier process left with so many octets of samples."""
    status = RecordingStatus.COMPLETED if octets else RecordingStatus.ABSENT
    duration = round(seconds_of(octets, record.channels)) if octets else None
    return msgspec.structs.replace(record, status=status, duration=duration)
