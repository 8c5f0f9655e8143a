"""The media streams of one call, by SID and by name; begun and stopped by documents and by REST."""

from offhook.calls.beside import AccompaniedCall
from offhook.calls.errors import IllegalCallState
from offhook.calls.stream import PREFIX, MediaStream, StreamOrder

MOST_TRACKS = 4  # contract 2 §2.6: of all streams that run at a time
MOST_BEGUN = 1000  # in the life of a call, so that a loop of documents ends


class Streams:
    """Those of one call, ended ones included."""

    def __init__(self, call: AccompaniedCall) -> None:
        self._call = call
        self._begun: dict[str, MediaStream] = {}

    def start(self, order: StreamOrder) -> MediaStream:
        """Begin to stream; it goes on by itself. Raises IllegalCallState and LegEnded."""
        running = [one for one in self._begun.values() if one.is_running]
        if order.name and any(one.name == order.name for one in running):
            raise IllegalCallState(f"the call already has a stream of the name {order.name!r}")
        if order.is_two_way and any(one.order.is_two_way for one in running):
            raise IllegalCallState("a call may have one bidirectional stream at a time")
        tracks = sum(len(one.order.tracks) for one in running) + len(order.tracks)
        if tracks > MOST_TRACKS or len(self._begun) >= MOST_BEGUN:
            raise IllegalCallState(f"a call may stream {MOST_TRACKS} tracks at a time, and {MOST_BEGUN} streams in all")
        stream = MediaStream(self._call, self._call.world.tokens.sid(PREFIX), order)
        self._call.beside.run(stream.run(), f"{self._call.record.sid} {stream.sid}")
        self._begun[stream.sid] = stream
        return stream

    def find(self, sid_or_name: str) -> MediaStream | None:
        """The stream of this SID, or the newest of this name."""
        if sid_or_name in self._begun:
            return self._begun[sid_or_name]
        named = [one for one in self._begun.values() if one.order.name == sid_or_name]
        return named[-1] if named and sid_or_name else None
