"""Transfers that a peer asks for while two calls are joined: blind by referUrl, attended by Replaces (RFC 5589).

Used by hunt when a bridge ends with a REFER; the leg's REFER has been judged by its call already.
"""

import asyncio
from collections.abc import Mapping

from offhook.calls.bridge import BridgeTerms, bridge
from offhook.calls.call import Call
from offhook.calls.dialer import DialOrder
from offhook.calls.events import ReferReceived
from offhook.calls.header_parameters import header_parameters
from offhook.calls.ports import ProgramStart
from offhook.calls.registry import Registry
from offhook.calls.waiting import first_of
from offhook.model.ending import EndReason
from offhook.model.timeline import Kind

OK = (200, "OK")
UNAVAILABLE = (503, "Service Unavailable")


class Transfers:
    """Carries out what REFERs ask for."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def let_go(self, referrer: Call) -> None:
        """Tell the referrer that it worked, and hang it up."""
        referrer.leg.accept_refer()
        referrer.leg.notify_refer(*OK)
        referrer.hang_up(EndReason.TRANSFERRED)

    async def attempt(self, parent: Call, child: Call, order: DialOrder, referral: ReferReceived) -> bool:
        """Run the document of referUrl on the parent while the child stays; whether the parent was joined to another.

        As answerOnBridge asks for: a transfer that comes to nothing leaves the two as they were.
        """
        child.leg.accept_refer()
        parent.partnership.expect_relief_of(child)
        start = ProgramStart(document=order.refer, extra_parameters=refer_parameters(referral), is_attempt=True)
        await self._registry.program.run(parent, start)
        if not parent.partnership.still_has(child):
            return True
        child.leg.notify_refer(*UNAVAILABLE)
        return False

    def send_on(self, child: Call, order: DialOrder, referral: ReferReceived) -> None:
        """Let the child go on alone with the document of referUrl."""
        supervision = self._registry.find(child.record.sid)
        if supervision is not None:
            supervision.redirect(ProgramStart(document=order.refer, extra_parameters=refer_parameters(referral)))

    async def replace(self, survivor: Call, referral: ReferReceived) -> Call | None:
        """Take the far end of the replaced call away from it, for `survivor` to be joined to; None when it is gone."""
        other = self._other(survivor, referral)
        far = other.partnership.partner if other is not None else None
        if other is None or far is None:
            return None
        supervision = self._registry.find(far.record.sid)
        other.hang_up(EndReason.TRANSFERRED)
        if far.partnership.keeper is other or supervision is None:
            far.partnership.be_taken_away()
        else:
            supervision.hand_over(far.leg.ended.wait)
        far.partnership.begin_anew(survivor)
        try:
            await far.partnership.parted.wait()
        except asyncio.CancelledError:
            far.hang_up(EndReason.TRANSFERRED)
            raise
        for call, partner in ((survivor, far), (far, survivor)):
            call.trace(Kind.LEG, f"transferred: joined to {partner.sid}", event="transferred", partner=partner.sid)
        return None if far.is_over else far

    def converse(self, one: Call, other: Call, terms: BridgeTerms) -> None:
        """Join two calls that no document holds together; they end together, unless REST takes one of them away."""

        async def join() -> None:
            try:
                await one.partnership.parted.wait()
                await bridge(one, other, terms)
            finally:
                _end(other)
                _end(one)

        async def accompany() -> None:
            await first_of(one.leg.ended.wait(), one.partnership.taken_away.wait())
            _end(other)

        for call, steer in ((one, join), (other, accompany)):
            supervision = self._registry.find(call.record.sid)
            if supervision is not None:
                supervision.hand_over(steer)
            call.partnership.begin_anew(None)

    def _other(self, survivor: Call, referral: ReferReceived) -> Call | None:
        return survivor.call_of(referral.replaces) if referral.replaces is not None else None


def refer_parameters(referral: ReferReceived) -> Mapping[str, str]:
    """What the request to referUrl tells on top of the standard parameters."""
    return {
        "ReferTransferTarget": referral.target,
        **header_parameters(referral.headers, "SipHeader_", with_uui=True),
    }


def _end(call: Call) -> None:
    if not call.partnership.taken_away.is_set():
        call.hang_up(EndReason.DIAL_ENDED)
