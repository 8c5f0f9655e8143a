"""What ties a call to others: whom it is joined to, whose <Dial> keeps it, and transfers that its peer asks for."""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from offhook.calls.events import ReferReceived, SessionId
from offhook.calls.leg import CallLeg
from offhook.model.ending import EndReason

TRANSFER_OVER = (200, "OK")
DECLINE = 603
NO_REFER_URL, TRANSFER_NOT_ALLOWED = 13802, 32218


class Tied(Protocol):
    """The part of calls.call.Call that is needed here."""

    @property
    def leg(self) -> CallLeg:
        """Its leg."""

    @property
    def partnership(self) -> "Partnership[Any]":
        """What ties it to others."""

    def hang_up(self, reason: EndReason) -> None:
        """End it, and why."""

    def notice(self, error_code: int, text: str, *, is_error: bool) -> None:
        """One notification."""


AnyCall = TypeVar("AnyCall", bound=Tied)


class Partnership(Generic[AnyCall]):
    """One call's ties. `partner` is the call that it is joined to, `keeper` the one whose <Dial> made it and ends it.

    `parted` is set while it is joined to nobody, `taken_away` when something else was made of it than its <Dial> meant;
    `referral` is what the peer asks for while `referred` is set; `find` knows whose session a Replaces names.
    """

    def __init__(self, call: AnyCall, find: Callable[[SessionId], AnyCall | None]) -> None:
        self._call = call
        self._find = find
        self.partner: AnyCall | None = None
        self.keeper: AnyCall | None = None
        self.parted = asyncio.Event()
        self.parted.set()
        self.taken_away = asyncio.Event()
        self.referral: ReferReceived | None = None
        self.referred = asyncio.Event()
        self._transferor: AnyCall | None = None
        self._early_referral: ReferReceived | None = None
        self._takes_referrals = False

    def join(self, partner: AnyCall, *, takes_referrals: bool) -> None:
        """The media of both are connected; whoever made room for this has done its part."""
        self.partner, self._takes_referrals = partner, takes_referrals
        self.parted.clear()
        self.referred.clear()
        early, self._early_referral = self._early_referral, None
        if early is not None:
            self._judge(early)
        transferor, self._transferor = self._transferor, None
        if transferor is not None:
            transferor.leg.notify_refer(*TRANSFER_OVER)
            transferor.hang_up(EndReason.TRANSFERRED)

    def part(self) -> None:
        """They are no more."""
        self.partner = None
        self.referred.clear()
        self.parted.set()

    def expect_relief_of(self, transferor: AnyCall) -> None:
        """Hang up `transferor` as soon as this call is joined to another."""
        self._transferor = transferor

    def still_has(self, transferor: AnyCall) -> bool:
        """Whether it was not joined to another after all; from now on it may be without consequence."""
        was_waiting, self._transferor = self._transferor is transferor, None
        return was_waiting

    def be_taken_away(self) -> None:
        """Leave the <Dial> that made it."""
        self.keeper = None
        self.taken_away.set()

    def begin_anew(self, keeper: AnyCall | None) -> None:
        """Belong to another <Dial>, or to none, and be free to be taken away from there."""
        self.keeper, self.taken_away = keeper, asyncio.Event()

    def be_asked(self, referral: ReferReceived) -> None:
        """The peer asks for a transfer: let the bridge carry it out, or refuse it."""
        if self.partner is None and self.keeper is not None:
            self._early_referral = referral  # a callee that asks before it is joined: judged when it is
        else:
            self._judge(referral)

    def _judge(self, referral: ReferReceived) -> None:
        objection = self._objection(referral)
        if objection is None:
            self.referral = referral
            self.referred.set()
            return
        self._call.notice(*objection, is_error=True)
        self._call.leg.refuse_refer(DECLINE)

    def _objection(self, referral: ReferReceived) -> tuple[int, str] | None:
        if self.partner is None:
            return TRANSFER_NOT_ALLOWED, "a transfer was refused: nobody else is on this call"
        if referral.replaces is not None:
            other = self._find(referral.replaces)
            far = other.partnership.partner if other is not None else None
            if other is None or far is None or self._call in (other, far):
                return TRANSFER_NOT_ALLOWED, "an attended transfer was refused: the other call is joined to nobody"
            return None
        if not self._takes_referrals:
            return NO_REFER_URL, "a transfer was refused: the <Dial> has no referUrl"
        return None
