"""Rich calls, interrupted at every moment at which anything happens in them, in every way: nothing may be left.

One comes in: the caller is greeted, two phones ring, one is busy, the other is screened and joined, hangs up, the
action says goodbye. One is placed by REST and dials two phones in turn, answered on the bridge. Between two moments
nothing changes, so each moment is tried just before, at, and a few turns after it.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cache

import pytest

from offhook.calls.errors import CallNotFound, IllegalCallState
from offhook.calls.events import SessionId
from offhook.calls.ports import ProgramStart
from offhook.model.call import FINAL_STATUSES, WebhookTarget
from offhook.testing.clock import advance, run, settle
from offhook.testing.signalling import Script, SessionState
from offhook.testing.switchboard import ACCOUNT, Switchboard
from offhook.testing.webapp import Page

DIAL = """<Dial action="/done">
  <Sip url="/screen" statusCallback="/kid" statusCallbackEvent="initiated ringing answered completed">sip:one@a</Sip>
  <Sip>sip:two@b</Sip>
</Dial>"""
FINAL = {status.value for status in FINAL_STATUSES}
LIMIT = 300.0

SEQUENCE = """<Dial sequential="true" answerOnBridge="true" hangupOnStar="true" timeout="5" action="/done">
  <Sip>sip:three@c</Sip><Sip>sip:one@a</Sip>
</Dial>"""

Interruption = Callable[[Switchboard], Awaitable[None]]


async def come_in() -> Switchboard:
    """The call that comes in, begun."""
    board = Switchboard()
    board.signalling.script(":one@", Script(answer_after=1, talk=8))
    board.signalling.script(":two@", Script(answer_after=0.5, refuse_with=486))
    board.app.serve("/voice", Page(body=f"<Response><Say>hello hello</Say>{DIAL}</Response>", delay=0.5))
    board.app.serve("/screen", Page(body='<Response><Say>ok?</Say><Pause length="1"/></Response>', delay=0.2))
    board.app.serve("/done", Page(body="<Response><Say>goodbye</Say><Hangup/></Response>", delay=0.5))
    board.app.serve("/other", "<Response><Say>something else</Say></Response>")
    board.answer_number_with("/voice")
    board.call_in()
    return board


async def go_out() -> Switchboard:
    """The call that REST places, begun."""
    board = Switchboard()
    board.signalling.script(":three@", Script(answer_after=None))
    board.signalling.script(":one@", Script(answer_after=1, talk=8))
    board.app.serve("/voice", Page(body=f"<Response><Pause/>{SEQUENCE}</Response>", delay=0.5))
    board.app.serve("/done", Page(body="<Response><Say>goodbye</Say></Response>", delay=0.5))
    board.app.serve("/other", "<Response><Say>something else</Say></Response>")
    await board.place(ProgramStart(document=WebhookTarget(url=board.app.url("/voice"))), send_digits="1")
    return board


Scene = Callable[[], Awaitable[Switchboard]]
SCENES: list[Scene] = [come_in, go_out]


@cache
def moments(scene: Scene) -> tuple[float, ...]:
    """The times at which something is told of in the undisturbed call."""

    async def undisturbed() -> tuple[float, ...]:
        board = await scene()
        began = board.world.clock.now()
        await settle()
        await board.all_over()
        return tuple(sorted({(entry.at - began).total_seconds() for entry in board.timeline.entries}))

    return run(undisturbed(), seed=1)


async def interrupted(scene: Scene, at: float, turns: int, interruption: Interruption) -> None:
    """Run the call, interrupt it once, and check that everything ends."""
    board = await scene()
    await advance(at)
    await settle(turns)
    with suppress(IllegalCallState, CallNotFound):
        await interruption(board)
    await board.all_over()
    for record in board.records():
        told = [status for status in board.app.told(record.sid) if status in FINAL]
        assert len(told) == (1 if record.status_callback else 0), f"{record.sid} was told {told}"


async def caller_leaves(board: Switchboard) -> None:
    """CANCEL or BYE from the first party, whichever fits."""
    first = board.signalling.sessions.get(SessionId(1))
    if first is not None and first.state is SessionState.CALLED:
        board.signalling.cancel_in(first.session)
    elif first is not None and first.state is SessionState.UP:
        board.signalling.hang_up(first.session)


async def callees_leave(board: Switchboard) -> None:
    """BYE from every dialed party that is up."""
    for session in board.signalling.open_sessions:
        if session.session != SessionId(1) and session.state is SessionState.UP:
            board.signalling.hang_up(session.session)


async def both_leave(board: Switchboard) -> None:
    """Everybody hangs up in the same moment."""
    await callees_leave(board)
    await caller_leaves(board)


async def rest_ends_parent(board: Switchboard) -> None:
    """Status=completed for the first call."""
    for record in board.records()[:1]:
        await board.exchange.hang_up(ACCOUNT, record.sid)


async def rest_ends_children(board: Switchboard) -> None:
    """Status=completed for the dialed calls."""
    for record in board.children():
        if not record.status.is_final:
            await board.exchange.hang_up(ACCOUNT, record.sid)


async def rest_redirects_all(board: Switchboard) -> None:
    """A new document for every call that is up."""
    start = ProgramStart(document=WebhookTarget(url=board.app.url("/other")))
    for record in board.records():
        try:
            await board.exchange.redirect(ACCOUNT, record.sid, start)
        except IllegalCallState:
            continue


async def rest_redirects_twice(board: Switchboard) -> None:
    """Two updates in the same moment: the later one counts."""
    await rest_redirects_all(board)
    await rest_redirects_all(board)


async def shutdown(board: Switchboard) -> None:
    """The exchange closes."""
    await board.exchange.close()


INTERRUPTIONS = [
    caller_leaves,
    callees_leave,
    both_leave,
    rest_ends_parent,
    rest_ends_children,
    rest_redirects_all,
    rest_redirects_twice,
    shutdown,
]


@pytest.mark.parametrize("interruption", INTERRUPTIONS, ids=[way.__name__ for way in INTERRUPTIONS])
@pytest.mark.parametrize("scene", SCENES, ids=[scene.__name__ for scene in SCENES])
@pytest.mark.slow
def test_an_interruption_at_any_moment_leaves_nothing(scene: Scene, interruption: Interruption) -> None:
    """Every call ends with one final status and callback; no session, port, leg, task or unseen failure is left."""
    for moment in moments(scene):
        for shift, turns in ((-0.001, 0), (0.0, 0), (0.0, 1), (0.0, 2), (0.0, 3), (0.0, 5), (0.0, 8), (0.01, 0)):
            at = max(0.0, moment + shift)
            try:
                run(interrupted(scene, at, turns, interruption), seed=1, limit=LIMIT)
            except Exception as error:
                error.add_note(f"{interruption.__name__} at {at} s, {turns} turns later")
                raise


@pytest.mark.parametrize("scene", SCENES, ids=[scene.__name__ for scene in SCENES])
def test_the_undisturbed_call_has_many_moments(scene: Scene) -> None:
    """The scene reaches its end and is rich enough to be worth interrupting."""
    assert len(moments(scene)) > 8
    assert moments(scene)[-1] > 10
