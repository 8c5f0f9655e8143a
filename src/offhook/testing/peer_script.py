"""What the scripted peers of testing.signalling are told to do, and a session of theirs as a test sees it."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum

from offhook.calls.events import HeaderList, RefusalCause, SessionId
from offhook.calls.ports import InviteOrder
from offhook.media.negotiation import Negotiation

OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How a called peer behaves; times in seconds, None is never. `answer_after` is also when it refuses.

    `drops_srtp` lets it answer an offer of SRTP with RTP, which it must not.
    `media_after` is when it sends 183 with its SDP. With `redirect_to` its refusal has these Contacts, best first.
    `refer_answer` answers our REFER (None: nobody does); each of `refer_progress` is (seconds, code) of a NOTIFY.
    """

    ring_after: float | None = 0.1
    media_after: float | None = None
    answer_after: float | None = 1.0
    refuse_with: int | None = None
    cause: RefusalCause = RefusalCause.RESPONSE
    redirect_to: tuple[str, ...] = ()
    headers: HeaderList = ()  # of its final response
    talk: float | None = None  # then it sends BYE
    bye_headers: HeaderList = ()  # of its BYE, and of its 200 to ours
    answers_bye: bool = True
    drops_srtp: bool = False
    refer_answer: int | None = 202
    refer_progress: tuple[tuple[float, int], ...] = ((0.1, 100), (1.0, OK))


class SessionState(Enum):
    """Where a session stands; a redirected one waits for follow_redirect or refuse_redirect."""

    CALLING = "calling"
    REDIRECTED = "redirected"
    CALLED = "called"
    UP = "up"
    LEAVING = "leaving"
    OVER = "over"


@dataclass(slots=True, kw_only=True)
class FakeSession:
    """One INVITE session as a test sees it; `early` is the SDP that its caller got before the answer.

    `told` are the headers of our refusal, `said` those of its INVITE.
    """

    session: SessionId
    script: Script
    sdp: Negotiation
    state: SessionState
    order: InviteOrder | None = None
    target: str = ""
    early: bytes | None = None
    answer: bytes | None = None
    told: HeaderList = ()
    said: HeaderList = ()
    is_confirmed: bool = False  # its ACK has passed
    awaits_refer: bool = False  # its REFER has no answer yet
    is_referring: bool = False  # it told us to follow its NOTIFYs, or we it
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
