"""What is written down of one call: entries on its timeline and notifications of the API."""

from dataclasses import asdict
from typing import Any

from offhook.calls.events import AttemptFailed, RefusalCause
from offhook.calls.ports import Notification, PortStatistics
from offhook.calls.world import World
from offhook.model.sids import NOTIFICATION, AccountSid, CallSid
from offhook.model.timeline import Kind, TimelineEntry

ATTEMPT_FAILED = 32011
UNRESOLVED = 13254
MOST_SAID = 100  # different warnings of notice_once


class Chronicle:
    """Writes for one call; nothing of it is ever waited for."""

    __slots__ = ("_account_sid", "_said", "_sid", "_world")

    def __init__(self, world: World, sid: CallSid, account_sid: AccountSid) -> None:
        self._world = world
        self._sid = sid
        self._account_sid = account_sid
        self._said: set[tuple[int, str]] = set()

    def trace(self, kind: Kind, summary: str, **detail: Any) -> None:
        """One entry on the call's timeline."""
        at = self._world.clock.now()
        self._world.timeline.record(TimelineEntry(at=at, kind=kind, summary=summary, call_sid=self._sid, detail=detail))

    def notice(self, error_code: int, text: str, *, is_error: bool = False, url: str = "") -> None:
        """One notification of the API, and its entry on the timeline."""
        level = "error" if is_error else "warning"
        self.trace(Kind.NOTICE, f"{error_code} {text}", error_code=error_code, level=level, text=text)
        self._world.store.add_notification(
            Notification(
                sid=self._world.tokens.sid(NOTIFICATION),
                account_sid=self._account_sid,
                call_sid=self._sid,
                error_code=error_code,
                log=0 if is_error else 1,
                message_text=text,
                message_date=self._world.clock.now(),
                request_url=url,
            )
        )

    def notice_once(self, error_code: int, text: str) -> None:
        """A warning, unless the call has it already."""
        if (error_code, text) not in self._said and len(self._said) < MOST_SAID:
            self._said.add((error_code, text))
            self.notice(error_code, text)

    def attempt_failed(self, event: AttemptFailed, target: str) -> None:
        """One place that the call was sent to came to nothing: where, and why (32011); or it had no place (13254)."""
        if event.cause is RefusalCause.UNRESOLVED:
            self.notice(UNRESOLVED, f"{target}: no address was found for its host")
            return
        if event.cause is RefusalCause.PRIVATE:
            self.notice(UNRESOLVED, f"{target}: {event.reason}, and this call goes to public ones alone")
            return
        code = str(event.code) if event.cause is RefusalCause.RESPONSE else f"{event.cause.value}:"
        answer = f"{code} {event.reason}".strip(" :")
        detail = {"place": event.place, "cause": event.cause.value, "code": event.code, "reason": event.reason}
        self.trace(Kind.LEG, f"attempt failed: {event.place}: {answer}", event="attempt_failed", **detail)
        self.notice(ATTEMPT_FAILED, f"{target} at {event.place}: {answer}")

    def turned(self, direction: str, *, is_held: bool) -> None:
        """The peer has put the call on hold, or resumed it."""
        event = "held" if is_held else "resumed"
        self.trace(Kind.MEDIA, f"{event} by the peer: {direction}", event=event, direction=direction)

    def media_closed(self, statistics: PortStatistics) -> None:
        """What the call's port moved."""
        quality = statistics.quality
        scores = [
            f"MOS {one.mos:.1f} {way}" for way, one in (("in", quality.inbound), ("out", quality.outbound)) if one
        ]
        moved = f"{statistics.packets_received} packets in, {statistics.packets_sent} out"
        self.trace(
            Kind.MEDIA,
            f"media closed: {moved}, {', '.join(scores)}" if statistics.packets_received else f"media closed: {moved}",
            event="closed",
            codec=statistics.codec,
            srtp=statistics.srtp,
            remote=statistics.remote,
            packets_received=statistics.packets_received,
            packets_sent=statistics.packets_sent,
            packets_lost=statistics.packets_lost,
            packets_unauthenticated=statistics.packets_unauthenticated,
            jitter_ms=statistics.jitter_ms,
            quality=asdict(quality),
        )
