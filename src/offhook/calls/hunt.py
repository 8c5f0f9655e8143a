"""Carries out a <Dial>: rings the targets together or in turn, joins the first that is ready (contract 1 §3, §4)."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any

from offhook.calls.bridge import BridgeEnd, BridgeTerms, bridge, star_pressed
from offhook.calls.call import Call
from offhook.calls.dial_recording import DialRecording
from offhook.calls.dialer import DialOrder, DialOutcome, DialTarget
from offhook.calls.errors import CallError, CallRefused
from offhook.calls.events import ReferReceived
from offhook.calls.identity import identity_headers
from offhook.calls.registry import Registry
from offhook.calls.ringback import hearing
from offhook.calls.routing import OutboundTrunk, Route, caller_user, inherited_user, route_number, route_sip
from offhook.calls.supervision import Outgoing
from offhook.calls.transfer import Transfers, refer_parameters
from offhook.calls.waiting import first_of
from offhook.calls.world import World
from offhook.model.call import CallRecord, CallStatus, Direction
from offhook.model.ending import EndReason
from offhook.model.sids import CALL, CallSid

TOO_MANY_HOPS = 32006
MAX_FORWARDS = 70  # RFC 3261 §8.1.1.6

# Which of several failures a parallel dial reports: the one that tells the caller most.
TELLING_ORDER = (CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.CANCELED, CallStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A target with the way to it."""

    target: DialTarget
    route: Route
    from_user: str


class Hunt:
    """Dials for every call of the exchange."""

    def __init__(self, world: World, registry: Registry, trunks: Mapping[str, OutboundTrunk]) -> None:
        self.world = world
        self._registry = registry
        self._trunks = trunks
        self._transfers = Transfers(registry)

    async def dial(self, parent: Call, order: DialOrder) -> DialOutcome:
        """Ring, join, and say how it ended. Cancelling hangs up whatever was dialed."""
        recording = DialRecording(parent, order)
        try:
            outcome = await self._dial(parent, order, recording)
        finally:
            recording.end()
        return replace(outcome, recording_sid=recording.sid)

    async def _dial(self, parent: Call, order: DialOrder, recording: DialRecording) -> DialOutcome:
        outcome = DialOutcome(status=CallStatus.FAILED)
        candidates: list[Candidate] = []
        for target in order.targets:
            try:
                candidates.append(self._prepare(parent, order, target))
            except CallError as error:
                parent.notice(error.error_code, str(error))
                outcome = DialOutcome(status=CallStatus.FAILED, error_code=error.error_code, error_message=str(error))
        turns = [[candidate] for candidate in candidates] if order.sequential else [candidates]
        for turn in turns:
            if turn:
                outcome = await self._take_turn(parent, order, turn, recording)
            if outcome.is_bridged or parent.is_over or outcome.status is CallStatus.CANCELED:
                break
        return outcome

    def _prepare(self, parent: Call, order: DialOrder, target: DialTarget) -> Candidate:
        caller_id = order.caller_id
        from_user = inherited_user(parent.record.from_) if caller_id is None else caller_user(caller_id)
        to, credentials = target.to, target.credentials
        needs_public = not self.world.settings.private_targets
        route = (
            route_number(to, self._trunks)
            if target.is_number
            else route_sip(to, credentials, needs_public=needs_public)
        )
        for code, text in route.warnings:
            parent.notice(code, text)
        if hops_left(parent) < 1:
            raise CallRefused(TOO_MANY_HOPS, "Max-Forwards is used up: the call seems to go round in a circle")
        return Candidate(target=target, route=route, from_user=from_user)

    async def _take_turn(
        self, parent: Call, order: DialOrder, turn: list[Candidate], recording: DialRecording
    ) -> DialOutcome:
        children = [self._ring(parent, order, candidate) for candidate in turn]
        try:
            async with hearing(parent, children, order):
                winner = await self._first_ready(parent, children, hangup_on_star=order.hangup_on_star)
            if winner is None:
                return await self._report_losers(children)
            for child in children:
                if child is not winner:
                    child.hang_up(EndReason.ANSWERED_ELSEWHERE)
            return await self._join(parent, winner, order, recording)
        finally:
            for child in children:
                if child.partnership.keeper is parent:
                    child.hang_up(EndReason.DIAL_ENDED)

    def _ring(self, parent: Call, order: DialOrder, candidate: Candidate) -> Call:
        target, world = candidate.target, self.world
        now = world.clock.now()
        record = CallRecord(
            sid=CallSid(world.tokens.sid(CALL)),
            account_sid=parent.record.account_sid,
            parent_call_sid=parent.record.sid,
            direction=Direction.OUTBOUND_DIAL,
            to=target.to,
            from_=order.caller_id or candidate.from_user,
            status=CallStatus.QUEUED,
            date_created=now,
            date_updated=now,
            status_callback=target.status_callback,
        )
        world.store.add_call(record)
        supervision = self._registry.make(record, self)
        supervision.call.partnership.keeper = parent
        invite = candidate.route.order(
            call_headers=identity_headers(record),
            from_user=candidate.from_user,
            from_host=world.settings.sip_domain,
        )
        invite = replace(invite, max_forwards=hops_left(parent))
        outgoing = Outgoing(invite=invite, ring_limit=order.timeout, send_digits=target.send_digits or "")
        self._registry.start(
            supervision,
            lambda made: made.run_child(outgoing, target.screening),
        )
        return supervision.call

    async def _first_ready(self, parent: Call, children: list[Call], *, hangup_on_star: bool) -> Call | None:
        remaining = children
        while remaining:
            waits: list[Coroutine[Any, Any, object]] = [_settled(child) for child in remaining]
            waits.append(parent.leg.ended.wait())
            if hangup_on_star:
                waits.append(star_pressed(parent))
            done = await first_of(*waits)
            for child in remaining:
                if child.ready.is_set() and not child.is_over:
                    return child
            if max(done) >= len(remaining):
                return None
            remaining = [
                child for child in remaining if not child.is_over and not child.partnership.taken_away.is_set()
            ]
        return None

    async def _join(self, parent: Call, child: Call, order: DialOrder, recording: DialRecording) -> DialOutcome:
        """Join the two until it is over; a transfer may put another call in the child's place meanwhile."""
        terms = BridgeTerms(
            deadline=asyncio.get_running_loop().time() + order.time_limit,
            hangup_on_star=order.hangup_on_star,
            takes_referrals=order.refer is not None,
        )
        was_joined, joined = False, child
        reason = EndReason.DIAL_ENDED
        try:
            while not parent.is_leaving:
                await parent.answer()
                recording.begin()
                was_joined = True
                end = await bridge(parent, joined, terms)
                reason = EndReason.TIME_LIMIT if end is BridgeEnd.TIME_LIMIT else EndReason.DIAL_ENDED
                if end is BridgeEnd.CHILD_TAKEN_AWAY:
                    return outcome_of(joined, is_bridged=True, was_taken=True)
                if end is BridgeEnd.PARENT_REFERRED:
                    return await self._leave(parent, joined, order, terms)
                if end is not BridgeEnd.CHILD_REFERRED or joined.partnership.referral is None:
                    break
                outcome, joined = await self._transfer(parent, joined, order, joined.partnership.referral)
                if outcome is not None:
                    return outcome
        finally:
            if joined.partnership.keeper is parent:
                joined.hang_up(reason)
        await joined.finished.wait()
        return outcome_of(joined, is_bridged=was_joined)

    async def _transfer(
        self, parent: Call, child: Call, order: DialOrder, referral: ReferReceived
    ) -> tuple[DialOutcome | None, Call]:
        """The child asked for a transfer: how that ends the <Dial>, or None and whom the parent is to be joined to."""
        if referral.replaces is not None:
            far = await self._transfers.replace(parent, referral)
            self._transfers.let_go(child)
            return None, far or child
        if not order.answer_on_bridge:
            self._transfers.let_go(child)
            return replace(outcome_of(child, is_bridged=True), refer_parameters=refer_parameters(referral)), child
        if await self._transfers.attempt(parent, child, order, referral):
            return replace(outcome_of(child, is_bridged=True), was_transferred=True), child
        return None, child

    async def _leave(self, parent: Call, child: Call, order: DialOrder, terms: BridgeTerms) -> DialOutcome:
        """The parent itself asked for a transfer: the child goes on without it."""
        referral = parent.partnership.referral
        if referral is not None and referral.replaces is not None:
            far = await self._transfers.replace(child, referral)
            if far is not None:
                self._transfers.converse(child, far, terms)
        elif referral is not None:
            self._transfers.send_on(child, order, referral)
        self._transfers.let_go(parent)
        return outcome_of(child, is_bridged=True, was_taken=True)

    async def _report_losers(self, children: list[Call]) -> DialOutcome:
        for child in children:
            if not child.partnership.taken_away.is_set():
                child.hang_up(EndReason.DIAL_ENDED)
                await child.finished.wait()
        outcomes = [
            outcome_of(child, is_bridged=False, was_taken=child.partnership.taken_away.is_set()) for child in children
        ]
        return min(outcomes, key=lambda outcome: _rank(outcome.status))


def outcome_of(child: Call, *, is_bridged: bool, was_taken: bool = False) -> DialOutcome:
    """What a dialed call came to; one that was taken away has no duration (contract 1 §1.6)."""
    record, ending = child.record, child.leg.ending
    return DialOutcome(
        status=CallStatus.COMPLETED if was_taken else record.status,
        child=record,
        is_bridged=is_bridged,
        duration=None if was_taken else record.duration,
        sip_call_id=record.sip_call_id,
        sip_response_code=record.sip_response_code,
        headers=ending.headers if ending is not None else (),
        error_code=record.error_code,
        error_message=record.error_message,
    )


def hops_left(parent: Call) -> int:
    """The Max-Forwards of a dialed call: one less than its parent came with, or a circle of calls would not end."""
    received = parent.leg.received
    return MAX_FORWARDS if received is None else min(received.max_forwards, MAX_FORWARDS + 1) - 1


async def _settled(child: Call) -> None:
    await first_of(child.ready.wait(), child.leg.ended.wait(), child.partnership.taken_away.wait())


def _rank(status: CallStatus) -> int:
    return TELLING_ORDER.index(status) if status in TELLING_ORDER else len(TELLING_ORDER)
