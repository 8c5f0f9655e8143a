"""Two calls joined until one ends, or one asks to be replaced."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import Enum
from typing import Any

from offhook.calls.call import Call
from offhook.calls.waiting import first_of


class BridgeEnd(Enum):
    """Why a bridge came apart, in the order in which reasons that coincide count."""

    CHILD_ENDED = "child ended"
    CHILD_TAKEN_AWAY = "child was redirected"
    PARENT_ENDED = "parent ended"
    STAR_PRESSED = "caller pressed *"
    PARENT_REFERRED = "parent asked for a transfer"
    CHILD_REFERRED = "child asked for a transfer"
    TIME_LIMIT = "time limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeTerms:
    """What ends a bridge besides its two calls: `deadline` is the loop's time."""

    deadline: float
    hangup_on_star: bool = False
    takes_referrals: bool = False


async def bridge(parent: Call, child: Call, terms: BridgeTerms) -> BridgeEnd:
    """Join the two ports and wait for the first reason to part; a redirect of the parent cancels this."""
    media, one, other = parent.world.media, parent.leg.port, child.leg.port
    if one is None or other is None:
        return BridgeEnd.CHILD_ENDED
    media.connect(one, other)
    parent.partnership.join(child, takes_referrals=terms.takes_referrals)
    child.partnership.join(parent, takes_referrals=terms.takes_referrals)
    waits: dict[BridgeEnd, Coroutine[Any, Any, object]] = {
        BridgeEnd.CHILD_ENDED: child.leg.ended.wait(),
        BridgeEnd.CHILD_TAKEN_AWAY: child.partnership.taken_away.wait(),
        BridgeEnd.PARENT_ENDED: parent.leg.ended.wait(),
        BridgeEnd.PARENT_REFERRED: parent.partnership.referred.wait(),
        BridgeEnd.CHILD_REFERRED: child.partnership.referred.wait(),
    }
    if terms.hangup_on_star:
        waits[BridgeEnd.STAR_PRESSED] = star_pressed(parent)
    try:
        async with asyncio.timeout_at(terms.deadline):
            done = await first_of(*waits.values())
    except TimeoutError:
        return BridgeEnd.TIME_LIMIT
    else:
        ends = {end for position, end in enumerate(waits) if position in done}
        return next(end for end in BridgeEnd if end in ends)
    finally:
        # Whichever port is still open is parted; the plane parted the other when it was closed.
        for port in (parent.leg.port, child.leg.port):
            if port is not None:
                media.disconnect(port)
        parent.partnership.part()
        child.partnership.part()


async def star_pressed(call: Call) -> bool:
    """Wait until the call's own party presses *."""
    with call.leg.sound.listening() as digits:
        while await digits.get() != "*":
            pass
    return True
