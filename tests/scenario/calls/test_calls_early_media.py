"""What a caller hears before the callee answers: early media passed on, or a ringing tone (contract 1 §3.1, §3.7)."""

import pytest

from offhook.calls.events import SessionId
from offhook.testing.clock import advance, virtual_time
from offhook.testing.signalling import Script
from offhook.testing.switchboard import Switchboard

ONE, TWO = "<Sip>sip:one@192.0.2.8</Sip>", "<Sip>sip:two@192.0.2.9</Sip>"
EARLY = Script(ring_after=0.2, media_after=1.0, answer_after=5.0, talk=10.0)


def dialing(attributes: str, nouns: str = ONE, **scripts: Script) -> Switchboard:
    """A number that dials these nouns."""
    board = Switchboard()
    for name, script in scripts.items():
        board.signalling.script(f":{name}@", script)
    board.app.serve("/voice", f"<Response><Dial {attributes}>{nouns}</Dial></Response>")
    board.answer_number_with("/voice")
    return board


def ringing(board: Switchboard, session: SessionId) -> list[str]:
    """The countries whose tone plays to a session now."""
    return [sound.country for sound in board.plane.ports[board.port_of(session)].queue]


def hears(board: Switchboard, caller: SessionId, name: str) -> bool:
    """Whether the caller is connected with the callee of this name."""
    callee = board.signalling.session_to(f":{name}@").session
    return board.plane.connected(board.port_of(caller)) == board.port_of(callee)


@virtual_time
async def test_an_answered_caller_hears_the_callee_instead_of_ringback() -> None:
    """Our tone stops where the callee's network has one of its own, or an announcement."""
    board = dialing("", one=EARLY)
    caller = board.call_in()
    await advance(0.9)
    assert ringing(board, caller) == ["us"]
    await advance(0.2)
    assert ringing(board, caller) == []
    assert hears(board, caller, "one")
    await advance(5)
    assert hears(board, caller, "one")
    await board.all_over()


@virtual_time
async def test_a_caller_who_is_not_answered_gets_183_and_the_same_answer_again() -> None:
    """With answerOnBridge: 180, 183 with SDP when there is something to hear, 200 with that SDP (RFC 6337 §3.1)."""
    board = dialing('answerOnBridge="true"', one=EARLY)
    caller = board.call_in()
    await advance(2)
    assert [line for line in board.signalling.log if line.startswith(">") and line.endswith(f" {caller}")] == [
        f"> 180 {caller}",
        f"> 183 {caller}",
    ]
    assert hears(board, caller, "one")
    session = board.signalling.sessions[caller]
    early = session.early
    assert early is not None
    await advance(5)
    assert f"> 200 {caller}" in board.signalling.log
    assert session.answer == early
    assert hears(board, caller, "one")
    await board.all_over()


@virtual_time
async def test_183_before_180() -> None:
    """A 180 without SDP after early media takes nothing away."""
    board = dialing('answerOnBridge="true"', one=Script(media_after=0.2, ring_after=1.0, answer_after=5.0, talk=1.0))
    caller = board.call_in()
    await advance(2)
    assert hears(board, caller, "one")
    assert board.signalling.log.count(f"> 183 {caller}") == 1
    await board.all_over()


@pytest.mark.parametrize("attributes", ["", 'answerOnBridge="true"'])
@virtual_time
async def test_the_ringing_tone_goes_on_when_a_screened_callee_answers(attributes: str) -> None:
    """What is said to the callee before the two are joined is not for the caller (contract 1 §4.2)."""
    board = dialing(attributes, '<Sip url="/screen">sip:one@192.0.2.8</Sip>', one=EARLY)
    board.app.serve("/screen", '<Response><Pause length="3"/></Response>')
    caller = board.call_in()
    await advance(6)
    assert not hears(board, caller, "one")
    assert ringing(board, caller) == ["us"]
    await advance(3)
    assert hears(board, caller, "one")
    await board.all_over()


@virtual_time
async def test_a_ring_tone_of_the_document_wins_over_early_media() -> None:
    """The attribute ringTone says what the caller is to hear."""
    board = dialing('ringTone="de"', one=EARLY)
    caller = board.call_in()
    await advance(2)
    assert ringing(board, caller) == ["de"]
    assert not hears(board, caller, "one")
    await board.all_over()


@virtual_time
async def test_several_callees_are_not_heard_before_one_answers() -> None:
    """Nobody could say whose sound it is: a ringing tone."""
    board = dialing("", ONE + TWO, one=EARLY, two=EARLY)
    caller = board.call_in()
    await advance(2)
    assert ringing(board, caller) == ["us"]
    await board.all_over()


@virtual_time
async def test_early_media_end_with_their_callee_and_the_next_one_rings() -> None:
    """In turn: what the first one played stops when it refuses; the way stays open for our tone."""
    board = dialing(
        'sequential="true" answerOnBridge="true"',
        ONE + TWO,
        one=Script(media_after=0.5, answer_after=2.0, refuse_with=486),
        two=Script(answer_after=5.0, talk=1.0),
    )
    caller = board.call_in()
    await advance(1)
    assert hears(board, caller, "one")
    await advance(2)
    assert board.plane.connected(board.port_of(caller)) is None
    assert ringing(board, caller) == ["us"]
    await board.all_over()
    assert f"> 200 {caller}" in board.signalling.log


@virtual_time
async def test_a_caller_who_heard_an_announcement_and_was_not_answered_is_refused() -> None:
    """Early media alone answer nobody: the number you have dialed …, then the call ends unanswered."""
    board = dialing('answerOnBridge="true"', one=Script(media_after=0.5, answer_after=4.0, refuse_with=404))
    caller = board.call_in()
    await board.all_over()
    assert f"> 480 {caller}" in board.signalling.log
    assert f"> 200 {caller}" not in board.signalling.log


@virtual_time
async def test_a_caller_who_gives_up_during_early_media() -> None:
    """Both sides are let go."""
    board = dialing('answerOnBridge="true"', one=EARLY)
    caller = board.call_in()
    await advance(2)
    board.signalling.cancel_in(caller)
    await board.all_over()
