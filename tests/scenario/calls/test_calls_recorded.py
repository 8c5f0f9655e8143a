"""Recordings of whole calls: whose voice is in which channel, how long they are, and who is told."""

from datetime import timedelta

import pytest

from offhook.audio.tones import tone
from offhook.calls.ports import ProgramStart
from offhook.calls.recording import RecordingOrder
from offhook.model.call import CallStatus, WebhookTarget
from offhook.testing.clock import EPOCH, advance, virtual_time
from offhook.testing.murmur import murmur
from offhook.testing.recordings import MemoryRecording
from offhook.testing.signalling import Script
from offhook.testing.switchboard import Switchboard
from offhook.twiml.verbs import Record

VOICE, OTHER = murmur(1.0), tone((500.0,), 1.0, level_dbfs=-15)
SECOND = 16_000  # octets
CALLBACK = "recordingStatusCallback='/told' recordingStatusCallbackEvent='in-progress completed absent'"


def answered(verbs: str) -> Switchboard:
    """A caller who gets these verbs."""
    board = Switchboard()
    board.app.serve("/voice", f"<Response>{verbs}</Response>")
    board.app.serve("/done", "<Response><Hangup/></Response>")
    board.answer_number_with("/voice")
    return board


def file(board: Switchboard) -> MemoryRecording:
    """The one recording."""
    (only,) = board.recordings.files.values()
    return only


def told(board: Switchboard, name: str) -> list[str]:
    """This parameter of the recording callbacks."""
    return [one.parameters.get(name, "-") for one in board.app.callbacks if "RecordingSid" in one.parameters]


def done(board: Switchboard, name: str) -> list[str]:
    """This parameter of the requests to the action."""
    return [one.parameters.get(name, "-") for one in board.app.asked("/done")]


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


@virtual_time
async def test_what_the_callbacks_say() -> None:
    """Every parameter of contract 2 §3.2; how long it is only when it is complete."""
    verbs = f"<Record action='/done' playBeep='false' timeout='0' maxLength='2' trim='do-not-trim' {CALLBACK}/>"
    board = answered(
        verbs.replace("recordingStatusCallbackEvent", "recordingStatusCallbackMethod='GET' {}").format(
            "recordingStatusCallbackEvent"
        )
    )
    board.call_in()
    await board.all_over()
    first, last = [one for one in board.app.callbacks if "RecordingSid" in one.parameters]
    assert [one.target.method.value for one in (first, last)] == ["GET", "GET"]
    (record,) = board.store.recorded.values()
    common = {
        "AccountSid": record.account_sid,
        "CallSid": board.records()[0].sid,
        "RecordingSid": record.sid,
        "RecordingUrl": f"http://127.0.0.1:8080/2010-04-01/Accounts/{record.account_sid}/Recordings/{record.sid}",
        "RecordingChannels": "1",
        "RecordingSource": "RecordVerb",
        "RecordingTrack": "inbound",
        "RecordingStartTime": "Mon, 05 Jan 2026 12:00:00 +0000",
        "ErrorCode": "0",
    }
    assert dict(first.parameters) == {**common, "RecordingStatus": "in-progress"}
    assert dict(last.parameters) == {**common, "RecordingStatus": "completed", "RecordingDuration": "2"}


@virtual_time
@pytest.mark.parametrize(
    ("events", "is_silent", "expected"),
    [
        ("", False, ["completed"]),
        ("", True, []),
        ("absent", False, []),
        ("absent", True, ["absent"]),
        ("in-progress", False, ["in-progress"]),
        ("completed in-progress", False, ["in-progress", "completed"]),
        ("begun", False, ["completed"]),
    ],
)
async def test_which_events_are_told(events: str, is_silent: bool, expected: list[str]) -> None:  # noqa: FBT001
    """Those that are asked for, else completed alone; a word that is none is a warning (13621)."""
    named = f"recordingStatusCallbackEvent='{events}'" if events else ""
    trim = "trim-silence" if is_silent else "do-not-trim"
    board = answered(
        f"<Record action='/done' playBeep='false' timeout='0' maxLength='2' trim='{trim}' "
        f"recordingStatusCallback='/told' {named}/>"
    )
    board.call_in()
    await board.all_over()
    assert told(board, "RecordingStatus") == expected
    assert board.store.codes(board.records()[0].sid) == ([13621] if events == "begun" else [])


@virtual_time
async def test_no_key_ends_it_when_none_is_named() -> None:
    """finishOnKey=''; what follows the verb is never reached."""
    board = answered(
        "<Record action='/done' playBeep='false' timeout='0' maxLength='9' finishOnKey=''/><Say>never</Say>"
    )
    session = board.call_in()
    await advance(1)
    board.plane.press(board.port_of(session), "1*#")
    await board.all_over()
    assert done(board, "Digits") == [""]
    assert done(board, "RecordingDuration") == ["9"]
    assert board.voice.spoken == []


@virtual_time
@pytest.mark.parametrize(("attribute", "beeps"), [("", True), ("playBeep='true'", True), ("playBeep='false'", False)])
async def test_the_beep_comes_before_the_recording(attribute: str, beeps: bool) -> None:  # noqa: FBT001
    """Half a second of it, unless it is not wanted; it is not in the file."""
    board = answered(f"<Record action='/done' timeout='0' maxLength='2' trim='do-not-trim' {attribute}/>")
    board.call_in()
    await board.all_over()
    (lasted,) = done(board, "RecordingDuration")
    assert lasted == "2"
    (record,) = board.store.recorded.values()
    assert record.start_time == EPOCH + timedelta(seconds=0.5 if beeps else 0)
    assert len(file(board).samples) == 2 * SECOND
    assert not any(file(board).samples)


@virtual_time
async def test_the_silence_of_a_line_that_sends_nothing_does_not_count() -> None:
    """Contract 2 §1.8: timeout is of silence that is received."""
    board = answered("<Record action='/done' playBeep='false' timeout='2' maxLength='30'/>")
    session = board.call_in()
    await advance(10)
    assert board.app.asked("/done") == []
    for _ in range(30):
        if not board.app.asked("/done"):
            board.plane.speak(board.port_of(session), b"\x01\x00" * 800)
        await advance(0.1)
    await board.all_over()
    (length,) = done(board, "RecordingDuration")
    assert 12 <= int(length) <= 13


@virtual_time
@pytest.mark.parametrize(
    ("attribute", "codes"),
    [
        ("maxLength='0'", [13612]),
        ("maxLength='86401'", [13612]),
        ("maxLength='86400'", []),
        ("timeout='-1'", [13611]),
        ("finishOnKey='x'", [13613]),
        ("transcribe='yes'", [13614]),
        ("transcribe='true'", [13617]),
        ("transcribe='true' maxLength='121'", [13615, 13617]),
        ("playBeep='1'", [13616]),
        ("method='PUT'", [13610]),
        ("transcribe='true' transcribeCallback='mailto:x'", [13257, 13617]),
    ],
)
async def test_attributes_that_make_no_sense(attribute: str, codes: list[int]) -> None:
    """A warning, and it is recorded; a second of it is too short to be transcribed."""
    board = answered(f"<Record action='/done' trim='do-not-trim' {attribute}/>")
    session = board.call_in()
    await advance(2)
    board.signalling.hang_up(session)
    await board.all_over()
    assert done(board, "Digits") == ["hangup"]
    assert board.store.codes(board.records()[0].sid) == codes


@pytest.mark.parametrize(
    ("verb", "seconds"),
    [(Record(), 3600), (Record(transcribe=True), 120), (Record(transcribe=True, max_length=9), 9)],
)
def test_the_longest_without_maxlength(verb: Record, seconds: int) -> None:
    """An hour, or two minutes of what is transcribed."""
    assert verb.longest == seconds
