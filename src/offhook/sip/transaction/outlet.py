"""What a transaction needs of the layer that holds it."""

from enum import Enum
from typing import Any, Protocol

from offhook.sip.hop import Hop
from offhook.sip.message import Request, Response
from offhook.sip.timers import Timer, TimerValues


class Outlet(Protocol):
    """Takes transmissions, deadlines and news; satisfied by the layer and by tests."""

    timers: TimerValues

    def send(self, data: bytes, hop: Hop, call_id: str, start_line: str) -> None:
        """Queue bytes for a hop."""

    def set_timer(self, transaction: Any, timer: Timer, at: float) -> None:
        """Let this timer of this transaction fire at `at`."""

    def clear_timer(self, transaction: Any, timer: Timer) -> None:
        """Forget this timer."""

    def respond_up(self, transaction: Any, response: Response) -> None:
        """A response for the transaction user."""

    def fail_up(self, transaction: Any, *, timed_out: bool) -> None:
        """The transaction came to nothing: no answer in time, or the transport failed."""

    def ack_up(self, transaction: Any, request: Request) -> None:
        """An ACK with the branch of an accepted INVITE: a peer that does not make a new branch for it."""

    def note_ignored(self, transaction: Any, input_: Enum) -> None:
        """A message or timer came that the transaction's state has no row for."""

    def remove(self, transaction: Any) -> None:
        """The transaction has ended."""
