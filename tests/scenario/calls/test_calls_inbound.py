"""Whole calls from outside: ringing, answering, refusing, and callers who give up at any moment."""

import asyncio

import pytest

from offhook.model.call import CallStatus
from offhook.testing.clock import advance, settle, virtual_time
from offhook.testing.signalling import SessionState
from offhook.testing.switchboard import Switchboard
from offhook.testing.webapp import Failure, Page

TALK = "<Response><Say>0123456789abcdef</Say></Response>"  # one second of speech


def inbound(document: str | Page | Failure, *, fallback: str | None = None) -> Switchboard:
    """A switchboard whose number is answered by this document."""
    board = Switchboard()
    board.app.serve("/voice", document)
    board.answer_number_with("/voice", fallback=fallback)
    return board


@virtual_time
async def test_a_call_is_answered_by_its_first_verb() -> None:
    """180 at once, 200 when something is to be heard, BYE at the end."""
    board = inbound(Page(body=TALK, delay=2))
    board.call_in(headers=(("X-Route", "7"), ("User-to-User", "abc")))
    await advance(1)
    assert board.signalling.log == ["< INVITE 1", "> 180 1"]
    await board.all_over()
    assert board.signalling.log[2:] == ["> 200 1", "< ACK 1", "> BYE 1", "< 200 to BYE 1"]
    (record,) = board.records()
    assert (record.status, record.duration, record.ended_by) == (CallStatus.COMPLETED, 1, "platform")
    (request,) = board.app.requests
    assert request.parameters["CallStatus"] == "ringing"
    assert request.parameters["SipHeader_X-Route"] == "7"
    assert request.parameters["SipHeader_User-to-User"] == "abc"


@pytest.mark.parametrize(
    ("verb", "code", "status"),
    [("<Reject/>", "404", CallStatus.NO_ANSWER), ('<Reject reason="busy"/>', "486", CallStatus.BUSY)],
)
@virtual_time
async def test_a_rejected_call_is_never_answered(verb: str, code: str, status: CallStatus) -> None:
    """Reject as the first verb: 404 or 486, no-answer or busy."""
    board = inbound(f"<Response>{verb}</Response>")
    board.call_in()
    await board.all_over()
    assert board.signalling.log[-1] == f"> {code} 1"
    assert board.records()[0].status is status


@virtual_time
async def test_a_caller_who_gives_up_while_it_rings() -> None:
    """CANCEL during a first Pause: no-answer, nothing is spoken."""
    board = inbound('<Response><Pause length="20"/><Say>never</Say></Response>')
    session = board.call_in()
    await advance(5)
    board.signalling.cancel_in(session)
    await board.all_over()
    (record,) = board.records()
    assert record.status is CallStatus.NO_ANSWER
    assert record.duration == 0
    assert board.voice.spoken == []


@virtual_time
async def test_a_caller_who_leaves_by_bye_while_it_rings() -> None:
    """RFC 3261 §15: BYE within the early dialog ends the call like CANCEL."""
    board = inbound('<Response><Pause length="20"/><Say>never</Say></Response>')
    session = board.call_in()
    await advance(5)
    board.signalling.hang_up(session)
    await board.all_over()
    assert board.records()[0].status is CallStatus.NO_ANSWER
    assert asyncio.get_running_loop().time() < 6


@virtual_time
async def test_a_caller_who_gives_up_while_the_document_is_fetched() -> None:
    """The request is abandoned with the call."""
    board = inbound(Page(body=TALK, delay=10))
    session = board.call_in()
    await advance(5)
    board.signalling.cancel_in(session)
    await board.all_over()
    assert asyncio.get_running_loop().time() < 6
    assert board.records()[0].status is CallStatus.NO_ANSWER


@virtual_time
async def test_a_caller_who_hangs_up_in_the_middle_of_a_verb() -> None:
    """BYE ends the document; the record says that the caller hung up."""
    board = inbound('<Response><Say>hello</Say><Pause length="60"/><Say>never</Say></Response>')
    session = board.call_in()
    await advance(10)
    board.signalling.hang_up(session)
    await board.all_over()
    (record,) = board.records()
    assert (record.status, record.duration, record.ended_by) == (CallStatus.COMPLETED, 10, "caller")
    assert [spoken.text for spoken in board.voice.spoken] == ["hello"]


@virtual_time
async def test_a_broken_document_is_apologized_for() -> None:
    """Without a fallback the call is answered to tell the caller."""
    board = inbound(Failure(error_code=11205))
    board.call_in()
    await board.all_over()
    (record,) = board.records()
    assert record.status is CallStatus.COMPLETED
    assert board.store.codes(record.sid) == [11205]
    assert len(board.voice.spoken) == 1


@virtual_time
async def test_a_document_of_pauses_leaves_the_call_unanswered() -> None:
    """Nothing that answers ran: the call ends with 480 when the document does."""
    board = inbound("<Response><Pause/></Response>")
    board.call_in()
    await board.all_over()
    assert board.signalling.log[-1] == "> 480 1"
    assert not board.records()[0].status.is_final or board.records()[0].duration == 0


@virtual_time
async def test_a_caller_who_cancels_in_the_moment_of_the_answer() -> None:
    """Whatever of CANCEL and 200 comes first, the call ends cleanly."""
    for delay in (0.0, 0.5, 1.0, 1.5):
        board = inbound(Page(body=TALK, delay=1))
        session = board.call_in()
        await advance(delay)
        await settle(int(delay * 4))
        if board.signalling.sessions[session].state is SessionState.CALLED:
            board.signalling.cancel_in(session)
        await board.all_over()


@virtual_time
async def test_a_stranger_and_a_wrong_number_are_refused() -> None:
    """Admission comes before any call exists."""
    board = inbound(TALK)
    board.signalling.call_in("sip:+19999999@192.0.2.100")
    await settle()
    assert board.signalling.log[-1] == "> 404 1"
    assert board.records() == []
    board.check_nothing_left()
