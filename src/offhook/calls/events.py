"""What happens to legs, told to the exchange by the signalling and media adapters; frozen values, past participle.

A `session` is one INVITE session at the signalling adapter, a `port` one leg's media at the media plane. Bodies of SDP
are bytes that only the media plane reads.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NewType

SessionId = NewType("SessionId", int)
PortId = NewType("PortId", int)
PlaybackId = NewType("PlaybackId", int)
TapId = NewType("TapId", int)
MixId = NewType("MixId", int)

HeaderList = tuple[tuple[str, str], ...]


class RefusalCause(Enum):
    """Why an INVITE of ours came to nothing."""

    RESPONSE = "response"  # the peer sent a final response
    TIMEOUT = "timeout"  # nothing came (timer B); code is 408
    TRANSPORT = "transport"  # the wire refused; code is 503
    UNRESOLVED = "unresolved"  # the host has no address; code is 503, nothing was sent
    PRIVATE = "private"  # its addresses are of private networks, where the call may not go; likewise
    CANCELED = "canceled"  # we gave up; code is 487


# --- INVITE sessions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteReceived:
    """A peer calls. 100 has been sent; the exchange answers with ring, accept or reject.

    `replaces` is the session that the caller wants to take the place of (RFC 3891), one of ours and answered.
    """

    session: SessionId
    call_id: str
    request_uri: str
    from_uri: str
    from_display: str
    to_uri: str
    headers: HeaderList
    offer: bytes | None
    edge: str
    transport: str
    source_host: str
    source_port: int
    replaces: SessionId | None = None
    max_forwards: int = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReceived:
    """The peer gave up before our final response; 487 has been sent and the session is over."""

    session: SessionId
    headers: HeaderList


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionalReceived:
    """A 101-199 to our INVITE (100 is not passed up); `answer` is its SDP, early media when there is one."""

    session: SessionId
    code: int
    reason: str
    headers: HeaderList
    answer: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteAnswered:
    """The first 2xx to our INVITE; its ACK has been sent. The session is up."""

    session: SessionId
    code: int
    reason: str
    headers: HeaderList
    answer: bytes | None
    source_host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteRefused:
    """Our INVITE came to nothing; the session is over."""

    session: SessionId
    cause: RefusalCause
    code: int
    reason: str
    headers: HeaderList


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed:
    """One of the places that our INVITE was sent to came to nothing; others may follow.

    `place` is transport, address and port as people write them: `udp 192.0.2.1:5060`. `reason` is that of the response,
    or says why the place was not reached. A host without an address is one attempt without a place.
    """

    session: SessionId
    place: str
    cause: RefusalCause
    code: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectReceived:
    """A 3xx to our INVITE awaits follow_redirect or refuse_redirect; `targets` are its Contact URIs, best first."""

    session: SessionId
    code: int
    reason: str
    headers: HeaderList
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AckReceived:
    """The peer confirmed our 2xx; `answer` is its SDP when our 2xx carried the offer."""

    session: SessionId
    answer: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AckMissed:
    """No ACK for our 2xx within 64*T1; a BYE has been sent."""

    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferReceived:
    """A re-INVITE or UPDATE from the peer awaits answer_offer or refuse_offer; None means that it asks us to offer."""

    session: SessionId
    offer: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAsked:
    """The session has to be refreshed by a re-INVITE, which needs an offer: Signalling.offer (RFC 4028 §7.4)."""

    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnswered:
    """The final response to our re-INVITE; `answer` is None when it was refused, and nothing has changed then."""

    session: SessionId
    code: int
    answer: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoReceived:
    """An INFO within the session, already answered with 200."""

    session: SessionId
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferReceived:
    """The peer asks us to call somebody in its place (RFC 3515); it awaits accept_refer or refuse_refer.

    `target` is the Refer-To URI, its embedded headers included; `replaces` the session of ours that an embedded
    Replaces header names (attended transfer), None when there is no such header or no such session.
    """

    session: SessionId
    target: str
    referred_by: str
    headers: HeaderList
    replaces: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferAnswered:
    """The final response to our REFER; 408 when none came."""

    session: SessionId
    code: int
    reason: str
    headers: HeaderList


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferProgressed:
    """What a NOTIFY tells about our REFER: the status line of its sipfrag; none follow after the final one."""

    session: SessionId
    code: int
    reason: str
    is_final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionExpired:
    """The peer did not refresh the session in time (RFC 4028 §10), or our refresh failed; BYE has been sent."""

    session: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class ByeReceived:
    """The peer hung up; its BYE has been answered and the session is over."""

    session: SessionId
    headers: HeaderList


@dataclass(frozen=True, slots=True, kw_only=True)
class ByeAnswered:
    """Our BYE is done: with the peer's final response, or with 408 when none came. The session is over."""

    session: SessionId
    code: int
    headers: HeaderList


SignallingEvent = (
    InviteReceived
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

# --- media ports -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitPressed:
    """One key, reported once however many packets carried it."""

    port: PortId
    digit: str
    source: str  # rfc4733, info, inband
    duration: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackFinished:
    """What was given to play has left the port, or was stopped."""

    port: PortId
    playback: PlaybackId
    stopped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaBegun:
    """The first packet came from this address (latching may have moved the remote end there)."""

    port: PortId
    remote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSilenced:
    """No packet came for `silence` seconds although the peer may send."""

    port: PortId
    silence: float


MediaEvent = DigitPressed | PlaybackFinished | MediaBegun | MediaSilenced
