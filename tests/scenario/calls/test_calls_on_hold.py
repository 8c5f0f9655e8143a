"""Hold and resume by re-INVITE while two are joined: what is told, what is heard, and what must not end the call."""

import pytest

from offhook.calls.events import SessionId
from offhook.model.call import CallRecord
from offhook.model.timeline import Kind
from offhook.testing.clock import advance, virtual_time
from offhook.testing.switchboard import Switchboard

ANYWHERE = "0.0.0.0"  # noqa: S104 - an address in SDP: nothing is bound
HOLDS = [
    ("sendonly", "", "held by the peer: sendonly"),
    ("inactive", "", "held by the peer: inactive"),
    ("sendrecv", ANYWHERE, "held by the peer: sendonly"),
]


async def joined() -> tuple[Switchboard, SessionId, SessionId]:
    """A caller who talks to somebody; both sessions."""
    board = Switchboard()
    board.app.serve("/voice", "<Response><Dial><Sip>sip:one@192.0.2.8</Sip></Dial></Response>")
    board.answer_number_with("/voice")
    caller = board.call_in()
    await advance(5)
    return board, caller, board.signalling.session_to(":one@").session


def holds(board: Switchboard, record: CallRecord) -> list[str]:
    """What the timeline tells of holding and media that fell silent."""
    told = board.timeline.summaries(record.sid, Kind.MEDIA)
    return [line for line in told if "peer" in line]


@pytest.mark.parametrize(("direction", "address", "entry"), HOLDS, ids=["sendonly", "inactive", "old way"])
@virtual_time
async def test_a_hold_is_told_and_outlasts_any_silence(direction: str, address: str, entry: str) -> None:
    """RFC 3264 §8.4: a telephone on hold may send nothing for as long as it likes."""
    board, caller, callee = await joined()
    board.signalling.reoffer_in(callee, direction, address=address)
    await advance(1)
    assert f"> 200 to re-INVITE {callee}" in board.signalling.log
    child = board.children()[0]
    assert holds(board, child) == [entry]
    board.plane.fall_silent(board.port_of(callee))
    await advance(1)
    assert not board.store.record(child.sid).status.is_final
    assert board.store.codes(child.sid) == []
    assert board.plane.connected(board.port_of(caller)) == board.port_of(callee)
    board.signalling.reoffer_in(callee)
    await advance(1)
    assert holds(board, child)[-1] == "resumed by the peer: sendrecv"
    board.signalling.hang_up(callee)
    await board.all_over()


@virtual_time
async def test_silence_after_the_resume_ends_the_call() -> None:
    """The supervision is back: 32014."""
    board, _, callee = await joined()
    for direction in ("inactive", "sendrecv"):
        board.signalling.reoffer_in(callee, direction)
        await advance(1)
    board.plane.fall_silent(board.port_of(callee))
    await board.all_over()
    assert board.store.codes(board.children()[0].sid) == [32014]


@virtual_time
async def test_an_offer_that_changes_no_direction_is_not_news() -> None:
    """Refreshes and codec changes are no hold."""
    board, caller, _ = await joined()
    board.signalling.reoffer_in(caller)
    await advance(1)
    assert holds(board, board.records()[0]) == []
    board.signalling.hang_up(caller)
    await board.all_over()


@virtual_time
async def test_a_session_that_is_not_refreshed_ends_the_call() -> None:
    """RFC 4028 §10: as a peer that is gone; the timeline says why."""
    board, _, callee = await joined()
    board.signalling.expire(callee)
    await board.all_over()
    child = board.children()[0]
    assert child.status.value == "completed"
    assert board.timeline.summaries(child.sid, Kind.LEG) == ["the session was not refreshed in time: the peer is gone"]


@virtual_time
async def test_a_session_is_refreshed_with_an_offer_of_ours() -> None:
    """When the SIP side asks for one, it gets the present description; the answer may bring a hold."""
    board, _, callee = await joined()
    board.signalling.ask_offer(callee)
    await advance(1)
    assert f"> re-INVITE {callee}" in board.signalling.log
    board.signalling.hang_up(callee)
    await board.all_over()
