"""Whole calls that REST placed: how they come up, what the application is told, and how they end."""

import asyncio

import pytest

from offhook.calls.errors import CallRefused, IllegalCallState
from offhook.calls.events import RefusalCause
from offhook.calls.ports import ProgramStart
from offhook.model.call import CallStatus, WebhookTarget
from offhook.testing.clock import advance, virtual_time
from offhook.testing.signalling import Script
from offhook.testing.switchboard import ACCOUNT, PHONE, Switchboard

TALK = "<Response><Say>0123456789abcdef</Say></Response>"  # one second of speech


@virtual_time
async def test_a_call_from_request_to_bye() -> None:
    """INVITE, ringing, answer, document, speech, BYE; every callback in order; the record complete."""
    board = Switchboard()
    board.app.serve("/voice", TALK)
    start = ProgramStart(document=WebhookTarget(url=board.app.url("/voice")))
    placed = await board.place(start)
    assert placed.status is CallStatus.QUEUED
    record = await board.over(placed.sid)
    await board.all_over()
    assert board.signalling.log == ["> INVITE 1", "< 180 1", "< 200 1", "> BYE 1", "< 200 to BYE 1"]
    assert board.app.told(placed.sid) == ["initiated", "ringing", "in-progress", "completed"]
    assert [request.parameters["SequenceNumber"] for request in board.app.callbacks] == ["0", "1", "2", "3"]
    assert record.status is CallStatus.COMPLETED
    assert record.duration == 1
    assert record.sip_response_code == 200
    assert record.sip_call_id == "out-1@192.0.2.100"
    assert record.ended_by == "platform"
    assert set(board.app.forgotten) == {placed.sid}


@virtual_time
async def test_the_document_is_asked_for_when_the_callee_answers_with_its_headers() -> None:
    """Contract 1 §4.3: SipCallId, SipDomain, SipSourceIp and the X- headers of the 200 OK, CallStatus in-progress."""
    board = Switchboard()
    board.signalling.script("phone", Script(headers=(("X-Agent", "ann"), ("Server", "no"))))
    start = ProgramStart(document=WebhookTarget(url=board.app.serve("/voice", TALK)))
    await board.place(start)
    await board.all_over()
    (request,) = board.app.requests
    told = {name: request.parameters[name] for name in ("CallStatus", "SipCallId", "SipDomain", "SipSourceIp")}
    assert told == {
        "CallStatus": "in-progress",
        "SipCallId": "out-1@192.0.2.100",
        "SipDomain": "192.0.2.8",
        "SipSourceIp": "192.0.2.8",
    }
    assert request.parameters["SipHeader_X-Agent"] == "ann"
    assert "SipHeader_Server" not in request.parameters


REFUSALS = [
    (Script(answer_after=1, refuse_with=486), CallStatus.BUSY),
    (Script(answer_after=1, refuse_with=600), CallStatus.BUSY),
    (Script(answer_after=1, refuse_with=603), CallStatus.NO_ANSWER),
    (Script(answer_after=1, refuse_with=404), CallStatus.FAILED),
    (Script(answer_after=1, refuse_with=503), CallStatus.FAILED),
    (Script(ring_after=None, answer_after=32, refuse_with=408, cause=RefusalCause.TIMEOUT), CallStatus.FAILED),
    (Script(ring_after=None, answer_after=0, refuse_with=503, cause=RefusalCause.UNRESOLVED), CallStatus.FAILED),
]


@pytest.mark.parametrize(
    ("script", "status"), REFUSALS, ids=[f"{row[0].refuse_with} {row[0].cause}" for row in REFUSALS]
)
@virtual_time
async def test_a_refused_call_gets_the_status_of_its_refusal(script: Script, status: CallStatus) -> None:
    """Contract 1 §3.6; no document is asked for, and the last callback tells the code."""
    board = Switchboard()
    board.signalling.script("phone", script)
    start = ProgramStart(document=WebhookTarget(url=board.app.serve("/voice", TALK)))
    placed = await board.place(start)
    record = await board.over(placed.sid)
    await board.all_over()
    assert record.status is status
    assert record.sip_response_code == script.refuse_with
    assert board.app.requests == []
    assert board.app.callbacks[-1].parameters["SipResponseCode"] == str(script.refuse_with)
    assert board.app.callbacks[-1].parameters["CallDuration"] == "0"


@virtual_time
async def test_a_host_without_an_address_is_a_warning() -> None:
    """Contract 1 §2.7: 13254, and no 32011, since no target was tried."""
    board = Switchboard()
    script = Script(ring_after=None, answer_after=0, refuse_with=503, cause=RefusalCause.UNRESOLVED)
    board.signalling.script("phone", script)
    await board.place(TALK)
    await board.all_over()
    (warning,) = board.store.notices
    assert (warning.error_code, warning.log) == (13254, 1)
    assert warning.message_text == "sip:phone@192.0.2.8: no address was found for its host"


@virtual_time
async def test_nobody_answers() -> None:
    """The ring timeout and its buffer pass, CANCEL goes out, and the call is no-answer with 487."""
    board = Switchboard()
    board.signalling.script("phone", Script(answer_after=None))
    placed = await board.place(TALK, timeout=20.0)
    record = await board.over(placed.sid)
    await board.all_over()
    assert asyncio.get_running_loop().time() == pytest.approx(25, abs=0.1)
    assert board.signalling.log == ["> INVITE 1", "< 180 1", "> CANCEL 1", "< 487 1"]
    assert (record.status, record.sip_response_code) == (CallStatus.NO_ANSWER, 487)
    assert board.app.told(placed.sid) == ["initiated", "ringing", "no-answer"]


@virtual_time
async def test_a_callee_who_hangs_up_ends_the_document() -> None:
    """The verb is cut off, the record says who hung up."""
    board = Switchboard()
    board.signalling.script("phone", Script(talk=3))
    placed = await board.place('<Response><Pause length="60"/><Say>never</Say></Response>')
    record = await board.over(placed.sid)
    await board.all_over()
    assert record.status is CallStatus.COMPLETED
    assert (record.duration, record.ended_by) == (3, "callee")
    assert board.voice.spoken == []


@virtual_time
async def test_the_time_limit_ends_the_call() -> None:
    """TimeLimit counts from the answer."""
    board = Switchboard()
    placed = await board.place('<Response><Pause length="3600"/></Response>', time_limit=30.0)
    record = await board.over(placed.sid)
    await board.all_over()
    assert record.status is CallStatus.COMPLETED
    assert record.duration == 30
    assert 32015 in board.store.codes(placed.sid)


@virtual_time
async def test_digits_are_sent_before_the_document_begins() -> None:
    """SendDigits is pressed after the answer; the document's speech follows."""
    board = Switchboard()
    await board.place(TALK, send_digits="1w2")
    await board.all_over()
    (port,) = board.plane.ports.values()
    assert [played.digits for played in port.played] == ["1w2", ""]


@virtual_time
async def test_a_peer_that_never_answers_our_bye_does_not_keep_the_call() -> None:
    """The teardown limit frees leg and port; the SIP transaction may go on without them."""
    board = Switchboard()
    board.signalling.script("phone", Script(answers_bye=False))
    placed = await board.place(TALK)
    record = await board.over(placed.sid)
    assert record.status is CallStatus.COMPLETED
    assert asyncio.get_running_loop().time() < 10
    board.plane.assert_no_ports()
    await advance(40)
    board.check_nothing_left()


@virtual_time
async def test_a_200_that_crosses_our_cancel_is_hung_up() -> None:
    """RFC 3261 §9.1: an answer after CANCEL gets its ACK and a BYE; the call stays canceled."""
    board = Switchboard()
    board.signalling.script("phone", Script(answer_after=1))
    placed = await board.place(TALK)
    # The 200 is on the loop when the cancel is called.
    await advance(1)
    record = await board.exchange.cancel(ACCOUNT, placed.sid)
    record = await board.over(placed.sid)
    await board.all_over()
    assert record.status in {CallStatus.CANCELED, CallStatus.COMPLETED}
    assert board.signalling.log[-2:] == ["> BYE 1", "< 200 to BYE 1"]


@virtual_time
async def test_canceled_by_rest_while_it_rings() -> None:
    """Status=canceled before the answer."""
    board = Switchboard()
    board.signalling.script("phone", Script(answer_after=None))
    placed = await board.place(TALK)
    await advance(2)
    record = await board.exchange.cancel(ACCOUNT, placed.sid)
    assert record.status is CallStatus.CANCELED
    await board.all_over()
    assert board.app.told(placed.sid) == ["initiated", "ringing", "canceled"]


@virtual_time
async def test_hung_up_by_rest_while_it_talks() -> None:
    """Status=completed ends the verb; a second time it is refused."""
    board = Switchboard()
    placed = await board.place('<Response><Pause length="60"/></Response>')
    await advance(5)
    record = await board.exchange.hang_up(ACCOUNT, placed.sid)
    assert record.status is CallStatus.COMPLETED
    await board.all_over()
    with pytest.raises(IllegalCallState):
        await board.exchange.hang_up(ACCOUNT, placed.sid)


@virtual_time
async def test_redirected_by_rest() -> None:
    """The running verb is abandoned, the new document runs to its end, then the call ends."""
    board = Switchboard()
    placed = await board.place('<Response><Pause length="60"/><Say>never</Say></Response>')
    await advance(5)
    board.app.serve("/new", TALK)
    await board.exchange.redirect(ACCOUNT, placed.sid, ProgramStart(document=WebhookTarget(url=board.app.url("/new"))))
    record = await board.over(placed.sid)
    await board.all_over()
    assert [request.target.url for request in board.app.requests] == ["http://app.test/new"]
    assert [spoken.text for spoken in board.voice.spoken] == ["0123456789abcdef"]
    assert record.duration == 5


@virtual_time
async def test_a_closing_exchange_ends_every_call_and_takes_no_more() -> None:
    """Shutdown leaves nothing behind, whatever each call was doing."""
    board = Switchboard()
    board.signalling.script("ringing", Script(answer_after=None))
    await board.place('<Response><Pause length="60"/></Response>')
    await board.place(TALK, to="sip:ringing@192.0.2.9")
    await board.place("<Response><Dial><Sip>sip:ringing@192.0.2.9</Sip></Dial></Response>")
    await advance(3)
    await board.exchange.close()
    board.check_nothing_left()
    with pytest.raises(CallRefused):
        await board.place(TALK, to=PHONE)
