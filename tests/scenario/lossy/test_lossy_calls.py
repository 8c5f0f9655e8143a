"""Whole calls over networks that lose, repeat and reorder: each ends once, and nothing of any is left.

Everything follows from the seed. OFFHOOK_SEEDS=20000 tries more of them, OFFHOOK_SEED=17 that one alone.
"""

import os
import random
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest

from offhook.calls.errors import CallError
from offhook.model.call import FINAL_STATUSES
from offhook.sip.hop import Hop, Transport
from offhook.testing.clock import advance, run
from offhook.testing.switchboard import NUMBER
from offhook.testing.town import PLATFORM, Town
from offhook.testing.town_phone import Temper
from offhook.testing.webapp import Page
from offhook.testing.wire import Weather

PHONES = tuple(f"192.0.2.{10 + number}" for number in range(4))
BATCH = 50
FEW, MANY = 100, 2000
FINAL = {status.value for status in FINAL_STATUSES}
FADED = 400.0  # seconds after which nothing of a call may be left: timers B, F, J, L and M one after the other
VERBS = ("<Say>hello</Say>", "<Pause/>", '<Pause length="3"/>', '<Play digits="12"/>', "<Hangup/>", "<Reject/>")


def weather(chance: random.Random) -> Weather:
    """From calm to as bad as it gets: 0 to 30 % loss, repetition, reordering, delays up to a second."""
    return Weather(
        delay=chance.choice([0.005, 0.02, 0.2, 1.0]),
        loss=chance.choice([0.0, 0.05, 0.15, 0.3]),
        duplicate=chance.choice([0.0, 0.0, 0.1, 0.3]),
        reorder=chance.choice([0.0, 0.0, 0.2, 0.5]),
        detour=chance.choice([0.1, 0.6, 3.0]),
    )


def temper(chance: random.Random) -> Temper:
    """Any phone that there is."""
    return Temper(
        refuse_with=chance.choice([None, None, None, 404, 486, 503, 603]),
        ring_after=chance.choice([None, 0.0, 0.1, 2.0]),
        answer_after=chance.choice([0.0, 0.3, 1.0, 4.0, None]),
        has_early_media=chance.random() < 0.3,
        redirect_to=chance.choice(["", "", "", f"sip:other@{chance.choice(PHONES)}"]),
        hang_up_after=chance.choice([None, None, 0.0, 0.5, 3.0]),
        reoffer_after=chance.choice([None, None, 0.0, 0.7]),
        cancel_after=chance.choice([None, None, 0.0, 0.5, 2.0]),
        dies_after=chance.choice([None, None, None, None, 0.2, 2.0]),
    )


def document(chance: random.Random) -> str:
    """Up to three verbs, a <Dial> of one or two phones often among them."""
    verbs = list(VERBS)
    for _ in range(3):
        nouns = "".join(f"<Sip>{target(chance)}</Sip>" for _ in range(chance.randint(1, 2)))
        attributes = "".join(
            text
            for text in (' answerOnBridge="true"', ' sequential="true"', ' action="/done"')
            if chance.random() < 0.4
        )
        verbs.append(f'<Dial timeout="5" timeLimit="5"{attributes}>{nouns}</Dial>')
    return f"<Response>{''.join(chance.choice(verbs) for _ in range(chance.randint(0, 3)))}</Response>"


def epilogue(chance: random.Random) -> str:
    """What follows a <Dial>: up to two verbs, and none that dials again."""
    return f"<Response>{''.join(chance.choice(VERBS) for _ in range(chance.randint(0, 2)))}</Response>"


def target(chance: random.Random) -> str:
    """A phone by its address over either transport, by a name with several addresses, or by one that is not known."""
    phone = f"sip:phone@{chance.choice(PHONES)}"
    return chance.choice(
        [phone, phone, f"{phone};transport=tcp", "sip:phone@phones.example", "sip:phone@nowhere.example"]
    )


class Life:
    """One history: a platform, four phones, and what they do to one another."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.town = Town(seed, weather(self.chance))
        self.board = self.town.board
        for host in PHONES:
            self.town.move_in(host, temper(self.chance))
        hops = [Hop(Transport.UDP, host, 5060, domain="phones.example") for host in self.chance.sample(PHONES, 3)]
        self.town.network.names["phones.example"] = hops
        self.board.app.serve("/voice", Page(body=document(self.chance)))
        self.board.app.serve("/done", Page(body=epilogue(self.chance)))
        self.board.answer_number_with("/voice")

    async def live(self) -> None:
        """Calls out and in, interruptions, and the silence afterwards."""
        chance, board = self.chance, self.board
        await self.town.start()
        calls = []
        for _ in range(chance.randint(1, 2)):
            with suppress(CallError):
                calls.append(await board.place(board.start("/voice"), to=target(chance), timeout=6.0))
        if chance.random() < 0.7:
            caller = chance.choice(self.town.phones)
            caller.call(f"sip:{NUMBER}@{PLATFORM['ashburn']}:5060" + chance.choice(["", ";transport=tcp"]))
        await advance(chance.choice([0.0, 0.4, 1.5, 4.0]))
        if chance.random() < 0.2:
            self.town.network.parted.add(chance.choice(PHONES))
        for call in calls:
            if chance.random() < 0.3:
                with suppress(CallError):
                    await board.exchange.hang_up(call.account_sid, call.sid)
        await advance(chance.choice([0.0, 2.0]))
        for phone in self.town.phones:
            # Whoever would talk for ever is hung up on by the platform's own limits; phones end their part here.
            phone.temper = replace(phone.temper, hang_up_after=3.0)
        await board.no_calls()
        await advance(FADED)
        await self.town.close()

    def check(self) -> None:
        """Every call ended exactly once, and nothing is left of it."""
        board = self.board
        for sid, states in board.store.history.items():
            endings = [state for state in states if state.status.is_final]
            assert endings, f"{sid} never ended"
            assert len({state.status for state in endings}) == 1, (
                f"{sid} ended twice: {[one.status for one in endings]}"
            )
        told = Counter(
            one.parameters["CallSid"] for one in board.app.callbacks if one.parameters["CallStatus"] in FINAL
        )
        assert all(count == 1 for count in told.values()), f"told of the end more than once: {told}"
        assert self.town.leftovers() == {}


def live(seed: int) -> Life:
    """One history from its seed to its end."""
    lives: list[Life] = []

    async def main() -> None:
        lives.append(Life(seed))
        await lives[0].live()

    try:
        run(main(), seed, limit=7200.0)
        lives[0].check()
    except BaseException as error:
        error.add_note(f"replay: OFFHOOK_SEED={seed} pytest tests/scenario/lossy")
        raise
    return lives[0]


def seeds(default: int) -> range:
    """Which histories are tried."""
    alone = os.environ.get("OFFHOOK_SEED")
    if alone is not None:
        return range(int(alone), int(alone) + 1)
    return range(int(os.environ.get("OFFHOOK_SEEDS", default)))


def batches(default: int) -> list[range]:
    """In pieces that each take a few seconds."""
    every = seeds(default)
    return [every[start : start + BATCH] for start in range(0, len(every), BATCH)]


@pytest.mark.parametrize("batch", batches(FEW), ids=str)
def test_calls_end_once_and_leave_nothing(batch: range) -> None:
    """Whatever the weather, the phones and the documents."""
    for seed in batch:
        live(seed)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("batch", batches(MANY)[FEW // BATCH :], ids=str)
def test_many_more_calls_do_likewise(batch: range) -> None:
    """Thousands of them."""
    for seed in batch:
        live(seed)


def test_the_histories_are_of_every_kind() -> None:
    """Seeds that all went the same way would prove little."""
    endings: Counter[str] = Counter()
    messages: Counter[bytes] = Counter()
    for seed in range(80):
        life = live(seed)
        endings.update(states[-1].status.value for states in life.board.store.history.values())
        messages.update(what.removeprefix(b"SIP/2.0 ").split(b" ", 1)[0] for _, _, _, what in life.town.network.carried)
    assert endings.keys() == FINAL
    assert messages.keys() >= {b"INVITE", b"ACK", b"BYE", b"CANCEL", b"PRACK", b"183", b"302", b"481", b"491", b"503"}


@pytest.mark.parametrize("seed", [1, 7, 23])
def test_the_same_seed_is_the_same_history(seed: int) -> None:
    """To the last octet and the last moment."""
    assert live(seed).town.network.carried == live(seed).town.network.carried
