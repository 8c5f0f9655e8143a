"""What a caller hears while the dialed calls ring: their early media, or a ringing tone (contract 1 §3.1, §3.7)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext

from offhook.calls.call import Call
from offhook.calls.dialer import DialOrder
from offhook.calls.waiting import first_of

DEFAULT_RING_TONE = "us"


@asynccontextmanager
async def hearing(parent: Call, children: Sequence[Call], order: DialOrder) -> AsyncIterator[None]:
    """Let the parent hear what there is to hear while the block runs.

    Early media are heard of a callee that rings alone. A ringTone of the document wins over them, and so do several
    callees: nobody could say whose sound it is.
    """
    source = children[0] if len(children) == 1 and order.ring_tone is None else None
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_hear(parent, source, order.ring_tone or DEFAULT_RING_TONE))
        try:
            yield
        finally:
            task.cancel()


async def _hear(parent: Call, source: Call | None, country: str) -> None:
    """Until it is cancelled."""
    if source is not None:
        with _tone(parent, country):
            await first_of(source.leg.early_media.wait(), source.leg.settled.wait())
        await _pass_on(parent, source)
    with _tone(parent, country):
        await asyncio.Event().wait()


async def _pass_on(parent: Call, source: Call) -> None:
    """The callee's early media, until its answer or its end: a callee that is being screened is not to be heard."""
    leg, media = source.leg, parent.world.media
    if not leg.early_media.is_set() or leg.settled.is_set() or leg.port is None:
        return
    if not parent.is_answered and not parent.leg.play_early():
        return
    if parent.leg.port is None:
        return
    media.connect(parent.leg.port, leg.port)
    try:
        await leg.settled.wait()
    finally:
        if parent.leg.port is not None:
            media.disconnect(parent.leg.port)


def _tone(parent: Call, country: str) -> AbstractContextManager[None]:
    """The ringing tone; a caller whose way is not open hears the ringing of their own exchange."""
    is_open = parent.leg.port is not None and (parent.is_answered or parent.leg.early_answer is not None)
    return parent.leg.sound.ringback(country) if is_open else nullcontext()
