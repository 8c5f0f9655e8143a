"""Follows a call live: asks for its timeline again and again, and hands over what is new until all is said."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from offhook.model.call import CallStatus
from offhook.model.timeline import TimelineEntry
from offhook.server.commands.api import Api, Call, family

FINAL = frozenset(status.value for status in CallStatus if status.is_final)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to ask, in seconds, and how many times nothing new is enough once the call is over."""

    interval: float = 0.25
    quiet: int = 4  # the last status callback is on its way when the call has already ended


async def follow(api: Api, sid: str, tell: Callable[[Sequence[TimelineEntry]], None], pace: Pace) -> Call:
    """Hand over the entries of a call and of the calls it makes as they come; the call as it ended.

    Raises CommandFailed.
    """
    told: Counter[tuple[object, ...]] = Counter()
    quiet = 0
    while True:
        calls = await family(api, sid)
        entries = [entry for call in calls for entry in await api.timeline(call.sid)]
        new = _news(entries, told)
        tell(new)
        is_over = all(call.status in FINAL for call in calls)
        quiet = quiet + 1 if is_over and not new else 0
        if quiet >= pace.quiet:
            return calls[0]
        await asyncio.sleep(pace.interval)


def _news(entries: Sequence[TimelineEntry], told: "Counter[tuple[object, ...]]") -> list[TimelineEntry]:
    """Those not told yet: entries have no number, and one may come late between two that were there."""
    seen: Counter[tuple[object, ...]] = Counter()
    new = []
    for entry in entries:
        key = (entry.call_sid, entry.at, entry.kind, entry.summary)
        seen[key] += 1
        if seen[key] > told[key]:
            told[key] += 1
            new.append(entry)
    return new
