"""Whole calls on bad wires: whatever is lost, repeated or overtaken, both sides end and nothing is left."""

import random
from collections.abc import Callable

import pytest
from talk import ANSWER, THEIRS, Pair, order

from offhook.base.errors import IllegalInput
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import (
    ByeAnswered,
    ByeReceived,
    CancelReceived,
    Event,
    InviteAnswered,
    InviteReceived,
    InviteRefused,
    OfferReceived,
)
from offhook.testing.wire import Station, Weather, assert_quiet

BATCHES, CALLS = 12, 50
ENDS = (InviteRefused, CancelReceived, ByeReceived, ByeAnswered)

Act = Callable[[Endpoint, int, float], None]


class RandomUser:
    """What decides for one side: it answers, refuses, rings, gives up and hangs up when its dice say so."""

    def __init__(self, pair: Pair, station: Station, dice: random.Random) -> None:
        self.pair = pair
        self.station = station
        self.dice = dice
        self.ended: list[int] = []
        station.on_event = self.took

    def took(self, event: Event) -> None:
        """React to what happened, a little later."""
        if isinstance(event, InviteReceived):
            self.later(self.decide, event.session)
        elif isinstance(event, OfferReceived):
            self.later(self.answer_offer, event.session)
        elif isinstance(event, InviteAnswered):
            self.later(self.hang_up, event.session)
        elif isinstance(event, ENDS):
            self.ended.append(event.session)

    def later(self, act: Act, session: int) -> None:
        """Do something within a few seconds, as far as it is still allowed."""

        def now() -> None:
            try:
                act(self.station.endpoint, session, self.pair.wire.now)
            except IllegalInput:
                # The dice said to answer what is answered already.
                self.station.remarks.clear()
            self.station.pump()

        self.pair.wire.after(self.dice.choice([0.0, 0.05, 0.6, 3.0, 20.0]), now)

    def call(self) -> None:
        """Begin a call, and perhaps give it up."""
        number, _ = self.station.endpoint.invite(order(f"sip:bob@{THEIRS}"), self.pair.wire.now)
        self.station.pump()
        if self.dice.random() < 0.3:
            self.later(self.give_up, number)
        self.pair.wire.after(90.0, lambda: self.end(number))

    def end(self, number: int) -> None:
        """The patience of every user ends."""
        self.station.endpoint.cancel(number, (), self.pair.wire.now)
        self.station.endpoint.bye(number, (), self.pair.wire.now)
        self.station.pump()

    def decide(self, endpoint: Endpoint, session: int, now: float) -> None:
        """Ring, answer or refuse."""
        self.dice.choice([self.ring, self.accept, self.accept, self.reject])(endpoint, session, now)

    def ring(self, endpoint: Endpoint, session: int, now: float) -> None:
        """180, and on."""
        endpoint.ring(session, 180, b"", now)
        self.later(self.decide, session)

    def accept(self, endpoint: Endpoint, session: int, now: float) -> None:
        """200, and perhaps hang up."""
        endpoint.accept(session, ANSWER, (), now)
        if self.dice.random() < 0.5:
            self.later(self.hang_up, session)

    def reject(self, endpoint: Endpoint, session: int, now: float) -> None:
        """A refusal."""
        endpoint.reject(session, self.dice.choice([302, 404, 486, 503, 603]), "", (), now)

    @staticmethod
    def give_up(endpoint: Endpoint, session: int, now: float) -> None:
        """CANCEL."""
        endpoint.cancel(session, (), now)

    @staticmethod
    def hang_up(endpoint: Endpoint, session: int, now: float) -> None:
        """BYE."""
        endpoint.bye(session, (), now)

    @staticmethod
    def answer_offer(endpoint: Endpoint, session: int, now: float) -> None:
        """200."""
        endpoint.answer_offer(session, ANSWER, now)


def random_call(seed: int) -> tuple[Pair, list[RandomUser]]:
    """One call between two random users on a random wire, with all that comes after it."""
    dice = random.Random(seed)  # noqa: S311  # repeatable on purpose
    loss, duplicate, reorder = (dice.choice([0.0, 0.05, 0.15, 0.3]) for _ in range(3))
    pair = Pair(seed, Weather(loss=loss, duplicate=duplicate, reorder=reorder, detour=dice.choice([0.1, 1.0, 6.0])))
    users = [RandomUser(pair, station, dice) for station in (pair.caller, pair.callee)]
    users[0].call()
    pair.wire.settle()
    return pair, users


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_calls_on_bad_wires_end_once_and_leave_nothing(batch: int) -> None:
    """Up to 30 % loss, repetition and overtaking; each session ends once, at both ends, and nothing lingers."""
    for seed in range(batch * CALLS, (batch + 1) * CALLS):
        pair, users = random_call(seed)
        try:
            for user in users:
                assert_quiet(user.station)
                assert len(user.ended) == len(set(user.ended)), "a session ended twice"
            assert users[0].ended, "the caller never heard of the end"
            assert pair.wire.now < 400.0
        except AssertionError as error:
            error.add_note(f"seed {seed}: {pair.wire.lines()}")
            raise


@pytest.mark.parametrize("batch", range(BATCHES))
def test_calls_on_bad_wires_come_up_and_go_down(batch: int) -> None:
    """With patience on both sides, a call that is answered is heard to be answered, and hung up, whatever is lost."""
    for seed in range(batch * CALLS, (batch + 1) * CALLS):
        pair = Pair(seed, Weather(loss=0.3, duplicate=0.2, reorder=0.3))
        try:
            ours, theirs = pair.call()
            pair.callee.endpoint.accept(theirs, ANSWER, (), pair.wire.now)
            pair.callee.pump()
            pair.caller.expect(InviteAnswered)
            pair.wire.run(10.0)
            station, session = (pair.caller, ours) if seed % 2 else (pair.callee, theirs)
            station.endpoint.bye(session, (), pair.wire.now)
            station.pump()
            pair.wire.settle()
            for side in (pair.caller, pair.callee):
                assert_quiet(side)
                assert [event for event in side.events if isinstance(event, ENDS)]
        except AssertionError as error:
            error.add_note(f"seed {seed}: {pair.wire.lines()}")
            raise
