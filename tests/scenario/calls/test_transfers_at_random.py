"""Random transfers among random calls: whoever passes whom on to whom, all of it ends and nothing is left."""

import random
from contextlib import suppress

import pytest

from offhook.calls.errors import CallError
from offhook.calls.events import SessionId
from offhook.testing.clock import advance, run, settle
from offhook.testing.signalling import Script, SessionState
from offhook.testing.switchboard import ACCOUNT, Switchboard

RUNS_IN_A_BATCH = 40
LIMIT = 4000.0
INTERNAL = 12400
ATTRIBUTES = (
    'referUrl="/refer"',
    'referUrl="/refer"',
    'answerOnBridge="true"',
    'hangupOnStar="true"',
    'action="/done"',
)
DOCUMENTS = (
    '<Dial timeout="5" timeLimit="60" {}><Sip>sip:desk@phones</Sip></Dial>',
    '<Dial timeout="5" timeLimit="60" {}><Sip>sip:busy@phones</Sip></Dial>',
    "<Say>hello</Say>",
    '<Pause length="3"/>',
    "<Hangup/>",
    '<Refer action="/done"><Sip>sip:desk@phones</Sip></Refer>',
)


def document(chance: random.Random, *choices: str) -> str:
    """One verb, with attributes of <Dial> by chance."""
    attributes = " ".join(sorted({text for text in ATTRIBUTES if chance.random() < 0.6}))
    return f"<Response>{chance.choice(choices).format(attributes)}</Response>"


def act(board: Switchboard, chance: random.Random, session: SessionId, up: list[SessionId]) -> None:
    """One of those who are up does something."""
    kind = chance.choice(["refers"] * 3 + ["attended"] * 3 + ["holds", "is replaced", "leaves", "presses *"])
    if kind == "refers":
        board.signalling.refer_in(session, "sip:desk@phones")
    elif kind == "attended":
        board.signalling.refer_in(session, "sip:desk@phones?Replaces=x", replaces=chance.choice(up))
    elif kind == "holds":
        board.signalling.reoffer_in(session, chance.choice(["sendonly", "inactive", "sendrecv"]))
    elif kind == "is replaced":
        board.signalling.call_in("sip:offhook@192.0.2.100", replaces=session)
    elif kind == "leaves":
        board.signalling.hang_up(session)
    else:
        board.plane.press(board.port_of(session), "*")


async def random_transfers(seed: int) -> int:
    """Two or three joined calls, up to eight acts of those who are on them; how many REFERs were accepted."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    board = Switchboard()
    board.signalling.script(":busy@", Script(answer_after=0.5, refuse_with=486))
    board.answer_number_with("/voice")
    for url in ("/done", "/other"):
        board.app.serve(url, document(chance, *DOCUMENTS[2:5]))
    board.app.serve("/refer", *(document(chance, *DOCUMENTS) for _ in range(3)), "<Response/>")
    for _ in range(chance.choice([2, 2, 3])):
        board.app.serve("/voice", document(chance, DOCUMENTS[0]))
        if chance.random() < 0.7:
            board.call_in()
        else:
            await board.place(board.start("/voice"), to="sip:ann@phones")
    await advance(5)
    for _ in range(chance.randint(1, 8)):
        legs = board.world.legs.by_session
        sessions = board.signalling.open_sessions
        up = [one.session for one in sessions if one.state is SessionState.UP and one.session in legs]
        if up:
            act(board, chance, chance.choice(up), up)
        if chance.random() < 0.15:
            live = [record for record in board.records() if not record.status.is_final]
            with suppress(CallError, IndexError):
                await board.exchange.redirect(ACCOUNT, chance.choice(live).sid, board.start("/other"))
        await advance(chance.choice([0.0, 0.0, 0.01, 0.05, 1.0, 3.0]))
        await settle(chance.randint(0, 4))
    await board.no_calls()
    await advance(60)
    board.check_nothing_left()
    check_statuses(board)
    return sum("202 to REFER" in line for line in board.signalling.log if line.startswith(">"))


def check_statuses(board: Switchboard) -> None:
    """Each call ended once, and told so once."""
    for record in board.records():
        statuses = [state.status for state in board.store.history[record.sid] if state.status.is_final]
        assert len(set(statuses)) == 1, statuses
        assert record.error_code != INTERNAL, record.error_message
        told = [request.parameters for request in board.app.callbacks if request.call_sid == record.sid]
        assert [parameters["SequenceNumber"] for parameters in told] == [str(number) for number in range(len(told))]


@pytest.mark.parametrize("batch", range(10))
@pytest.mark.slow
def test_random_transfers_end_and_leave_nothing(batch: int) -> None:
    """No leg, port, session, task, open record or unseen failure remains; and some transfers do take place."""
    accepted = 0
    for number in range(RUNS_IN_A_BATCH):
        seed = batch * RUNS_IN_A_BATCH + number
        accepted += run(random_transfers(seed), seed=seed, limit=LIMIT)
    assert accepted > RUNS_IN_A_BATCH / 4
