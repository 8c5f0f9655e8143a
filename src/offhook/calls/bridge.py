"""Two calls joined until one ends."""

import asyncio
from collections.abc import Coroutine
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
    TIME_LIMIT = "time limit"


async def bridge(parent: Call, child: Call, *, time_limit: float, hangup_on_star: bool) -> BridgeEnd:
    """Join the two ports and wait for the first reason to part; a redirect of the parent cancels this."""
    media, one, other = parent.world.media, parent.leg.port, child.leg.port
    if one is None or other is None:
        return BridgeEnd.CHILD_ENDED
    media.connect(one, other)
    waits: list[Coroutine[Any, Any, object]] = [
        child.leg.ended.wait(),
        child.taken_away.wait(),
        parent.leg.ended.wait(),
    ]
    if hangup_on_star:
        waits.append(star_pressed(parent))
    try:
        async with asyncio.timeout(time_limit):
            done = await first_of(*waits)
        return tuple(BridgeEnd)[min(done)]
    except TimeoutError:
        return BridgeEnd.TIME_LIMIT
    finally:
        # Whichever port is still open is parted; the plane parted the other when it was closed.
        for port in (parent.leg.port, child.leg.port):
            if port is not None:
                media.disconnect(port)


async def star_pressed(call: Call) -> bool:
    """Wait until the call's own party presses *."""
    with call.leg.sound.listening() as digits:
        while await digits.get() != "*":
            pass
    return True
