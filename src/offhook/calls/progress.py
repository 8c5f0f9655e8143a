"""The record of a call as it moves: every change is stored, traced, and told to who subscribed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from msgspec import to_builtins
from msgspec.structs import replace

from offhook.calls.ports import CallbackRequest
from offhook.calls.world import World
from offhook.model.call import STATUS_TABLE, CallEvent, CallRecord, CallStatus
from offhook.model.timeline import Kind, TimelineEntry
from offhook.model.webhook import ending_parameters, status_callback_parameters

EVENT_OF_STATUS: Mapping[CallStatus, CallEvent] = MappingProxyType(
    {
        CallStatus.INITIATED: CallEvent.INITIATED,
        CallStatus.RINGING: CallEvent.RINGING,
        CallStatus.IN_PROGRESS: CallEvent.ANSWERED,
    }
)


class ShownRecording(Protocol):
    """A recording that callbacks tell of; satisfied by calls.recording."""

    def shown(self) -> dict[str, str]:
        """RecordingSid, RecordingUrl and RecordingDuration."""


class Progress:
    """Owns a call's record; the only place that replaces it."""

    __slots__ = ("_recording", "record", "world")

    def __init__(self, world: World, record: CallRecord) -> None:
        self.world = world
        self.record = record
        self._recording: ShownRecording | None = None

    def show_recording(self, recording: ShownRecording) -> None:
        """Tell of it when the call ends: what Record=true of the API asked for (contract 1 §7.2)."""
        self._recording = recording

    def change(self, **changes: Any) -> None:
        """Replace fields of the record and store it."""
        self.record = replace(self.record, date_updated=self.world.clock.now(), **changes)
        self.world.store.save_call(self.record)

    def announce_initiated(self) -> None:
        """Tell that dialing began; `initiated` is a callback's word and never the record's (contract 1 §1.4)."""
        self._publish(CallStatus.INITIATED, {})

    def advance(self, status: CallStatus, **changes: Any) -> bool:
        """Move to a status that may follow the present one; False, and nothing changed, when it may not."""
        if status not in STATUS_TABLE[self.record.status]:
            return False
        self.record = replace(self.record, status=status, date_updated=self.world.clock.now(), **changes)
        self._publish(status, self._ending_detail() if status.is_final else {})
        return True

    def _publish(self, status: CallStatus, detail: Mapping[str, Any]) -> None:
        """Store the record, write the timeline, queue the callback of who subscribed."""
        world, record = self.world, self.record
        now = world.clock.now()
        world.timeline.record(
            TimelineEntry(
                at=now,
                kind=Kind.STATUS,
                summary=status.value,
                call_sid=record.sid,
                detail={"status": status.value, "direction": record.direction.value, **detail},
            )
        )
        callback = record.status_callback
        event = EVENT_OF_STATUS.get(status, CallEvent.COMPLETED)
        if callback is None or event not in callback.events:
            world.store.save_call(record)
            return
        parameters = status_callback_parameters(replace(record, status=status), now)
        if record.ending is not None and world.settings.ending_parameters:
            parameters |= ending_parameters(record.ending)
        if status is CallStatus.COMPLETED and self._recording is not None:
            parameters |= self._recording.shown()
        self.record = replace(record, callback_sequence=record.callback_sequence + 1)
        world.store.save_call(self.record)
        world.webhooks.notify(
            CallbackRequest(
                account_sid=record.account_sid,
                call_sid=record.sid,
                target=callback.target,
                parameters=parameters,
                event=event.value,
            )
        )

    def _ending_detail(self) -> dict[str, Any]:
        record = self.record
        ending = {} if record.ending is None else {"ending": to_builtins(record.ending), "told": record.ending.sentence}
        return {
            **ending,
            "ended_by": record.ended_by,
            "sip_response_code": record.sip_response_code,
            "duration": record.duration,
            "error_code": record.error_code,
        }
