"""Everything the stack can tell its user; drained by the pump with Endpoint.next_event.

A session is an int that the endpoint gives to each INVITE session; bodies are the messages' own.
"""

from dataclasses import dataclass
from enum import Enum

from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request, Response


class RefusalCause(Enum):
    """Why an INVITE of ours came to nothing."""

    RESPONSE = "response"
    TIMEOUT = "timeout"
    TRANSPORT = "transport"
    UNRESOLVED = "unresolved"
    PRIVATE = "private"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class NextHopAsked:
    """A host name waits for its addresses (RFC 3263): answer with Endpoint.answer_next_hop."""

    question: int
    host: str
    port: int | None
    transport: Transport | None
    call_id: str


@dataclass(frozen=True, slots=True)
class InviteReceived:
    """A new INVITE; 100 has been sent. `replaces` is the session that it wants to take the place of (RFC 3891)."""

    session: int
    request: Request
    source: Hop
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class CancelReceived:
    """The peer gave up; 487 has been sent and the session is over."""

    session: int
    request: Request


@dataclass(frozen=True, slots=True)
class ProvisionalReceived:
    """101 to 199 to our INVITE."""

    session: int
    response: Response


@dataclass(frozen=True, slots=True)
class InviteAnswered:
    """The first 2xx to our INVITE; its ACK has been sent."""

    session: int
    response: Response
    source: Hop


@dataclass(frozen=True, slots=True)
class InviteRefused:
    """Our INVITE came to nothing; `response` is None when none came."""

    session: int
    cause: RefusalCause
    code: int
    reason: str
    response: Response | None


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """One hop of our INVITE came to nothing; `response` is None when none came. Others may follow.

    `reason` says why it was not reached, when that is known.
    """

    session: int
    hop: Hop
    cause: RefusalCause
    response: Response | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RedirectReceived:
    """A 3xx to our INVITE awaits follow_redirect or refuse_redirect; `targets` are its Contacts, best first.

    There are none when it has no Contact that can be read.
    """

    session: int
    response: Response
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AckReceived:
    """The peer confirmed our 2xx."""

    session: int
    request: Request


@dataclass(frozen=True, slots=True)
class AckMissed:
    """No ACK for our 2xx in 64*T1; BYE has been sent."""

    session: int


@dataclass(frozen=True, slots=True)
class OfferReceived:
    """A re-INVITE or UPDATE awaits answer_offer or refuse_offer."""

    session: int
    request: Request


@dataclass(frozen=True, slots=True)
class OfferAsked:
    """The session has to be refreshed by a re-INVITE, which needs an offer: Endpoint.offer."""

    session: int


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    """The final response to our re-INVITE; a refusal leaves the session as it was."""

    session: int
    response: Response


@dataclass(frozen=True, slots=True)
class InfoReceived:
    """An INFO, answered with 200."""

    session: int
    request: Request


@dataclass(frozen=True, slots=True)
class ReferReceived:
    """A REFER awaits accept_refer or refuse_refer (RFC 3515)."""

    session: int
    request: Request


@dataclass(frozen=True, slots=True)
class ReferAnswered:
    """The final response to our REFER; None when none came."""

    session: int
    response: Response | None


@dataclass(frozen=True, slots=True)
class ReferProgressed:
    """A NOTIFY of our REFER: the status line of its sipfrag; no more follow after the final one."""

    session: int
    code: int
    reason: str
    is_final: bool


@dataclass(frozen=True, slots=True)
class SessionExpired:
    """The peer did not refresh the session in time (RFC 4028 §10), or our refresh failed; BYE has been sent."""

    session: int


@dataclass(frozen=True, slots=True)
class ByeReceived:
    """The peer hung up; its BYE has been answered."""

    session: int
    request: Request


@dataclass(frozen=True, slots=True)
class ByeAnswered:
    """Our BYE is done; `response` is None when none came."""

    session: int
    response: Response | None


Event = (
    NextHopAsked
    | InviteReceived
    | AttemptFailed
    | RedirectReceived
    | CancelReceived
    | ProvisionalReceived
    | InviteAnswered
    | InviteRefused
    | AckReceived
    | AckMissed
    | OfferReceived
    | OfferAsked
    | OfferAnswered
    | InfoReceived
    | ReferReceived
    | ReferAnswered
    | ReferProgressed
    | SessionExpired
    | ByeReceived
    | ByeAnswered
)
