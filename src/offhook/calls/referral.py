"""<Refer>: our REFER on a call's leg and what the peer tells of it (RFC 3515; contract 2 §1.11)."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from offhook.calls.events import ReferAnswered, ReferProgressed
from offhook.calls.leg import CallLeg
from offhook.calls.waiting import first_of
from offhook.calls.world import World
from offhook.model.call import CallStatus

OK, REDIRECTION = 200, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferOutcome:
    """What a REFER came to; `status` is None when nothing is known of the call that the peer was to make.

    `sip_response_code` answered the REFER (None: the call ended first), `notify_code` came with the last NOTIFY.
    """

    status: CallStatus | None
    sip_response_code: int | None = None
    notify_code: int | None = None


class Referable(Protocol):
    """The part of calls.call.Call that is needed here."""

    @property
    def world(self) -> World:
        """The outside."""

    @property
    def leg(self) -> CallLeg:
        """Its leg."""


async def refer(call: Referable, target: str) -> ReferOutcome:
    """Send REFER once the dialog is confirmed, and follow it until there is no more to come of it.

    That is its refusal, the final NOTIFY, a silence that is too long, or the end of the call. Raises LegEnded.
    """
    story = _Story(call)
    await first_of(call.leg.confirmed.wait(), call.leg.ended.wait())
    call.leg.refer(target)
    with suppress(TimeoutError):
        await first_of(story.follow(), call.leg.ended.wait())
    return story.outcome()


class _Story:
    """What is known so far."""

    def __init__(self, call: Referable) -> None:
        self._leg = call.leg
        self._settings = call.world.settings
        self._answer: int | None = None
        self._told: int | None = None
        self._is_final = False

    async def follow(self) -> None:
        """Take the events of this REFER until there is no more to come."""
        loop = asyncio.get_running_loop()
        settings = self._settings
        limit = loop.time() + settings.refer_limit  # the answer has timer F; but the session may be replaced meanwhile
        while not self._is_over:
            try:
                async with asyncio.timeout_at(limit):
                    event = await self._leg.refer_news.get()
            except TimeoutError:
                return
            # A NOTIFY may overtake the 202 (RFC 3515 §2.4.4).
            if isinstance(event, ReferAnswered):
                self._answer = event.code
                limit = loop.time() + settings.refer_silence
            else:
                self._take(event)
                limit = loop.time() + settings.refer_limit

    @property
    def _is_over(self) -> bool:
        if self._answer is not None and self._answer >= REDIRECTION:
            return True
        return self._answer is not None and self._is_final

    def _take(self, event: ReferProgressed) -> None:
        self._told = event.code
        self._is_final = event.is_final

    def outcome(self) -> ReferOutcome:
        """The parameters of the action request, by the table of contract 2 §1.11."""
        return ReferOutcome(status=self._status(), sip_response_code=self._answer, notify_code=self._told)

    def _status(self) -> CallStatus | None:
        if self._answer is not None and self._answer >= REDIRECTION:
            return CallStatus.FAILED
        if self._is_final and self._told is not None:
            if OK <= self._told < REDIRECTION:
                return CallStatus.IN_PROGRESS
            return self._settings.status_of_code.get(self._told, CallStatus.FAILED)
        if self._leg.ended.is_set():
            return CallStatus.CANCELED
        return None if self._told is None else CallStatus.NO_ANSWER
