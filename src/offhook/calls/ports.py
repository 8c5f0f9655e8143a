"""What calls need of the world, as Protocols; the adapters above satisfy them by shape.

Commands return at once; what comes of them arrives as events at the exchange. Nothing here may block the loop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from offhook.calls.events import HeaderList, PlaybackId, PortId, SessionId
from offhook.model.call import CallEvent, CallRecord, HttpMethod, WebhookTarget
from offhook.model.sids import AccountSid, CallSid
from offhook.model.timeline import TimelineEntry
from offhook.sip.authenticator import Checked

# --- signalling --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SipCredentials:
    """What answers a 401 or 407; the password never reaches a log or a timeline."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteOrder:
    """One INVITE to send: `target` is a SIP URI without headers and platform parameters, `headers` are checked.

    `is_secure` asks for SRTP in the offer (its TLS is the target's transport parameter); `proxy` is the SIP URI of the
    outbound proxy that it goes through, "" for none.
    """

    edge: str
    target: str
    from_user: str
    from_host: str
    from_display: str = ""
    headers: HeaderList = ()
    offer: bytes
    credentials: SipCredentials | None = None
    is_secure: bool = False
    proxy: str = ""
    max_forwards: int = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedInvite:
    """The session of an INVITE on its way, and what of it the API shows."""

    session: SessionId
    call_id: str
    from_uri: str
    to_uri: str


class Signalling(Protocol):
    """INVITE sessions on the edges; satisfied by net.sip_service and by testing."""

    def invite(self, order: InviteOrder) -> PlacedInvite:
        """Send an INVITE; events follow, InviteRefused included when the host cannot be resolved or reached.

        The order is traced under the Call-ID it returns. Raises UnknownEdge.
        """

    def cancel(self, session: SessionId, headers: HeaderList = ()) -> None:
        """Give up an INVITE without a final response; InviteRefused(CANCELED) or InviteAnswered follows."""

    def ring(self, session: SessionId, code: int = 180, answer: bytes | None = None) -> None:
        """Send a provisional response to a received INVITE."""

    def accept(self, session: SessionId, answer: bytes, headers: HeaderList = ()) -> None:
        """Answer a received INVITE with 200; AckReceived or AckMissed follows."""

    def reject(self, session: SessionId, code: int, reason: str = "", headers: HeaderList = ()) -> None:
        """Refuse a received INVITE with a final response of 300 to 699; the session is over."""

    def verify(self, session: SessionId, realm: str, passwords: Mapping[str, str]) -> Checked:
        """What the credentials of a received INVITE prove; it still waits for its answer."""

    def challenge(self, session: SessionId, realm: str, *, is_stale: bool = False) -> None:
        """Ask a received INVITE's caller for credentials (407); the session is over, its next INVITE is another."""

    def offer(self, session: SessionId, offer: bytes) -> None:
        """Send a re-INVITE with this SDP; OfferAnswered follows, or the end of the session."""

    def answer_offer(self, session: SessionId, answer: bytes) -> None:
        """Answer an OfferReceived with 200 and this SDP."""

    def refuse_offer(self, session: SessionId, code: int) -> None:
        """Refuse an OfferReceived; the session stays as it was."""

    def bye(self, session: SessionId, headers: HeaderList = ()) -> None:
        """Hang up a session that is up; ByeAnswered follows."""

    def follow_redirect(self, session: SessionId, target: str) -> None:
        """Send the INVITE of a RedirectReceived again, to this SIP URI, in the same session."""

    def refuse_redirect(self, session: SessionId) -> None:
        """Go nowhere; InviteRefused with the 3xx follows."""

    def refer(self, session: SessionId, target: str, headers: HeaderList = ()) -> None:
        """Send REFER to this URI; ReferAnswered follows, then ReferProgressed for each NOTIFY."""

    def accept_refer(self, session: SessionId) -> None:
        """Answer a ReferReceived with 202, and its first NOTIFY (100 Trying)."""

    def refuse_refer(self, session: SessionId, code: int) -> None:
        """Refuse a ReferReceived with a final response of 300 to 699."""

    def notify_refer(self, session: SessionId, code: int, reason: str) -> None:
        """Tell the sender of an accepted REFER how its call goes; a final code ends the subscription."""


# --- media -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Samples to play: 16-bit little-endian mono."""

    samples: bytes
    rate_hz: int = 8000

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / 2 / self.rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class PortStatistics:
    """What a port moved in its life."""

    packets_received: int = 0
    packets_sent: int = 0
    packets_lost: int = 0
    jitter_ms: float = 0.0
    codec: str = ""
    remote: str = ""
    srtp: str = ""  # the suite of RFC 4568, "" for RTP in the clear
    packets_unauthenticated: int = 0  # of SRTP and SRTCP: not written under the peer's key


class SrtpPolicy(Enum):
    """Whether the media of a session may be SRTP, and whether it may be anything else."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    REQUIRED = "required"


class MediaPlane(Protocol):
    """Media ports on the edges; satisfied by net.media_service and testing.plane."""

    def open(self, edge: str, *, srtp: SrtpPolicy = SrtpPolicy.ACCEPTED) -> PortId:
        """Bind an RTP and RTCP port pair on the edge's media address. Raises MediaExhausted, UnknownEdge."""

    def check_offer(self, offer: bytes, srtp: SrtpPolicy) -> None:
        """Raise OfferRefused (32207, 32208) for an offer that this policy forbids; others are judged by make_answer."""

    def make_offer(self, port: PortId, *, is_secure: bool = False) -> bytes:
        """The SDP that offers PCMU, PCMA and telephone-event from this port, as SRTP when `is_secure` (RFC 4568).

        A port whose media is SRTP already stays so, and one whose policy requires SRTP offers nothing else.
        """

    def make_answer(self, port: PortId, offer: bytes) -> bytes:
        """Negotiate an offer and return the answer; also used for re-offers, which keep SRTP once there is any.

        Raises OfferRefused.
        """

    def accept_answer(self, port: PortId, answer: bytes) -> None:
        """Apply the peer's answer to our offer, early or final, again if it changes. Raises OfferRefused."""

    def direction(self, port: PortId) -> str:
        """What the peer does as of the last agreement: sendrecv, recvonly, or on hold sendonly or inactive."""

    def connect(self, one: PortId, other: PortId) -> None:
        """Join two ports, both ways; packets, telephone-events included, are relayed natively."""

    def disconnect(self, port: PortId) -> None:
        """Part a port from whatever it is joined to; nothing happens when it stands alone."""

    def play(self, port: PortId, sound: Sound, *, loop: int = 1) -> PlaybackId:
        """Queue a sound, `loop` times (0: for ever); PlaybackFinished follows."""

    def play_digits(self, port: PortId, digits: str) -> PlaybackId:
        """Queue telephone-events for `0-9 A-D # *`, with w = 0.5 s and W = 1 s of pause; PlaybackFinished follows."""

    def play_ringback(self, port: PortId, country: str) -> PlaybackId:
        """Queue the endless ringing tone of a country (contract 1 §3.1 ringTone)."""

    def stop(self, port: PortId) -> None:
        """Drop everything queued or playing; PlaybackFinished(stopped=True) follows for each."""

    def close(self, port: PortId) -> PortStatistics:
        """Release the port; no event comes from it any more."""


# --- the customer's application ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRequest:
    """A request whose answer steers the call; `cookies` live as long as the call (one jar per CallSid)."""

    account_sid: AccountSid
    call_sid: CallSid
    target: WebhookTarget
    parameters: Mapping[str, str]
    purpose: str  # voice, fallback, action, screening, redirect, refer


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAnswer:
    """What the application answered: the URL after redirects, the media type without parameters, the body."""

    url: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """A request that only tells; sent in order for each call, never awaited by it."""

    account_sid: AccountSid
    call_sid: CallSid
    target: WebhookTarget
    parameters: Mapping[str, str]
    event: CallEvent


class Webhooks(Protocol):
    """HTTP to the customer's application; satisfied by webhook and testing.webapp."""

    async def fetch(self, request: DocumentRequest) -> DocumentAnswer:
        """Request a document within the contract's limits (1 §7.3). Raises WebhookFailed with the 11xxx code."""

    async def fetch_sound(self, call_sid: CallSid, url: str) -> Sound:
        """Fetch and decode audio for Play. Raises WebhookFailed with 11xxx or 12300."""

    def decode_sound(self, body: bytes, content_type: str) -> Sound:
        """Decode audio that came in place of a document. Raises WebhookFailed with 12300."""

    def notify(self, request: CallbackRequest) -> None:
        """Queue a status callback behind the call's earlier ones."""

    def forget(self, call_sid: CallSid) -> None:
        """The call is over: its cookies may go once its last callback is out."""


class Speech(Protocol):
    """Text to sound; satisfied by speech."""

    async def synthesize(self, text: str, voice: str, language: str) -> Sound:
        """Speak `text`. Raises SpeechFailed."""


# --- records, time, identity -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls a list shows (contract 1 §1.5); times compare with start_time and end_time."""

    to: str | None = None
    from_: str | None = None
    parent_call_sid: CallSid | None = None
    status: str | None = None
    start_after: datetime | None = None  # at or after
    start_before: datetime | None = None  # strictly before
    end_after: datetime | None = None
    end_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """One page of calls, newest first; `next_token` is None at the end."""

    records: Sequence[CallRecord]
    next_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """An error or warning on a call as the API shows it (contract 1 §8.6)."""

    sid: str
    account_sid: AccountSid
    call_sid: CallSid
    error_code: int
    log: int  # 0 error, 1 warning
    message_text: str
    message_date: datetime
    request_url: str = ""
    request_method: str = ""


class Store(Protocol):
    """Records that outlive the process; every awaitable returns once the change is durable."""

    async def create_call(self, record: CallRecord) -> None:
        """Write a new call. Raises StoreFailed."""

    def add_call(self, record: CallRecord) -> None:
        """Write a new call, without waiting."""

    def save_call(self, record: CallRecord) -> None:
        """Write a newer state of a call behind the earlier ones, without waiting."""

    async def call(self, account_sid: AccountSid, sid: CallSid) -> CallRecord | None:
        """The newest state of one call, unsaved ones included."""

    async def calls(self, account_sid: AccountSid, which: CallFilter, size: int, token: str | None) -> CallPage:
        """One page. Raises BadPageToken."""

    async def delete_call(self, account_sid: AccountSid, sid: CallSid) -> bool:
        """Remove a call and what belongs to it; False when there is none."""

    async def unfinished_calls(self) -> Sequence[CallRecord]:
        """Every call whose status is not final, for recovery at start."""

    def add_notification(self, notification: Notification) -> None:
        """Write a notification, without waiting."""

    async def notifications(self, account_sid: AccountSid, call_sid: CallSid) -> Sequence[Notification]:
        """A call's notifications, oldest first."""

    def append_timeline(self, entry: TimelineEntry) -> None:
        """Write one entry, without waiting."""

    async def timeline(self, call_sid: CallSid) -> Sequence[TimelineEntry]:
        """A call's entries in order of time, unsaved ones included."""


class Timeline(Protocol):
    """Takes what happens; satisfied by telemetry.timeline."""

    def record(self, entry: TimelineEntry) -> None:
        """One more entry; without `call_sid`, its detail names the SIP `call_id` and it waits for link()."""

    def link(self, call_id: str, call_sid: CallSid) -> None:
        """SIP messages of this Call-ID belong to this call; those that came earlier are handed over."""


class Clock(Protocol):
    """Wall-clock time; durations come from the event loop."""

    def now(self) -> datetime:
        """The present, aware, UTC."""


class Tokens(Protocol):
    """Where new identifiers come from; seeded in tests."""

    def sid(self, prefix: str) -> str:
        """A new SID: the prefix and 32 hexadecimal digits."""


# --- what runs on a call -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramStart:
    """What a call begins with: a document to fetch or one brought along, and where to turn when that fails."""

    document: WebhookTarget | None = None
    twiml: str | None = None
    fallback: WebhookTarget | None = None
    extra_parameters: Mapping[str, str] = field(default_factory=dict)
    is_screening: bool = False
    is_attempt: bool = False  # when it cannot be had, nobody is told: the call goes on as it was


__all__ = [
    "CallFilter",
    "CallPage",
    "CallbackRequest",
    "Clock",
    "DocumentAnswer",
    "DocumentRequest",
    "HttpMethod",
    "InviteOrder",
    "MediaPlane",
    "Notification",
    "PlacedInvite",
    "PortStatistics",
    "ProgramStart",
    "Signalling",
    "SipCredentials",
    "Sound",
    "Speech",
    "Store",
    "Timeline",
    "Tokens",
    "Webhooks",
]
