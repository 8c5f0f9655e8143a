"""The INVITE session's states and table: the INVITE usage of a dialog (RFC 3261 §13-§15, RFC 3262, RFC 4028)."""

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType

from offhook.base.machine import Step


class SessionState(Enum):
    """CALLING to CANCELING are the caller's states, OFFERED to BYE_WAITING the callee's, the rest both have."""

    CALLING = auto()
    PROCEEDING = auto()
    REDIRECTED = auto()
    CANCEL_WAITING = auto()
    CANCELING = auto()
    OFFERED = auto()
    ACCEPTED = auto()
    BYE_WAITING = auto()
    CONFIRMED = auto()
    CLOSING = auto()
    ENDED = auto()

    __hash__ = object.__hash__  # that of Enum is Python code, and the table is read for every message


class SessionInput(Enum):
    """Commands first, then the peer's messages and the passing of time."""

    RING = auto()
    RING_RELIABLY = auto()
    ACCEPT = auto()
    REJECT = auto()
    CANCEL = auto()
    BYE = auto()
    FOLLOW = auto()
    GIVE_UP = auto()
    INVITE_LEFT = auto()  # an INVITE goes out again: to another hop, or with an answer to a challenge
    PROVISIONAL = auto()
    SUCCESS = auto()
    FORKED_SUCCESS = auto()
    REDIRECT = auto()
    FAILURE = auto()
    NO_ANSWER = auto()
    CANCEL_RECEIVED = auto()
    PRACK_RECEIVED = auto()
    PRACK_MISSED = auto()
    ACK_RECEIVED = auto()
    ACK_MISSED = auto()
    BYE_RECEIVED = auto()
    BYE_DONE = auto()
    RESEND_DUE = auto()
    RING_DUE = auto()
    RELIABLE_DUE = auto()
    INVITE_EXPIRED = auto()
    REFRESH_DUE = auto()
    OFFER_DUE = auto()
    SESSION_EXPIRED = auto()
    CANCEL_EXPIRED = auto()
    TRANSACTION_LOST = auto()

    __hash__ = object.__hash__  # likewise


class SessionTimer(Enum):
    """A session's own deadlines."""

    RESEND = auto()  # a 2xx again until its ACK (§13.3.1.4)
    ACK = auto()  # 64*T1 without an ACK
    RING = auto()  # a provisional response again each minute, lest a proxy cancels (§13.3.1.1)
    CANCEL = auto()  # 64*T1 after a CANCEL without a final response (§9.1)
    RELIABLE = auto()  # a reliable provisional response again until its PRACK (RFC 3262 §3)
    PRACK = auto()  # 64*T1 without that PRACK
    INVITE = auto()  # the Expires of an INVITE (§13.3.1)
    REFRESH = auto()  # half of the session interval has passed (RFC 4028 §10)
    OFFER = auto()  # our re-INVITE again after a glare (§14.1)
    EXPIRY = auto()  # the session interval has passed without a refresh

    __hash__ = object.__hash__  # likewise


S, I = SessionState, SessionInput  # noqa: E741  # the table reads better with one letter

COMMANDS = frozenset({I.RING, I.RING_RELIABLY, I.ACCEPT, I.REJECT})

TABLE: Mapping[tuple[SessionState, SessionInput], Step[SessionState]] = MappingProxyType(
    {
        # the caller's way (§13.2, §9.1)
        (S.CALLING, I.INVITE_LEFT): Step(S.CALLING),
        (S.CALLING, I.PROVISIONAL): Step(S.PROCEEDING, ("tell_provisional",)),
        (S.CALLING, I.SUCCESS): Step(S.CONFIRMED, ("confirm", "keep_alive", "tell_answered")),
        (S.CALLING, I.REDIRECT): Step(S.REDIRECTED, ("tell_redirect",)),
        (S.CALLING, I.FAILURE): Step(S.ENDED, ("end", "tell_refused")),
        (S.CALLING, I.NO_ANSWER): Step(S.ENDED, ("end", "tell_unanswered")),
        (S.CALLING, I.CANCEL): Step(S.CANCEL_WAITING, ("expect_end",)),
        (S.PROCEEDING, I.INVITE_LEFT): Step(S.CALLING),
        (S.PROCEEDING, I.PROVISIONAL): Step(S.PROCEEDING, ("tell_provisional",)),
        (S.PROCEEDING, I.SUCCESS): Step(S.CONFIRMED, ("confirm", "keep_alive", "tell_answered")),
        (S.PROCEEDING, I.REDIRECT): Step(S.REDIRECTED, ("tell_redirect",)),
        (S.PROCEEDING, I.FAILURE): Step(S.ENDED, ("end", "tell_refused")),
        (S.PROCEEDING, I.NO_ANSWER): Step(S.ENDED, ("end", "tell_unanswered")),
        (S.PROCEEDING, I.CANCEL): Step(S.CANCELING, ("send_cancel", "expect_end")),
        (S.REDIRECTED, I.FOLLOW): Step(S.CALLING),
        (S.REDIRECTED, I.GIVE_UP): Step(S.ENDED, ("end", "tell_refused")),
        (S.REDIRECTED, I.CANCEL): Step(S.ENDED, ("end", "tell_canceled")),
        (S.CANCEL_WAITING, I.PROVISIONAL): Step(S.CANCELING, ("send_cancel", "expect_end")),
        (S.CANCEL_WAITING, I.SUCCESS): Step(S.CONFIRMED, ("stop_timers", "confirm", "keep_alive", "tell_answered")),
        (S.CANCEL_WAITING, I.FAILURE): Step(S.ENDED, ("end", "tell_canceled")),
        (S.CANCEL_WAITING, I.NO_ANSWER): Step(S.ENDED, ("end", "tell_canceled")),
        (S.CANCEL_WAITING, I.CANCEL_EXPIRED): Step(S.ENDED, ("end", "tell_canceled")),
        (S.CANCELING, I.PROVISIONAL): Step(S.CANCELING),
        (S.CANCELING, I.SUCCESS): Step(S.CONFIRMED, ("stop_timers", "confirm", "keep_alive", "tell_answered")),
        (S.CANCELING, I.FAILURE): Step(S.ENDED, ("end", "tell_canceled")),
        (S.CANCELING, I.NO_ANSWER): Step(S.ENDED, ("end", "tell_canceled")),
        (S.CANCELING, I.CANCEL_EXPIRED): Step(S.ENDED, ("end", "tell_canceled")),
        (S.CONFIRMED, I.SUCCESS): Step(S.CONFIRMED, ("ack_again",)),
        (S.CONFIRMED, I.FORKED_SUCCESS): Step(S.CONFIRMED, ("release_fork",)),
        (S.CLOSING, I.SUCCESS): Step(S.CLOSING, ("ack_again",)),
        (S.CLOSING, I.FORKED_SUCCESS): Step(S.CLOSING, ("release_fork",)),
        (S.ENDED, I.SUCCESS): Step(S.ENDED, ("ack_again",)),
        (S.ENDED, I.FORKED_SUCCESS): Step(S.ENDED, ("release_fork",)),
        # the callee's way (§13.3, §15.1.2)
        (S.OFFERED, I.RING): Step(S.OFFERED, ("send_provisional",)),
        (S.OFFERED, I.RING_RELIABLY): Step(S.OFFERED, ("send_reliably",)),
        (S.OFFERED, I.RING_DUE): Step(S.OFFERED, ("resend_provisional",)),
        (S.OFFERED, I.RELIABLE_DUE): Step(S.OFFERED, ("resend_reliable",)),
        (S.OFFERED, I.PRACK_RECEIVED): Step(S.OFFERED, ("confirm_reliable",)),
        (S.OFFERED, I.PRACK_MISSED): Step(S.ENDED, ("end", "refuse_unconfirmed", "tell_lost")),
        (S.OFFERED, I.INVITE_EXPIRED): Step(S.ENDED, ("end", "refuse_canceled", "tell_lost")),
        (S.OFFERED, I.ACCEPT): Step(S.ACCEPTED, ("stop_timers", "send_success", "resend_until_ack", "keep_alive")),
        (S.OFFERED, I.REJECT): Step(S.ENDED, ("end", "send_failure")),
        (S.OFFERED, I.CANCEL_RECEIVED): Step(S.ENDED, ("end", "refuse_canceled", "tell_cancel")),
        (S.OFFERED, I.BYE_RECEIVED): Step(S.ENDED, ("end", "refuse_canceled", "tell_bye")),
        (S.OFFERED, I.TRANSACTION_LOST): Step(S.ENDED, ("end", "tell_cancel")),
        (S.ACCEPTED, I.RESEND_DUE): Step(S.ACCEPTED, ("resend_success",)),
        (S.ACCEPTED, I.ACK_RECEIVED): Step(S.CONFIRMED, ("stop_resending", "tell_ack")),
        (S.ACCEPTED, I.ACK_MISSED): Step(S.CLOSING, ("stop_timers", "send_bye", "tell_ack_missed")),
        (S.ACCEPTED, I.BYE): Step(S.BYE_WAITING),  # §15: not before the ACK
        (S.ACCEPTED, I.BYE_RECEIVED): Step(S.ENDED, ("end", "tell_bye")),
        (S.BYE_WAITING, I.RESEND_DUE): Step(S.BYE_WAITING, ("resend_success",)),
        (S.BYE_WAITING, I.ACK_RECEIVED): Step(S.CLOSING, ("stop_timers", "send_bye")),
        (S.BYE_WAITING, I.ACK_MISSED): Step(S.CLOSING, ("stop_timers", "send_bye")),
        (S.BYE_WAITING, I.BYE_RECEIVED): Step(S.ENDED, ("end", "tell_bye")),
        # up and down, either way
        (S.CONFIRMED, I.ACK_RECEIVED): Step(S.CONFIRMED, ("settle_offer",)),
        (S.CONFIRMED, I.RESEND_DUE): Step(S.CONFIRMED, ("resend_success",)),
        (S.CONFIRMED, I.ACK_MISSED): Step(S.CLOSING, ("stop_timers", "send_bye", "tell_ack_missed")),
        (S.CONFIRMED, I.REFRESH_DUE): Step(S.CONFIRMED, ("refresh",)),
        (S.CONFIRMED, I.OFFER_DUE): Step(S.CONFIRMED, ("offer_again",)),
        (S.CONFIRMED, I.SESSION_EXPIRED): Step(S.CLOSING, ("stop_timers", "blame_expiry", "send_bye", "tell_expired")),
        (S.CONFIRMED, I.BYE): Step(S.CLOSING, ("stop_timers", "send_bye")),
        (S.CONFIRMED, I.BYE_RECEIVED): Step(S.ENDED, ("end", "tell_bye")),
        (S.CLOSING, I.BYE_RECEIVED): Step(S.CLOSING),  # both hung up: the answer to ours is still to come
        (S.CLOSING, I.BYE_DONE): Step(S.ENDED, ("end", "tell_bye_answered")),
    }
)

INPUT_OF_TIMER = MappingProxyType(
    {
        SessionTimer.RESEND: I.RESEND_DUE,
        SessionTimer.ACK: I.ACK_MISSED,
        SessionTimer.RING: I.RING_DUE,
        SessionTimer.CANCEL: I.CANCEL_EXPIRED,
        SessionTimer.RELIABLE: I.RELIABLE_DUE,
        SessionTimer.PRACK: I.PRACK_MISSED,
        SessionTimer.INVITE: I.INVITE_EXPIRED,
        SessionTimer.REFRESH: I.REFRESH_DUE,
        SessionTimer.OFFER: I.OFFER_DUE,
        SessionTimer.EXPIRY: I.SESSION_EXPIRED,
    }
)
