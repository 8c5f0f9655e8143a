"""The transcriptions of one call, by SID and by name; begun and stopped by documents and by REST."""

from offhook.calls.beside import AccompaniedCall
from offhook.calls.errors import IllegalCallState
from offhook.calls.transcription import PREFIX, Transcription, TranscriptionOrder

MOST_RUNNING = 4  # per call
MOST_BEGUN = 1000  # in the life of a call, so that a loop of documents ends


class Transcriptions:
    """Those of one call, ended ones included."""

    def __init__(self, call: AccompaniedCall) -> None:
        self._call = call
        self._begun: dict[str, Transcription] = {}

    def start(self, order: TranscriptionOrder) -> Transcription:
        """Begin to transcribe; it goes on by itself. Raises IllegalCallState and LegEnded."""
        running = [one for one in self._begun.values() if one.is_running]
        if order.name and any(one.order.name == order.name for one in running):
            raise IllegalCallState(f"the call already has a transcription of the name {order.name!r}")
        if len(running) >= MOST_RUNNING or len(self._begun) >= MOST_BEGUN:
            raise IllegalCallState(f"a call may have {MOST_RUNNING} transcriptions at a time, {MOST_BEGUN} in all")
        transcription = Transcription(self._call, self._call.world.tokens.sid(PREFIX), order)
        self._call.beside.run(transcription.run(), f"{self._call.record.sid} {transcription.sid}")
        self._begun[transcription.sid] = transcription
        return transcription

    def find(self, sid_or_name: str) -> Transcription | None:
        """The transcription of this SID, or the newest of this name."""
        if sid_or_name in self._begun:
            return self._begun[sid_or_name]
        named = [one for one in self._begun.values() if one.order.name == sid_or_name]
        return named[-1] if named and sid_or_name else None
