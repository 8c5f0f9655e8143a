"""Recordings of whole calls: whose voice is in which channel, how long they are, and who is told."""

import pytest
from recorded_calls import CALLBACK, OTHER, SECOND, VOICE, answered, done, file, told

from offhook.calls.ports import ProgramStart
from offhook.calls.recording import RecordingOrder
from offhook.model.call import CallStatus, WebhookTarget
from offhook.testing.clock import advance, virtual_time
from offhook.testing.signalling import Script
from offhook.testing.switchboard import Switchboard


@virtual_time
async def test_a_message_after_the_beep() -> None:
    """Until the caller has been silent for `timeout`; trimmed, mono, and told of."""
    board = answered(f"<Record action='/done' timeout='3' {CALLBACK}/>")
    session = board.call_in()
    await advance(2)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(1)
    for _ in range(40):
        board.plane.speak(board.port_of(session), b"\x01\x00" * 800)  # a line that is open, and quiet
        await advance(0.1)
        if board.app.asked("/done"):
            break
    await board.all_over()
    assert done(board, "Digits") == [""]
    assert told(board, "RecordingStatus") == ["in-progress", "completed"]
    assert told(board, "RecordingSource") == ["RecordVerb"] * 2
    recorded = file(board)
    assert (recorded.channels, recorded.is_finished) == (1, True)
    assert VOICE[:8000] in bytes(recorded.samples)
    assert len(recorded.samples) <= 1.4 * SECOND
    (record,) = board.store.recorded.values()
    assert (record.status.value, record.duration, record.channels) == ("completed", 1, 1)
    assert done(board, "RecordingUrl")[0].endswith(f"/Recordings/{record.sid}")


@virtual_time
@pytest.mark.parametrize(("attributes", "key", "digits"), [("", "7", "7"), ("finishOnKey='#*'", "1*", "*")])
async def test_a_key_ends_it(attributes: str, key: str, digits: str) -> None:
    """Any, or one of those that are named."""
    board = answered(f"<Record action='/done' playBeep='false' {attributes}/>")
    session = board.call_in()
    await advance(0.5)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(1.5)
    board.plane.press(board.port_of(session), key)
    await board.all_over()
    assert done(board, "Digits") == [digits]
    assert done(board, "RecordingDuration") == ["2"]


@virtual_time
async def test_the_longest_message() -> None:
    """maxLength, however long one speaks."""
    board = answered("<Record action='/done' playBeep='false' maxLength='3' trim='do-not-trim'/>")
    session = board.call_in()
    await advance(0.1)
    board.plane.speak(board.port_of(session), VOICE * 9)
    await board.all_over()
    assert len(file(board).samples) == 3 * SECOND


@virtual_time
async def test_a_caller_who_hangs_up() -> None:
    """The action is told so, and what was said is kept."""
    board = answered("<Record action='/done' playBeep='false' timeout='0'/>")
    session = board.call_in()
    await advance(0.1)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(1.5)
    board.signalling.hang_up(session)
    await board.all_over()
    assert done(board, "Digits") == ["hangup"]
    assert VOICE[:8000] in bytes(file(board).samples)


@virtual_time
async def test_nothing_was_said() -> None:
    """absent, and no file is left."""
    board = answered(f"<Record action='/done' playBeep='false' timeout='0' maxLength='2' {CALLBACK}/>")
    board.call_in()
    await board.all_over()
    assert told(board, "RecordingStatus") == ["in-progress", "absent"]
    assert board.recordings.files == {}


@virtual_time
async def test_inline_documents_need_an_absolute_action() -> None:
    """11100 (contract 2 §1.8)."""
    board = Switchboard()
    start = ProgramStart(twiml="<Response><Record/></Response>")
    record = await board.place(start)
    await board.all_over()
    assert 11100 in board.store.codes(record.sid)


@virtual_time
@pytest.mark.parametrize(("mode", "channels"), [("record-from-answer", 1), ("record-from-answer-dual", 2)])
async def test_both_sides_of_a_dial(mode: str, channels: int) -> None:
    """Dual: channel 1 is the parent, channel 2 the child; mono has both."""
    dial = f"<Dial action='/done' record='{mode}' {CALLBACK}><Sip>sip:agent@example.com</Sip></Dial>"
    board = answered(dial)
    session = board.call_in()
    await advance(2)
    agent = board.signalling.session_to("agent").session
    board.plane.speak(board.port_of(session), VOICE)
    await advance(1.5)
    board.plane.speak(board.port_of(agent), OTHER)
    await advance(2)
    board.signalling.hang_up(agent)
    await board.all_over()
    recorded = file(board)
    assert recorded.channels == channels
    if channels == 2:
        assert VOICE in recorded.channel(0)
        assert OTHER in recorded.channel(1)
        assert VOICE not in recorded.channel(1)
    else:
        assert VOICE in bytes(recorded.samples)
        assert OTHER in bytes(recorded.samples)
    assert told(board, "RecordingSource") == ["DialVerb"] * 2
    assert told(board, "CallSid") == [board.records()[0].sid] * 2
    assert done(board, "RecordingSid") == [told(board, "RecordingSid")[0]]


@virtual_time
async def test_beside_the_document() -> None:
    """<Start><Recording> goes on while verbs run, <Stop> ends it by its name."""
    start = f"<Start><Recording name='r' {CALLBACK}/></Start><Pause length='2'/>"
    board = answered(f"{start}<Stop><Recording name='r'/></Stop><Pause length='3'/>")
    session = board.call_in()
    await advance(0.3)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(3)
    assert told(board, "RecordingStatus") == ["in-progress", "completed"]
    await board.all_over()
    assert file(board).channels == 2
    assert VOICE in file(board).channel(0)


@virtual_time
@pytest.mark.parametrize(("skips", "seconds"), [(False, 4), (True, 3)])
async def test_pause_and_resume(skips: bool, seconds: int) -> None:  # noqa: FBT001
    """Silence in the place of what was said, or nothing at all."""
    board = answered("<Say>hello</Say><Pause length='20'/>")
    session = board.call_in()
    await advance(1)
    (record,) = board.records()
    order = RecordingOrder(source="StartCallRecordingAPI")
    recording = await board.exchange.begin_recording(record.account_sid, record.sid, order)
    await advance(1.0)
    recording.pause(skips=skips)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(1.0)
    recording.resume()
    board.plane.speak(board.port_of(session), OTHER)
    await advance(2.0)
    found = await board.exchange.find_recording(record.account_sid, record.sid, "Twilio.CURRENT")
    assert found is recording
    recording.stop()
    await recording.over.wait()
    samples = bytes(file(board).samples)
    assert VOICE[:3200] not in samples
    assert OTHER[:8000] in samples
    assert len(samples) / SECOND == pytest.approx(seconds, abs=0.3)
    board.signalling.hang_up(session)
    await board.all_over()


@virtual_time
async def test_a_disk_that_is_full() -> None:
    """The call goes on, what was kept stays, and the application is told (12400)."""
    board = answered(f"<Start><Recording {CALLBACK}/></Start><Pause length='3'/><Say>still there</Say>")
    board.recordings.fail_after = 3200
    session = board.call_in()
    await advance(0.1)
    board.plane.speak(board.port_of(session), VOICE)
    await board.all_over()
    assert told(board, "RecordingStatus") == ["in-progress", "completed"]
    assert told(board, "ErrorCode")[-1] == "12400"
    assert board.store.codes(board.records()[0].sid) == [12400]
    assert board.voice.spoken[-1].text == "still there"


@virtual_time
async def test_another_document_by_rest() -> None:
    """A <Record> ends where it stands; its file is whole."""
    board = answered("<Record action='/done' playBeep='false'/>")
    board.app.serve("/elsewhere", "<Response><Say>elsewhere</Say></Response>")
    session = board.call_in()
    await advance(0.1)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(2)
    (record,) = board.records()
    start = ProgramStart(document=WebhookTarget(url=board.app.url("/elsewhere")))
    await board.exchange.redirect(record.account_sid, record.sid, start)
    await board.all_over()
    assert board.app.asked("/done") == []
    assert file(board).is_finished


@virtual_time
async def test_what_an_earlier_process_left() -> None:
    """It is complete as far as it got, silence at its end included."""
    board = answered("<Start><Recording/></Start><Pause length='2'/>")
    session = board.call_in()
    await advance(0.1)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(1.5)
    assert await board.exchange.mend_recordings() == 1
    (record,) = board.store.recorded.values()
    assert (record.status.value, record.duration) == ("completed", 2)
    await board.all_over()


@virtual_time
async def test_a_call_that_is_recorded_from_its_answer() -> None:
    """Record=true of the API: without the silence at its ends, and the last status callback says where it is."""
    board = Switchboard()
    order = RecordingOrder(source="OutboundAPI", is_trimmed=True, callback=WebhookTarget(url=board.app.url("/told")))
    record = await board.place("<Response><Pause length='9'/></Response>", to="sip:phone@192.0.2.8", recording=order)
    await advance(4)
    (session,) = board.signalling.sessions
    board.plane.speak(board.port_of(session), VOICE)
    await board.over(record.sid)
    assert file(board).channels == 1
    assert SECOND <= len(file(board).samples) < 1.5 * SECOND
    assert told(board, "RecordingSource")[-1] == "OutboundAPI"
    (last,) = [one.parameters for one in board.app.callbacks if one.parameters.get("CallStatus") == "completed"]
    (sid,) = board.recordings.files
    assert last["RecordingSid"] == sid
    assert last["RecordingUrl"].endswith(f"/Recordings/{sid}")
    assert last["RecordingDuration"] == "1"


@virtual_time
async def test_a_call_that_nobody_answers_is_not_recorded() -> None:
    """There is nothing to record, and nothing to tell of."""
    board = Switchboard()
    board.signalling.script("phone", Script(refuse_with=486))
    order = RecordingOrder(source="OutboundAPI")
    record = await board.place("<Response/>", to="sip:phone@192.0.2.8", recording=order)
    await board.over(record.sid)
    assert board.store.record(record.sid).status is CallStatus.BUSY
    assert not board.recordings.files
