"""<Dial record>: when the recording of a dialing call begins and ends (contract 2 §3.1)."""

from typing import Protocol

from offhook.calls.dialer import DialOrder
from offhook.calls.errors import IllegalCallState
from offhook.calls.recording import Recording, RecordingOrder
from offhook.calls.recordings import Recordings


class DialingCall(Protocol):
    """The part of calls.call.Call that this needs."""

    @property
    def recordings(self) -> Recordings:
        """Where recordings begin."""

    @property
    def is_answered(self) -> bool:
        """Whether there is a port to tap."""

    def notice(self, error_code: int, text: str, *, is_error: bool = False, url: str = "") -> None:
        """One notification of the API."""


class DialRecording:
    """One <Dial>'s; nothing happens when none is asked for."""

    def __init__(self, call: DialingCall, order: DialOrder) -> None:
        self._call = call
        self._order: RecordingOrder | None = order.recording
        self._recording: Recording | None = None
        if order.records_ringing and call.is_answered:
            self.begin()

    @property
    def sid(self) -> str | None:
        """The SID of what was recorded; None when nothing was."""
        return self._recording.sid if self._recording is not None else None

    def begin(self) -> None:
        """Somebody has answered, or it rings; once."""
        order, self._order = self._order, None
        if order is None:
            return
        try:
            self._recording = self._call.recordings.start(order)
        except IllegalCallState as error:
            self._call.notice(error.error_code, f"<Dial record>: {error}")

    def end(self) -> None:
        """The <Dial> is over."""
        if self._recording is not None:
            self._recording.stop()
