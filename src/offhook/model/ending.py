"""How a call ended: one typed value, and the one sentence that people read (RFC 3326, RFC 6432).

Made by calls.ending; kept in the record, on the timeline, and told in callbacks where the configuration asks for it.
"""

from enum import Enum

import msgspec


class EndReason(Enum):
    """Why a call is over; the value is what records and callbacks say."""

    # the caller or the callee
    CALLER_HUNG_UP = "caller-hung-up"
    CALLEE_HUNG_UP = "callee-hung-up"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    REFUSED = "refused"
    # the application
    DOCUMENT_ENDED = "document-ended"
    HANGUP_VERB = "hangup-verb"
    REJECT_VERB = "reject-verb"
    REST_ENDED = "rest-ended"
    NOT_ACCEPTED = "not-accepted"
    DIAL_ENDED = "dial-ended"
    ANSWERED_ELSEWHERE = "answered-elsewhere"
    TRANSFERRED = "transferred"
    # limits
    TIME_LIMIT = "time-limit"
    MEDIA_TIMEOUT = "media-timeout"
    SESSION_TIMER = "session-timer"
    # failures
    UNREACHABLE = "unreachable"
    MEDIA_REFUSED = "media-refused"
    NOT_CONFIRMED = "not-confirmed"
    WEBHOOK_FAILED = "webhook-failed"
    DOCUMENT_FAILED = "document-failed"
    NO_CAPACITY = "no-capacity"
    FAILED = "failed"
    # the process
    SHUTDOWN = "shutdown"
    CRASH = "crash"


WORDS = {
    EndReason.CALLER_HUNG_UP: "caller hung up",
    EndReason.CALLEE_HUNG_UP: "callee hung up",
    EndReason.BUSY: "callee is busy",
    EndReason.NO_ANSWER: "callee did not answer",
    EndReason.REFUSED: "callee refused the call",
    EndReason.DOCUMENT_ENDED: "the document ended",
    EndReason.HANGUP_VERB: "<Hangup> ended the call",
    EndReason.REJECT_VERB: "<Reject> refused the call",
    EndReason.REST_ENDED: "REST ended the call",
    EndReason.NOT_ACCEPTED: "the screening document did not accept the call",
    EndReason.DIAL_ENDED: "the <Dial> that made the call ended",
    EndReason.ANSWERED_ELSEWHERE: "another of the dialed answered",
    EndReason.TRANSFERRED: "a transfer ended the call",
    EndReason.TIME_LIMIT: "the time limit ended the call",
    EndReason.MEDIA_TIMEOUT: "no RTP came any more",
    EndReason.SESSION_TIMER: "the session was not refreshed in time",
    EndReason.UNREACHABLE: "callee could not be reached",
    EndReason.MEDIA_REFUSED: "no media could be agreed on",
    EndReason.NOT_CONFIRMED: "our 200 OK was not acknowledged",
    EndReason.WEBHOOK_FAILED: "the application could not be asked",
    EndReason.DOCUMENT_FAILED: "the document could not be carried out",
    EndReason.NO_CAPACITY: "there was no room for the call",
    EndReason.FAILED: "the call failed",
    EndReason.SHUTDOWN: "the server was stopped",
    EndReason.CRASH: "the server stopped during the call",
}

_NAMES_ITS_VERB = frozenset({EndReason.HANGUP_VERB, EndReason.REJECT_VERB})


class SipReason(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a Reason header: `Q.850`, 16, "Normal call clearing"."""

    protocol: str
    cause: int | None = None
    text: str = ""

    def __str__(self) -> str:
        cause = "" if self.cause is None else f" cause {self.cause}"
        return f"{self.protocol}{cause}" + (f" ({self.text})" if self.text else "")


class VerbPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A verb of a document: its name and the line where it begins."""

    name: str
    line: int


class CallEnding(msgspec.Struct, frozen=True, kw_only=True):
    """Who ended a call, when, at which verb, and what SIP said.

    `after` is in seconds since the answer, or since the call began when nobody answered it; None: nobody knows.
    `sip_method` is the request that ended it (BYE, CANCEL, INVITE) and `sip_code` its final response; `reasons` are
    what the peer's last message gave as Reason, one for each protocol.
    """

    reason: EndReason
    by: str  # caller, callee, platform
    is_answered: bool
    after: float | None = None
    verb: VerbPlace | None = None
    sip_method: str = ""
    sip_code: int | None = None
    sip_phrase: str = ""
    reasons: tuple[SipReason, ...] = ()

    @property
    def sentence(self) -> str:
        """For people: `callee hung up after 12.4 s in <Say> (line 3), SIP 200 BYE, Q.850 cause 16`."""
        told = [self._what(), *([self._sip()] if self.sip_method else []), *(str(reason) for reason in self.reasons)]
        return ", ".join(told)

    def reason_of(self, protocol: str) -> SipReason | None:
        """What the peer's Reason said of this protocol (`Q.850`, `SIP`), in any case."""
        return next((one for one in self.reasons if one.protocol.lower() == protocol.lower()), None)

    def _what(self) -> str:
        moment = "" if self.after is None else f" after {self.after:.1f} s"
        when = moment if self.is_answered else f" before the answer{moment}"
        return f"{WORDS[self.reason]}{when}{self._where()}"

    def _where(self) -> str:
        if self.verb is None:
            return ""
        if self.reason in _NAMES_ITS_VERB:
            return f" at line {self.verb.line}"
        return f" in <{self.verb.name}> (line {self.verb.line})"

    def _sip(self) -> str:
        code = "" if self.sip_code is None else f"{self.sip_code} "
        return f"SIP {code}{self.sip_phrase or self.sip_method}"
