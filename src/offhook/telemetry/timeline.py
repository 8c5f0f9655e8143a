"""Brings every entry to the timeline of its call; satisfies calls.ports.Timeline.

SIP messages are seen before it is known which call they belong to: they wait here, by Call-ID, for `link`. What belongs
to no call at all (a scanner's OPTIONS) is pushed out by what comes after it.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from offhook.model.sids import CallSid
from offhook.model.timeline import TimelineEntry

_log = structlog.get_logger("offhook.timeline")

Listener = Callable[[TimelineEntry], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineLimits:
    """How much is remembered: Call-IDs that wait, entries and characters that wait, and links of Call-IDs to calls."""

    waiting_call_ids: int = 1000
    waiting_entries: int = 32  # of one Call-ID
    waiting_characters: int = 8_000_000  # of all SIP messages that wait
    links: int = 20_000


@dataclass(slots=True)
class _Waiting:
    """The entries of one Call-ID, oldest first, and their size in characters."""

    entries: deque[TimelineEntry] = field(default_factory=deque)
    size: int = 0


class TimelineRecorder:
    """Hands each entry to `append` with its call's SID.

    A Call-ID belongs to the call that was linked last. Where a call of ours comes back to us through a proxy, which
    keeps the Call-ID, both calls have the same one: from the second link on their SIP messages stand on the second.
    """

    def __init__(self, append: Callable[[TimelineEntry], None], limits: TimelineLimits | None = None) -> None:
        self._append = append
        self._limits = limits or TimelineLimits()
        self._links: OrderedDict[str, CallSid] = OrderedDict()  # least recently used first
        self._room: OrderedDict[str, _Waiting] = OrderedDict()  # oldest Call-ID first
        self._size = 0
        self._listeners: list[Listener] = []
        self._followers: list[Listener] = []

    # --- calls.ports.Timeline -------------------------------------------------------------------------------------

    def record(self, entry: TimelineEntry) -> None:
        """One more entry; without `call_sid`, its detail names the SIP `call_id` and it waits for link()."""
        if self._listeners:
            _tell(self._listeners, entry)
        if entry.call_sid is not None:
            self._deliver(entry)
            return
        call_id = entry.detail.get("call_id")
        if not isinstance(call_id, str):
            return
        call_sid = self._links.get(call_id)
        if call_sid is None:
            self._keep(call_id, entry)
        else:
            self._links.move_to_end(call_id)
            self._deliver(_belonging(entry, call_sid))

    def link(self, call_id: str, call_sid: CallSid) -> None:
        """SIP messages of this Call-ID belong to this call; those that came earlier are handed over."""
        self._links[call_id] = call_sid
        self._links.move_to_end(call_id)
        if len(self._links) > self._limits.links:
            self._links.popitem(last=False)
        waiting = self._room.pop(call_id, None)
        if waiting is not None:
            self._size -= waiting.size
            for entry in waiting.entries:
                self._deliver(_belonging(entry, call_sid))

    # --- who else wants to know -----------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` of every entry at once, once, even if its call is not known yet; returns what ends this."""
        return _join(self._listeners, listener)

    def follow(self, follower: Listener) -> Callable[[], None]:
        """Tell `follower` of the entries of calls, all with their SID; returns what ends this."""
        return _join(self._followers, follower)

    # --- within ---------------------------------------------------------------------------------------------------

    def _deliver(self, entry: TimelineEntry) -> None:
        self._append(entry)
        if self._followers:
            _tell(self._followers, entry)

    def _keep(self, call_id: str, entry: TimelineEntry) -> None:
        waiting = self._room.setdefault(call_id, _Waiting())
        waiting.entries.append(entry)
        self._grow(waiting, _size(entry))
        if len(waiting.entries) > self._limits.waiting_entries:
            self._grow(waiting, -_size(waiting.entries.popleft()))
        while len(self._room) > self._limits.waiting_call_ids or self._size > self._limits.waiting_characters:
            self._size -= self._room.popitem(last=False)[1].size

    def _grow(self, waiting: _Waiting, characters: int) -> None:
        waiting.size += characters
        self._size += characters


def _size(entry: TimelineEntry) -> int:
    return len(entry.summary) + len(str(entry.detail.get("text", "")))


def _belonging(entry: TimelineEntry, call_sid: CallSid) -> TimelineEntry:
    return TimelineEntry(at=entry.at, kind=entry.kind, summary=entry.summary, call_sid=call_sid, detail=entry.detail)


def _join(all_of_them: list[Listener], one: Listener) -> Callable[[], None]:
    all_of_them.append(one)

    def leave() -> None:
        if one in all_of_them:
            all_of_them.remove(one)

    return leave


def _tell(listeners: list[Listener], entry: TimelineEntry) -> None:
    """A reading that fails must not harm the call that is read."""
    for listener in tuple(listeners):
        try:
            listener(entry)
        except Exception:  # noqa: BLE001 - whatever it is, the call goes on and the log says what
            _log.exception("a reader of the timeline failed", kind=entry.kind.value, call_sid=entry.call_sid)
