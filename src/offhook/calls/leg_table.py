"""The table of a call leg: its states, its inputs, which event is which input, and how a leg can end."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from offhook.base.machine import Step
from offhook.calls.events import (
    AckMissed,
    AckReceived,
    ByeAnswered,
    ByeReceived,
    CancelReceived,
    HeaderList,
    InviteRefused,
    OfferAnswered,
    OfferAsked,
    OfferReceived,
    ProvisionalReceived,
    ReferReceived,
    RefusalCause,
    SessionExpired,
)


class LegState(Enum):
    """Where a leg stands; OFFERED is an inbound leg that we have not answered."""

    IDLE = auto()
    PLACED = auto()
    RINGING = auto()
    OFFERED = auto()
    UP = auto()
    CANCELING = auto()
    CLOSING = auto()
    ENDED = auto()


class LegInput(Enum):
    """Commands first, then what the peer does; ABANDON is the teardown limit.

    REDIRECTED can be followed and MISDIRECTED cannot; CONTACT_REFUSED leaves another Contact of a 3xx to be called.
    """

    PLACE = auto()
    OFFER = auto()
    RING = auto()
    PLAY_EARLY = auto()
    ANSWER = auto()
    REJECT = auto()
    HANG_UP = auto()
    TAKE_OVER = auto()
    REFER = auto()
    ABANDON = auto()
    PROVISIONAL = auto()
    ANSWERED = auto()
    ANSWERED_UNUSABLY = auto()
    REDIRECTED = auto()
    MISDIRECTED = auto()
    CONTACT_REFUSED = auto()
    REFUSED = auto()
    CANCELED = auto()
    ACKED = auto()
    ACK_MISSED = auto()
    REOFFERED = auto()
    OFFER_ASKED = auto()
    OFFER_ANSWERED = auto()
    REFERRED = auto()
    EXPIRED = auto()
    BYE = auto()
    BYE_ANSWERED = auto()


S, I = LegState, LegInput  # noqa: E741  # the table reads better with one letter

TABLE: Mapping[tuple[LegState, LegInput], Step[LegState]] = MappingProxyType(
    {
        (S.IDLE, I.PLACE): Step(S.PLACED),
        (S.IDLE, I.OFFER): Step(S.OFFERED),
        (S.IDLE, I.HANG_UP): Step(S.ENDED, ("end",)),
        # outbound, before the answer
        (S.PLACED, I.PROVISIONAL): Step(S.RINGING, ("take_early_media", "tell_rang")),
        (S.RINGING, I.PROVISIONAL): Step(S.RINGING, ("take_early_media",)),
        (S.PLACED, I.ANSWERED): Step(S.UP, ("tell_answered",)),
        (S.RINGING, I.ANSWERED): Step(S.UP, ("tell_answered",)),
        (S.PLACED, I.ANSWERED_UNUSABLY): Step(S.CLOSING, ("send_bye",)),
        (S.RINGING, I.ANSWERED_UNUSABLY): Step(S.CLOSING, ("send_bye",)),
        (S.PLACED, I.REDIRECTED): Step(S.PLACED, ("follow_redirect",)),
        (S.RINGING, I.REDIRECTED): Step(S.RINGING, ("follow_redirect",)),
        (S.PLACED, I.MISDIRECTED): Step(S.PLACED, ("refuse_redirect",)),
        (S.RINGING, I.MISDIRECTED): Step(S.RINGING, ("refuse_redirect",)),
        (S.PLACED, I.CONTACT_REFUSED): Step(S.PLACED, ("place_next",)),
        (S.RINGING, I.CONTACT_REFUSED): Step(S.RINGING, ("place_next",)),
        (S.RINGING, I.REOFFERED): Step(S.RINGING, ("answer_offer",)),  # UPDATE of early media (RFC 3311 §5.2)
        (S.PLACED, I.REFUSED): Step(S.ENDED, ("end",)),
        (S.RINGING, I.REFUSED): Step(S.ENDED, ("end",)),
        (S.PLACED, I.HANG_UP): Step(S.CANCELING, ("send_cancel",)),
        (S.RINGING, I.HANG_UP): Step(S.CANCELING, ("send_cancel",)),
        (S.CANCELING, I.PROVISIONAL): Step(S.CANCELING),
        (S.CANCELING, I.REFUSED): Step(S.ENDED, ("end",)),
        (S.CANCELING, I.ANSWERED): Step(S.CLOSING, ("send_bye",)),
        (S.CANCELING, I.ANSWERED_UNUSABLY): Step(S.CLOSING, ("send_bye",)),
        (S.CANCELING, I.HANG_UP): Step(S.CANCELING),
        (S.CANCELING, I.ABANDON): Step(S.ENDED, ("end",)),
        # inbound, before the answer
        (S.OFFERED, I.RING): Step(S.OFFERED, ("send_ringing",)),
        (S.OFFERED, I.PLAY_EARLY): Step(S.OFFERED, ("send_early_answer",)),
        (S.OFFERED, I.REOFFERED): Step(S.OFFERED, ("answer_offer",)),
        (S.OFFERED, I.ANSWER): Step(S.UP, ("send_answer", "tell_answered")),
        (S.OFFERED, I.REJECT): Step(S.ENDED, ("send_rejection", "end")),
        (S.OFFERED, I.HANG_UP): Step(S.ENDED, ("send_unavailable", "end")),
        (S.OFFERED, I.CANCELED): Step(S.ENDED, ("end",)),
        (S.OFFERED, I.BYE): Step(S.ENDED, ("end",)),  # a caller may leave an early dialog by BYE (RFC 3261 §15)
        # up, either way
        (S.UP, I.ACKED): Step(S.UP),
        (S.UP, I.REOFFERED): Step(S.UP, ("answer_offer",)),
        (S.UP, I.OFFER_ASKED): Step(S.UP, ("send_offer",)),
        (S.UP, I.OFFER_ANSWERED): Step(S.UP, ("take_reanswer",)),
        (S.UP, I.REFERRED): Step(S.UP, ("tell_referred",)),
        (S.UP, I.REFER): Step(S.UP, ("send_refer",)),
        (S.UP, I.TAKE_OVER): Step(S.UP, ("swap_session",)),
        (S.UP, I.EXPIRED): Step(S.ENDED, ("end",)),
        (S.UP, I.ACK_MISSED): Step(S.ENDED, ("tell_ack_missed", "end")),
        (S.UP, I.BYE): Step(S.ENDED, ("end",)),
        (S.UP, I.HANG_UP): Step(S.CLOSING, ("send_bye",)),
        (S.CLOSING, I.BYE): Step(S.ENDED, ("end",)),
        (S.CLOSING, I.BYE_ANSWERED): Step(S.ENDED, ("end",)),
        (S.CLOSING, I.EXPIRED): Step(S.ENDED, ("end",)),
        (S.CLOSING, I.ACK_MISSED): Step(S.ENDED, ("end",)),
        (S.CLOSING, I.ACKED): Step(S.CLOSING),
        (S.CLOSING, I.HANG_UP): Step(S.CLOSING),
        (S.CLOSING, I.ABANDON): Step(S.ENDED, ("end",)),
        (S.ENDED, I.HANG_UP): Step(S.ENDED),
    }
)

INVITE, CANCEL, BYE = "INVITE", "CANCEL", "BYE"
OK, TERMINATED = 200, 487

INPUT_OF_EVENT: Mapping[type, LegInput] = MappingProxyType(
    {
        ProvisionalReceived: I.PROVISIONAL,
        CancelReceived: I.CANCELED,
        AckReceived: I.ACKED,
        AckMissed: I.ACK_MISSED,
        OfferReceived: I.REOFFERED,
        OfferAsked: I.OFFER_ASKED,
        OfferAnswered: I.OFFER_ANSWERED,
        ReferReceived: I.REFERRED,
        SessionExpired: I.EXPIRED,
        ByeReceived: I.BYE,
        ByeAnswered: I.BYE_ANSWERED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnding:
    """How a leg ended; `headers` are those of the last message that the peer sent of it.

    `method` is the request that ended it and `answer` its final response; `code` is that of an INVITE of ours.
    """

    by_peer: bool
    cause: RefusalCause | None = None
    code: int | None = None
    reason: str = ""
    headers: HeaderList = ()
    method: str = ""
    answer: int | None = None


def ending_of(event: object) -> LegEnding:
    """Read from the last event who ended the leg and with what."""
    match event:
        case InviteRefused():
            return LegEnding(
                by_peer=event.cause is not RefusalCause.CANCELED,
                cause=event.cause,
                code=event.code,
                reason=event.reason,
                headers=event.headers,
                method=CANCEL if event.cause is RefusalCause.CANCELED else INVITE,
                answer=event.code,
            )
        case CancelReceived():
            return LegEnding(by_peer=True, headers=event.headers, method=CANCEL, answer=TERMINATED)
        case ByeReceived() | ByeAnswered():
            answer = event.code if isinstance(event, ByeAnswered) else OK
            is_peers = isinstance(event, ByeReceived)
            return LegEnding(by_peer=is_peers, headers=event.headers, method=BYE, answer=answer)
        case AckMissed() | SessionExpired():
            return LegEnding(by_peer=True, cause=RefusalCause.TIMEOUT, method=BYE)
        case int():
            return LegEnding(by_peer=False, method=INVITE, answer=event)  # our refusal
        case _:
            return LegEnding(by_peer=False)
