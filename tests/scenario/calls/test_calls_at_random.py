"""Random calls with random peers and several interruptions: whatever happens, they end once and leave nothing."""

import random
from contextlib import suppress
from itertools import pairwise

import pytest

from offhook.calls.errors import CallError
from offhook.calls.events import RefusalCause
from offhook.calls.ports import ProgramStart
from offhook.model.call import FINAL_STATUSES, CallStatus, WebhookTarget
from offhook.testing.clock import advance, run, settle
from offhook.testing.signalling import Script, SessionState
from offhook.testing.switchboard import ACCOUNT, Switchboard
from offhook.testing.webapp import Failure, Page

FINAL = {status.value for status in FINAL_STATUSES}
PEERS = ("ann", "bob", "eve")
DIAL = '<Dial timeout="5" timeLimit="4" {}>{}</Dial>'
SIP = "<Sip{}>sip:{}@phones</Sip>"
SCREENINGS = ("", ' url="/screen"')
CALLS_IN_A_BATCH = 40
LIMIT = 3600.0
INTERNAL = 12400


def random_script(chance: random.Random) -> Script:
    """A peer that answers, refuses, rings for ever, or cannot be reached, at any pace."""
    kind = chance.choice(["answers", "answers", "refuses", "rings", "is unreachable", "is elsewhere"])
    pace = chance.choice([0.0, 0.02, 0.5, 1.0, 3.0])
    if kind == "refuses":
        return Script(answer_after=pace, refuse_with=chance.choice([302, 404, 408, 480, 486, 487, 503, 600, 603]))
    if kind == "rings":
        return Script(answer_after=None)
    if kind == "is elsewhere":
        contacts = (f"sip:{name}@phones" for name in chance.choices((*PEERS, "joe", "sip.localhost"), k=2))
        return Script(answer_after=pace, refuse_with=302, redirect_to=tuple(contacts))
    if kind == "is unreachable":
        return Script(ring_after=None, answer_after=0.0, refuse_with=503, cause=RefusalCause.UNRESOLVED)
    return Script(
        ring_after=chance.choice([None, 0.0, pace]),
        answer_after=pace,
        media_after=chance.choice([None, None, pace / 2]),
        refer_answer=chance.choice([202, 202, 405, None]),
        refer_progress=chance.choice([(), ((0.1, 180),), ((0.1, 100), (1.0, 200)), ((0.5, 486),)]),
        talk=chance.choice([None, None, 0.0, 0.02, 1.0, 7.0]),
        answers_bye=chance.random() < 0.9,
    )


def random_document(chance: random.Random, depth: int = 0) -> str:
    """Up to four verbs."""
    verbs = ["<Say>hello</Say>", "<Pause/>", '<Pause length="5"/>', '<Play digits="12"/>', "<Hangup/>", "<Reject/>"]
    if depth == 0:
        verbs += [random_dial(chance), random_dial(chance), random_dial(chance), "<Redirect>/next</Redirect>"]
        verbs.append('<Refer action="/done"><Sip>sip:desk@phones</Sip></Refer>')
    return f"<Response>{''.join(chance.choice(verbs) for _ in range(chance.randint(0, 4)))}</Response>"


def random_dial(chance: random.Random) -> str:
    """One to three peers, together or in turn, with or without screening and action."""
    attributes = [
        text
        for text in (
            'action="/done"',
            'sequential="true"',
            'answerOnBridge="true"',
            'hangupOnStar="true"',
            'referUrl="/refer"',
        )
        if chance.random() < 0.5
    ]
    nouns = [SIP.format(chance.choice(SCREENINGS), name) for name in chance.sample(PEERS, chance.randint(1, 3))]
    return DIAL.format(" ".join(attributes), "".join(nouns))


def random_page(chance: random.Random, depth: int = 1) -> Page | Failure:
    """A document, sometimes slow, sometimes broken."""
    if chance.random() < 0.1:
        return Failure(delay=chance.choice([0.0, 2.0]))
    return Page(body=random_document(chance, depth), delay=chance.choice([0.0, 0.0, 0.3, 2.0]))


async def interrupt(board: Switchboard, chance: random.Random) -> None:
    """Something happens to some call."""
    live = [record for record in board.records() if not record.status.is_final]
    sessions = board.signalling.open_sessions
    kind = chance.choice(["peer", "rest ends", "rest cancels", "rest redirects", "digit", "within", "within"])
    if kind == "within":
        interrupt_within(board, chance)
    elif kind == "peer" and sessions:
        session = chance.choice(sessions)
        if session.state is SessionState.CALLED:
            board.signalling.cancel_in(session.session)
        elif session.state in {SessionState.UP, SessionState.LEAVING}:
            board.signalling.hang_up(session.session)
    elif kind == "digit" and board.plane.open_ports:
        board.plane.press(chance.choice(board.plane.open_ports).port, chance.choice("*1#"))
    elif live:
        sid = chance.choice(live).sid
        start = ProgramStart(document=WebhookTarget(url=board.app.url("/other")))
        with suppress(CallError):
            if kind == "rest ends":
                await board.exchange.hang_up(ACCOUNT, sid)
            elif kind == "rest cancels":
                await board.exchange.cancel(ACCOUNT, sid)
            elif kind == "rest redirects":
                await board.exchange.redirect(ACCOUNT, sid, start)


def interrupt_within(board: Switchboard, chance: random.Random) -> None:
    """A peer whose call is up asks for something, or is replaced."""
    legs = board.world.legs.by_session
    up = [one.session for one in board.signalling.open_sessions if one.state is SessionState.UP and one.session in legs]
    if not up:
        return
    joined = [session for session in up if board.plane.connected(board.port_of(session))]
    session, other = chance.choice(joined or up), chance.choice(joined or up)
    kind = chance.choice(["refers", "refers", "attended", "holds", "expires", "offers", "is replaced"])
    if kind == "refers":
        board.signalling.refer_in(session, "sip:desk@phones")
    elif kind == "attended":
        board.signalling.refer_in(session, "sip:desk@phones?Replaces=x", replaces=other)
    elif kind == "holds":
        board.signalling.reoffer_in(session, chance.choice(["sendonly", "inactive", "sendrecv", "recvonly"]))
    elif kind == "expires":
        board.signalling.expire(session)
    elif kind == "offers":
        board.signalling.ask_offer(session)
    else:
        board.signalling.call_in("sip:offhook@192.0.2.100", replaces=session)


async def random_call(seed: int) -> None:
    """One call or two from beginning to end, with up to five interruptions."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    board = Switchboard()
    for name in PEERS:
        board.signalling.script(f":{name}@", random_script(chance))
    board.app.serve("/voice", random_page(chance, depth=0))
    for url in ("/next", "/done", "/screen", "/other", "/rescue"):
        board.app.serve(url, random_page(chance))
    board.app.serve("/refer", random_page(chance, depth=0))
    board.answer_number_with("/voice", fallback=chance.choice([None, "/rescue"]))
    for _ in range(chance.choice([1, 1, 2])):
        if chance.random() < 0.5:
            board.call_in()
        else:
            await board.place(board.start("/voice"), to="sip:ann@phones")
    for _ in range(chance.randint(0, 5)):
        await advance(chance.choice([0.0, 0.001, 0.02, 0.5, 1.0, 2.7]))
        await settle(chance.randint(0, 4))
        await interrupt(board, chance)
    await board.no_calls()
    await advance(60)
    board.check_nothing_left()
    check_stories(board)


def check_stories(board: Switchboard) -> None:
    """Each call moved only forwards, ended once, and told so once, with its numbers in order."""
    for record in board.records():
        statuses = [state.status for state in board.store.history[record.sid]]
        changes = [new for old, new in pairwise(statuses) if old is not new]
        assert sum(status.is_final for status in changes) == 1, changes
        assert record.duration is not None
        assert record.error_code != INTERNAL, record.error_message
        assert (record.duration == 0) or record.status is CallStatus.COMPLETED
        told = [request.parameters for request in board.app.callbacks if request.call_sid == record.sid]
        assert [parameters["SequenceNumber"] for parameters in told] == [str(number) for number in range(len(told))]
        finals = [parameters["CallStatus"] for parameters in told if parameters["CallStatus"] in FINAL]
        assert finals == ([record.status.value] if record.status_callback else [])
    for request in board.app.asked("/done"):
        assert request.parameters.get("DialCallStatus", "failed") in FINAL | {"answered"}


@pytest.mark.parametrize("batch", range(10))
@pytest.mark.slow
def test_random_calls_end_once_and_leave_nothing(batch: int) -> None:
    """No leg, port, session, task, open record or unseen failure remains."""
    for number in range(CALLS_IN_A_BATCH):
        seed = batch * CALLS_IN_A_BATCH + number
        run(random_call(seed), seed=seed, limit=LIMIT)
