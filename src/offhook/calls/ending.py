"""Makes the one value that says how a call ended, from what was asked of us, what failed, and how its leg ended.

Owned by calls.call, which asks for it once, when the leg is over.
"""

from collections.abc import Mapping

from offhook.calls.errors import CallError
from offhook.calls.events import RefusalCause
from offhook.calls.header_parameters import printable
from offhook.calls.leg_table import LegEnding
from offhook.calls.reasons import reasons_of
from offhook.model.call import CallRecord, CallStatus, Direction
from offhook.model.ending import CallEnding, EndReason, VerbPlace

LONGEST_PHRASE = 80
_STATUS_BEFORE_ANSWER = {EndReason.NO_ANSWER: CallStatus.NO_ANSWER}
_REASON_OF_CODE = {
    408: EndReason.NO_ANSWER,
    480: EndReason.NO_ANSWER,
    486: EndReason.BUSY,
    487: EndReason.NO_ANSWER,
    600: EndReason.BUSY,
}
_OF_PEER = frozenset(
    {
        EndReason.CALLER_HUNG_UP,
        EndReason.CALLEE_HUNG_UP,
        EndReason.BUSY,
        EndReason.NO_ANSWER,
        EndReason.REFUSED,
    }
)


class Closing:
    """What is known so far of why a call ends; times are the loop's. `error` is the last that was met."""

    def __init__(self, began_at: float) -> None:
        self.began_at = began_at
        self.answered_at: float | None = None
        self.error: CallError | None = None
        self.verb: VerbPlace | None = None
        self._asked: EndReason | None = None
        self._verdict: CallStatus | None = None

    def answered(self, at: float) -> None:
        """The call is up: what failed on the way there is no more why it ends."""
        self.answered_at, self.error = at, None

    def ask(self, reason: EndReason, verdict: CallStatus | None = None) -> None:
        """We end it; the first reason counts. `verdict` is the status that an unanswered call gets."""
        if self._asked is None:
            self._asked = reason
            self._verdict = verdict or _STATUS_BEFORE_ANSWER.get(reason, CallStatus.CANCELED)

    def duration(self, now: float) -> int:
        """Seconds since the answer, 0 without one."""
        return 0 if self.answered_at is None else round(now - self.answered_at)

    def status(
        self, leg: LegEnding | None, direction: Direction, status_of_code: Mapping[int, CallStatus]
    ) -> CallStatus:
        """The final status (contract 1 §1.7, §3.6)."""
        if self.answered_at is not None:
            return CallStatus.COMPLETED
        if self.error is not None:
            return self.error.status
        if self._verdict is not None:
            return self._verdict
        if leg is None or leg.code is None:
            # A caller who gave up, or a leg that never was.
            return CallStatus.NO_ANSWER if direction is Direction.INBOUND else CallStatus.FAILED
        if leg.cause is not None and leg.cause is not RefusalCause.RESPONSE:
            return CallStatus.FAILED
        return status_of_code.get(leg.code, CallStatus.FAILED)

    def ending(self, leg: LegEnding | None, direction: Direction, now: float) -> CallEnding:
        """Who ended it, when, where, and what SIP said."""
        reason = self._reason(leg, direction)
        is_of_peer = self._asked is None and reason in _OF_PEER
        peer = "caller" if direction is Direction.INBOUND else "callee"
        return CallEnding(
            reason=reason,
            by=peer if is_of_peer else "platform",
            is_answered=self.answered_at is not None,
            after=round(now - (self.began_at if self.answered_at is None else self.answered_at), 3),
            verb=self.verb,
            sip_method=leg.method if leg is not None else "",
            sip_code=leg.answer if leg is not None else None,
            sip_phrase=printable(leg.reason)[:LONGEST_PHRASE] if leg is not None else "",
            reasons=reasons_of(leg.headers) if leg is not None else (),
        )

    def _reason(self, leg: LegEnding | None, direction: Direction) -> EndReason:
        if self._asked is not None:
            return self._asked
        if self.error is not None:
            return self.error.ending
        if leg is None or not leg.by_peer:
            return EndReason.FAILED
        if leg.cause is None:
            return EndReason.CALLER_HUNG_UP if direction is Direction.INBOUND else EndReason.CALLEE_HUNG_UP
        if leg.cause is RefusalCause.RESPONSE:
            return _REASON_OF_CODE.get(leg.code or 0, EndReason.REFUSED)
        return EndReason.SESSION_TIMER if leg.code is None else EndReason.UNREACHABLE


def ending_of_crash(record: CallRecord) -> CallEnding:
    """How a call ended whose process was gone; nobody knows when."""
    return CallEnding(reason=EndReason.CRASH, by="platform", is_answered=record.status is CallStatus.IN_PROGRESS)
