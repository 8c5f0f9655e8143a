"""The recordings of one call, by SID and by name; begun and stopped by documents and by REST."""

from offhook.calls.beside import AccompaniedCall
from offhook.calls.errors import IllegalCallState
from offhook.calls.recording import PREFIX, Recording, RecordingOrder

MOST_RUNNING = 4
MOST_BEGUN = 1000  # in the life of a call, so that a loop of documents ends
CURRENT = "Twilio.CURRENT"


class Recordings:
    """Those of one call, ended ones included."""

    def __init__(self, call: AccompaniedCall) -> None:
        self._call = call
        self._begun: dict[str, Recording] = {}

    def start(self, order: RecordingOrder) -> Recording:
        """Begin to record; it goes on by itself. Raises IllegalCallState and LegEnded."""
        running = self.running()
        if order.name and any(one.name == order.name for one in running):
            raise IllegalCallState(f"the call already has a recording of the name {order.name!r}")
        if len(running) >= MOST_RUNNING or len(self._begun) >= MOST_BEGUN:
            raise IllegalCallState(f"a call may have {MOST_RUNNING} recordings at a time, {MOST_BEGUN} in all")
        recording = Recording(self._call, self._call.world.tokens.sid(PREFIX), order)
        self._call.beside.run(recording.run(), f"{self._call.record.sid} {recording.sid}")
        self._begun[recording.sid] = recording
        return recording

    def running(self) -> list[Recording]:
        """Those that still take sound."""
        return [one for one in self._begun.values() if not one.ended.is_set()]

    def find(self, sid_or_name: str) -> Recording | None:
        """The recording of this SID, the newest of this name, or the only one that runs for Twilio.CURRENT.

        Raises IllegalCallState when Twilio.CURRENT could mean several.
        """
        if sid_or_name == CURRENT:
            running = self.running()
            if len(running) > 1:
                raise IllegalCallState(f"{CURRENT} means one recording, and {len(running)} are running")
            return running[0] if running else None
        if sid_or_name in self._begun:
            return self._begun[sid_or_name]
        named = [one for one in self._begun.values() if one.name == sid_or_name]
        return named[-1] if named and sid_or_name else None
