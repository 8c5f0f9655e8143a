"""<Record> and recordings by the letter: attributes, events, what callbacks say, which one is meant (contract 2 §3)."""

from datetime import timedelta

import pytest
from recorded_calls import CALLBACK, SECOND, VOICE, answered, done, file, told

from offhook.calls.errors import IllegalCallState
from offhook.calls.recording import Recording, RecordingOrder
from offhook.testing.clock import EPOCH, advance, virtual_time
from offhook.twiml.verbs import Record


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


@virtual_time
async def test_the_current_recording_is_the_only_one() -> None:
    """Of two that run neither is meant; of none there is none; four may run at a time (contract 2 §3.4)."""
    board = answered("<Say>hello</Say><Pause length='20'/>")
    board.call_in()
    await advance(1)
    (record,) = board.records()

    async def current() -> Recording | None:
        return await board.exchange.find_recording(record.account_sid, record.sid, "Twilio.CURRENT")

    assert await current() is None
    order = RecordingOrder(source="StartCallRecordingAPI")
    begun = [await board.exchange.begin_recording(record.account_sid, record.sid, order) for _ in range(2)]
    with pytest.raises(IllegalCallState):
        await current()
    begun[0].stop()
    assert await current() is begun[1]
    for _ in range(3):
        await board.exchange.begin_recording(record.account_sid, record.sid, order)
    with pytest.raises(IllegalCallState):
        await board.exchange.begin_recording(record.account_sid, record.sid, order)
    await board.all_over()
    with pytest.raises(IllegalCallState):
        await board.exchange.begin_recording(record.account_sid, record.sid, order)


@virtual_time
async def test_a_callback_that_is_no_url_keeps_nothing_from_being_recorded() -> None:
    """13256, and it goes on."""
    board = answered(
        "<Record action='/done' playBeep='false' timeout='0' maxLength='2' recordingStatusCallback='ftp://x'/>"
    )
    session = board.call_in()
    await advance(0.1)
    board.plane.speak(board.port_of(session), VOICE)
    await board.all_over()
    assert board.store.codes(board.records()[0].sid) == [13256]
    assert [one.status.value for one in board.store.recorded.values()] == ["completed"]
    assert told(board, "RecordingSid") == []
