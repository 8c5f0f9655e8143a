"""One call of a scripted telephone: rings, refuses or answers, talks, hangs up. Fed by testing.phone."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol

from offhook.calls import events as told
from offhook.calls.events import HeaderList, SessionId, SignallingEvent
from offhook.calls.ports import Signalling
from offhook.sdp.errors import SdpError
from offhook.testing.handset import Handset, Script

TEMPORARILY_UNAVAILABLE, NOT_ACCEPTABLE_HERE = 480, 488
GOODBYE = 2.0  # seconds that the answer to our own BYE may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How the telephone treats each call; durations in seconds.

    It rings for `ring`, then refuses with `refuse_with` or answers, unless it rings for ever. `calls` is after how many
    calls it is done; None means never.
    """

    ring: float = 0.0
    rings_for_ever: bool = False
    refuse_with: int | None = None
    answer_headers: HeaderList = ()
    script: Script = field(default_factory=Script)
    hang_up_after: float | None = None
    calls: int | None = None


class Tell(Protocol):
    """Takes what happens in one call."""

    def __call__(self, event: str, **detail: Any) -> None:
        """An event by name, with values for JSON."""


class PhoneCall:
    """Its life is `answer` or `talk_when_answered`, in a task; `finish` has to follow however that ends."""

    def __init__(
        self, line: Signalling, session: SessionId, handset: Handset, behaviour: Behaviour, tell: Tell
    ) -> None:
        self._line = line
        self._session = session
        self._handset = handset
        self._behaviour = behaviour
        self._tell = tell
        self._is_ours = False
        self._up = asyncio.Event()
        self._over = asyncio.Event()

    # --- lives ----------------------------------------------------------------------------------------------------

    async def answer(self, offer: bytes | None) -> None:
        """Treat a call that came in."""
        behaviour = self._behaviour
        self._line.ring(self._session)
        if behaviour.rings_for_ever:
            await self._over.wait()
        await asyncio.sleep(behaviour.ring)
        if behaviour.refuse_with is not None:
            self._refuse(behaviour.refuse_with)
            return
        try:
            body = self._describe(offer)
        except SdpError as error:
            self._refuse(NOT_ACCEPTABLE_HERE, reason=str(error))
            return
        self._line.accept(self._session, body, behaviour.answer_headers)
        self._up.set()
        self._tell("answered", codec=self._handset.codec)
        await self._talk()

    async def talk_when_answered(self) -> None:
        """Treat a call of our own, whose INVITE brought the offer of this handset."""
        self._is_ours = True
        await self._up.wait()
        await self._talk()

    def finish(self) -> None:
        """Leave nothing behind: the other side is told, the port is free."""
        self._handset.close()
        if self._over.is_set():
            return
        self._over.set()
        if self._up.is_set():
            self._line.bye(self._session)
        elif self._is_ours:
            self._line.cancel(self._session)
        else:
            self._line.reject(self._session, TEMPORARILY_UNAVAILABLE)

    # --- events ---------------------------------------------------------------------------------------------------

    def take(self, event: SignallingEvent) -> bool:
        """One event of this session; True when the call is over with it."""
        match event:
            case told.OfferReceived(offer=offer):
                self._take_offer(offer)
            case told.AckReceived(answer=answer) if answer is not None:
                self._settle(answer)
            case told.ProvisionalReceived(code=code):
                self._tell("progress", code=code, headers=event.headers)
            case told.InviteAnswered(answer=answer):
                self._up.set()
                self._settle(answer or b"")
                self._tell("answered", codec=self._handset.codec, headers=event.headers)
            case _:
                self._take_end(event)
        return self._over.is_set()

    def _take_end(self, event: SignallingEvent) -> None:
        match event:
            case told.InviteRefused(code=code, reason=reason):
                self._tell("refused", by="peer", code=code, reason=reason, headers=event.headers)
            case told.CancelReceived():
                self._tell("canceled", by="peer", headers=event.headers)
            case told.ByeReceived():
                self._tell("bye", by="peer", headers=event.headers)
            case told.AckMissed() | told.ByeAnswered():
                pass
            case _:
                return
        self._over.set()

    # --- within ---------------------------------------------------------------------------------------------------

    async def _talk(self) -> None:
        try:
            async with asyncio.timeout(self._behaviour.hang_up_after):
                await self._handset.speak()
        except TimeoutError:
            pass
        self._tell("bye", by="us")
        self._line.bye(self._session)
        try:
            async with asyncio.timeout(GOODBYE):
                await self._over.wait()
        except TimeoutError:
            self._over.set()

    def _refuse(self, code: int, reason: str = "") -> None:
        self._over.set()
        self._line.reject(self._session, code)
        self._tell("refused", by="us", code=code, reason=reason)

    def _describe(self, offer: bytes | None) -> bytes:
        """Our answer, or our offer when there is none to answer. Raises SdpError."""
        negotiation = self._handset.negotiation
        return negotiation.make_offer() if offer is None else negotiation.make_answer(offer)

    def _settle(self, answer: bytes) -> None:
        """Take the answer to our offer; without one that can be used there is a call, but no sound."""
        try:
            self._handset.negotiation.accept_answer(answer)
        except SdpError as error:
            self._tell("silent", reason=str(error))

    def _take_offer(self, offer: bytes | None) -> None:
        try:
            self._line.answer_offer(self._session, self._describe(offer))
        except SdpError:
            self._line.refuse_offer(self._session, NOT_ACCEPTABLE_HERE)
