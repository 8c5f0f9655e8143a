"""What the parts of an INVITE session share: its dialog, its invitation, and the stack they all use."""

from typing import Any, Protocol

from offhook.base.machine import Machine
from offhook.sip.departures import Departure, Departures
from offhook.sip.dialog import Dialog
from offhook.sip.events import Event
from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.session.machine import SessionInput, SessionState, SessionTimer
from offhook.sip.settings import EndpointSettings
from offhook.sip.trace import TraceEntry
from offhook.sip.transaction.server import ServerTransaction


class Stack(Protocol):
    """What a session needs of its endpoint."""

    settings: EndpointSettings
    departures: Departures

    def token(self) -> str:
        """New random text for tags and the like."""

    def tell(self, event: Event) -> None:
        """Queue news for the user."""

    def note(self, entry: TraceEntry) -> None:
        """A remark for the trace."""

    def set_deadline(self, session: Any, timer: SessionTimer, at: float) -> None:
        """Wake this session at `at`."""

    def clear_deadline(self, session: Any, timer: SessionTimer) -> None:
        """Do not wake it."""

    def forget(self, session: Any) -> None:
        """The session is over: no request finds it any more."""


class SessionFrame(Machine[SessionState, SessionInput, Any]):
    """The attributes of a session; its parts add the actions."""

    def __init__(self, state: SessionState, stack: Stack, number: int, call_id: str, local_tag: str) -> None:
        super().__init__(state)
        self.stack = stack
        self.number = number
        self.call_id = call_id
        self.local_tag = local_tag
        self.dialog: Dialog | None = None
        # the caller's
        self.invite: Request | None = None
        self.departure: Departure | None = None
        self.sent_invite: tuple[Request, Hop] | None = None
        self.challenges_met = 0
        self.ack: tuple[Request, Hop] | None = None
        # the callee's
        self.offered: ServerTransaction | None = None
        self.reoffered: ServerTransaction | None = None
        self.success: Response | None = None
        self.resend_interval = 0.0

    def ignored(self, input_: SessionInput, _subject: Any, _now: float) -> None:
        """An input without a row is remarked upon."""
        self.stack.note(TraceEntry("ignored", f"{input_.name} while {self.state.name}", self.call_id))

    # --- actions that all parts use -------------------------------------------------------------------------------

    def stop_timers(self, _subject: Any, _now: float) -> None:
        """No deadline of this session is left."""
        for timer in SessionTimer:
            self.stack.clear_deadline(self, timer)

    def end(self, _subject: Any, now: float) -> None:
        """The session is over: its deadlines go, and nothing new finds it."""
        self.stop_timers(None, now)
        if self.departure is not None:
            self.stack.departures.withdraw(self.departure)
        self.stack.forget(self)
