"""What the parts of an INVITE session share: its dialog, its invitation, and the stack they all use."""

from dataclasses import dataclass
from typing import Any, Protocol

from offhook.base.machine import Machine
from offhook.sip.departures import Departure, Departures
from offhook.sip.dialog import Dialog
from offhook.sip.events import Event
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.session.machine import SessionInput, SessionState, SessionTimer
from offhook.sip.session.messages import NO_PROOF, Fields, OutgoingInvite, Proof, Reply
from offhook.sip.settings import EndpointSettings
from offhook.sip.trace import Trace, TraceEntry
from offhook.sip.transaction.server import ServerTransaction


@dataclass(slots=True)
class EarlyDialog:
    """One branch of our INVITE before its final response; `rseq` is that of its last reliable response (RFC 3262).

    `has_answer` once a reliable response answered our offer: from then on the callee may make one (RFC 3311 §5.2).
    """

    dialog: Dialog
    rseq: int
    has_answer: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """The session interval that both sides agreed on, in seconds, and whether we are the refresher (RFC 4028)."""

    seconds: int
    is_ours: bool


class Stack(Protocol):
    """What a session needs of its endpoint."""

    settings: EndpointSettings
    departures: Departures
    note: Trace

    def token(self) -> str:
        """New random text for tags and the like."""

    def tell(self, event: Event) -> None:
        """Queue news for the user."""

    def set_deadline(self, session: Any, timer: SessionTimer, at: float) -> None:
        """Wake this session at `at`."""

    def clear_deadline(self, session: Any, timer: SessionTimer) -> None:
        """Do not wake it."""

    def forget(self, session: Any) -> None:
        """The session is over: no request finds it any more."""

    def meet(self, session: Any, peer: Hop, *, is_ours: bool) -> None:
        """A session's INVITE went to this peer (`is_ours`), or came from it."""


class SessionFrame(Machine[SessionState, SessionInput, Any]):
    """The attributes of a session; its parts add the actions."""

    __slots__ = (
        "ack", "answered_early", "bye_headers", "call_id", "cancel_headers", "departure", "dialog", "early",
        "early_tags", "forks", "held_answer", "interval", "invite", "least_interval", "local_tag", "number",
        "offered", "offering", "order", "peer_updates", "proof", "redirect", "referral", "referrals", "referred",
        "referring", "reliable", "reoffered", "resend_interval", "rseq", "rung", "sent_invite", "stack", "success",
        "timers", "waiting_rings",
    )  # fmt: skip

    def __init__(self, state: SessionState, stack: Stack, number: int, call_id: str, local_tag: str) -> None:
        super().__init__(state)
        self.stack = stack
        self.number = number
        self.call_id = call_id
        self.local_tag = local_tag
        self.timers: set[SessionTimer] = set()  # that the stack has set
        self.dialog: Dialog | None = None
        self.bye_headers: Fields = ()
        # the caller's
        self.order: OutgoingInvite | None = None
        self.invite: Request | None = None
        self.departure: Departure | None = None
        self.sent_invite: tuple[Request, Hop] | None = None
        self.proof: Proof = NO_PROOF
        self.cancel_headers: Fields = ()
        self.early_tags: set[str] = set()
        self.ack: tuple[Request, Hop] | None = None
        self.forks: set[str] = set()
        self.early: dict[str, EarlyDialog] = {}
        self.redirect: Any = None  # the 3xx that awaits its order
        # the callee's
        self.offered: ServerTransaction | None = None
        self.reoffered: ServerTransaction | None = None
        self.rung: Reply | None = None
        self.success: Response | None = None
        self.resend_interval = 0.0
        self.rseq = 0
        self.reliable: Response | None = None  # awaits its PRACK
        self.waiting_rings: list[Reply] = []
        self.held_answer: Reply | None = None
        self.answered_early = False  # by SDP that a PRACK confirmed
        # either's, once it is up
        self.interval: Interval | None = None
        self.least_interval = 0  # what a 422 asked for, in seconds
        self.peer_updates = False  # whether the peer takes UPDATE
        self.offering: Any = None  # our re-INVITE
        self.referral: ServerTransaction | None = None  # a REFER that awaits our answer
        self.referrals = 0
        self.referred: str | None = None  # the Event of the REFER that we tell the course of
        self.referring = False  # a REFER of ours is on its way or being told of

    def dialog_of(self, tag: str) -> Dialog | None:
        """The dialog with the peer of this tag, early or not."""
        if self.dialog is not None:
            return self.dialog if self.dialog.remote_tag == tag else None
        early = self.early.get(tag)
        return None if early is None else early.dialog

    def changed(self, old: SessionState, input_: SessionInput, _now: float) -> None:
        """Each step is remarked upon."""
        if old is not self.state:
            text = f"session {self.number} {input_.name}: {old.name} to {self.state.name}"
            self.stack.note(TraceEntry("state", text, self.call_id))

    def ignored(self, input_: SessionInput, _subject: Any, _now: float) -> None:
        """An input without a row is remarked upon."""
        self.stack.note(TraceEntry("ignored", f"{input_.name} while {self.state.name}", self.call_id))

    def drop_offer(self, now: float) -> None:
        """An offer that nobody will answer any more is refused with 487 (§15.1.2)."""
        raise NotImplementedError

    def drop_referral(self, now: float) -> None:
        """Likewise a REFER."""
        raise NotImplementedError

    # --- actions that all parts use -------------------------------------------------------------------------------

    def stop_timers(self, _subject: Any, _now: float) -> None:
        """No deadline of this session is left."""
        for timer in tuple(self.timers):
            self.stack.clear_deadline(self, timer)

    def stop_resending(self, _subject: Any, _now: float) -> None:
        """The ACK is there."""
        self.stack.clear_deadline(self, SessionTimer.RESEND)
        self.stack.clear_deadline(self, SessionTimer.ACK)

    def end(self, _subject: Any, now: float) -> None:
        """The session is over: its deadlines and open transactions go, and nothing new finds it."""
        self.stop_timers(None, now)
        if self.departure is not None:
            self.stack.departures.abandon(self.departure, now)
        if self.offering is not None:
            self.offering.abandon(now)
        self.drop_offer(now)
        self.drop_referral(now)
        self.stack.forget(self)
