"""What a leg tells the call that owns it; satisfied by calls.call."""

from typing import Protocol

from offhook.calls.errors import CallError
from offhook.calls.events import AttemptFailed, MediaEvent, ReferReceived


class LegObserver(Protocol):
    """What a leg tells the call that owns it."""

    def leg_rang(self) -> None:
        """The callee sent a provisional response."""

    def leg_answered(self) -> None:
        """The leg is up, whoever answered."""

    def leg_ended(self) -> None:
        """The leg is over; `ending` says how, the media port is closed."""

    def leg_saw_media(self, event: MediaEvent) -> None:
        """Something of note came from the media port."""

    def leg_met(self, error: CallError) -> None:
        """Something went wrong that the call should show."""

    def leg_turned(self, direction: str, *, is_held: bool) -> None:
        """The peer sends and hears in another direction than before: it holds the call, or takes it back."""

    def leg_moved(self, call_id: str) -> None:
        """The leg goes on in another session, with another Call-ID."""

    def leg_was_referred(self, event: ReferReceived) -> None:
        """The peer asks to be replaced; accept_refer or refuse_refer has to follow."""

    def leg_missed(self, event: AttemptFailed) -> None:
        """One of the places that the INVITE was sent to came to nothing; others may follow."""

    def leg_told(self, event: str, summary: str) -> None:
        """Something for the timeline."""
