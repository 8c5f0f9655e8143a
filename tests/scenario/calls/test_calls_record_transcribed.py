"""<Record transcribe>: what the caller said is understood when that is complete, and told (contract 2 §1.8)."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from offhook.calls.ports import Utterance
from offhook.calls.transcriber import Transcriber, TranscriberLimits
from offhook.model.call import WebhookTarget
from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.model.transcript import Transcript, TranscriptStatus
from offhook.testing.clock import EPOCH, advance, virtual_time
from offhook.testing.murmur import murmur
from offhook.testing.switchboard import ACCOUNT, Switchboard

RECORD = "<Record action='/done' playBeep='false' trim='do-not-trim' timeout='0' transcribe='{}' maxLength='{}' {}/>"
TOLD = "transcribeCallback='/transcribed'"
SAID = [Utterance(text="call me"), Utterance(text="to", is_final=False), Utterance(text="tomorrow")]


def board_of(transcribe: str = "true", longest: int = 5, more: str = TOLD) -> Switchboard:
    """A caller whose message of so many seconds is recorded."""
    board = Switchboard()
    board.recogniser.scripts = [SAID]
    board.app.serve("/voice", f"<Response>{RECORD.format(transcribe, longest, more)}</Response>")
    board.app.serve("/done", "<Response><Hangup/></Response>")
    board.answer_number_with("/voice")
    return board


async def recorded(board: Switchboard) -> None:
    """A call that came in, said something until maxLength, and is over; what follows it has happened."""
    session = board.call_in()
    await advance(1)
    board.plane.speak(board.port_of(session), murmur(1.0))
    await board.all_over()
    await advance(60)


def told(board: Switchboard) -> list[dict[str, str]]:
    """The parameters of the callbacks about transcriptions."""
    return [dict(one.parameters) for one in board.app.callbacks if one.target.url.endswith("/transcribed")]


def only(board: Switchboard) -> Transcript:
    """The one transcript."""
    (transcript,) = board.transcripts.kept.values()
    return transcript


@virtual_time
async def test_what_was_said_is_told_after_the_call() -> None:
    """By POST, with everything the contract names; final results alone; the call's cookies are forgotten again."""
    board = board_of()
    await recorded(board)
    (record,) = board.store.recorded.values()
    (call,) = board.records()
    transcript = only(board)
    base = f"http://127.0.0.1:8080/2010-04-01/Accounts/{ACCOUNT}/Recordings/{record.sid}"
    (one,) = told(board)
    expected = {
        "TranscriptionSid": transcript.sid,
        "TranscriptionText": "call me tomorrow",
        "TranscriptionStatus": "completed",
        "TranscriptionType": "fast",
        "TranscriptionUrl": f"{base}/Transcriptions/{transcript.sid}",
        "RecordingSid": record.sid,
        "RecordingUrl": base,
        "CallSid": call.sid,
        "AccountSid": ACCOUNT,
        "From": call.from_,
        "To": call.to,
        "CallStatus": "completed",
        "ApiVersion": "2010-04-01",
        "Direction": "inbound",
    }
    assert expected.items() <= one.items()
    (request,) = [one for one in board.app.callbacks if one.target.url.endswith("/transcribed")]
    assert request.target.method.value == "POST"
    assert (transcript.status, transcript.duration) == (TranscriptStatus.COMPLETED, 5)
    (listening,) = board.recogniser.listenings
    assert bytes(listening.heard) == bytes(board.recordings.files[record.sid].samples)
    assert (listening.order.language, listening.order.is_recorded, listening.is_closed) == ("en-US", True, True)
    assert board.app.forgotten[-1] == call.sid
    assert board.store.codes(call.sid) == []


@virtual_time
@pytest.mark.parametrize(("transcribe", "more"), [("false", ""), ("false", TOLD)])
async def test_nothing_is_understood_that_was_not_asked_for(transcribe: str, more: str) -> None:
    """A transcribeCallback without transcribe="true" is no order."""
    board = board_of(transcribe, more=more)
    await recorded(board)
    assert (board.transcripts.kept, board.recogniser.listenings, told(board)) == ({}, [], [])


@virtual_time
async def test_without_a_callback_it_is_kept_and_nobody_is_told() -> None:
    """It can be fetched."""
    board = board_of(more="")
    await recorded(board)
    assert (only(board).text, told(board)) == ("call me tomorrow", [])


@virtual_time
@pytest.mark.parametrize(
    ("longest", "codes", "count"), [(2, [13617], 0), (3, [], 1), (120, [], 1), (122, [13615, 13617], 0)]
)
async def test_from_two_seconds_to_two_minutes(longest: int, codes: list[int], count: int) -> None:
    """Else there is a warning, and no transcript."""
    board = board_of(longest=longest)
    await recorded(board)
    (call,) = board.records()
    assert (board.store.codes(call.sid), len(told(board)), len(board.transcripts.kept)) == (codes, count, count)


@virtual_time
@pytest.mark.parametrize("trouble", ["refuses", "fails", "silence", "late"])
async def test_what_is_not_understood_is_told_as_failed(trouble: str) -> None:
    """No recogniser, one that fails or takes for ever: 13619. Silence is nobody's fault."""
    board = board_of()
    if trouble == "silence":
        board.recogniser.scripts = []
    elif trouble == "late":
        limits = TranscriberLimits(longest=0.1)
        world = replace(board.world, transcriber=Transcriber(board.world, board.transcripts, board.run, limits))
        board.use(world)
    else:
        setattr(board.recogniser, trouble, "out of order")
    await recorded(board)
    (call,) = board.records()
    assert board.store.codes(call.sid) == ([] if trouble == "silence" else [13619])
    (one,) = told(board)
    assert (one["TranscriptionStatus"], one["TranscriptionText"]) == ("failed", "")
    assert only(board).status is TranscriptStatus.FAILED


@virtual_time
async def test_a_recording_that_is_absent_is_not_told_of() -> None:
    """Nothing was kept of it."""
    board = board_of()
    board.recordings.fail_after = 0
    await recorded(board)
    assert (told(board), board.transcripts.kept) == ([], {})


def a_recording(number: int, *, call: str = "CA" + "1" * 32, **changes: object) -> RecordingRecord:
    """One that is complete, of a call that nobody remembers."""
    record = RecordingRecord(
        sid=f"RE{number:032x}",
        account_sid=ACCOUNT,
        call_sid=call,  # type: ignore[arg-type]
        status=RecordingStatus.COMPLETED,
        source="RecordVerb",
        channels=1,
        track="inbound",
        date_created=EPOCH,
        date_updated=EPOCH,
        is_transcribed=True,
        transcribe_callback=WebhookTarget(url="http://app.test/transcribed"),
    )
    return changed(record, **changes)


async def keep(board: Switchboard, *records: RecordingRecord) -> None:
    """Recordings of four seconds with their sound."""
    for record in records:
        board.store.save_recording(record)
        board.recordings.create(record.sid, 1).append(murmur(4.0))


@virtual_time
async def test_one_at_a_time_and_no_more_than_may_wait() -> None:
    """The first is understood, the second waits, the third is told as failed; all are told."""
    board = Switchboard()
    board.recogniser.scripts = [[Utterance(text=text)] for text in ("one", "two")]
    records = [a_recording(number) for number in range(3)]
    await keep(board, *records)
    limits = TranscriberLimits(at_once=1, waiting=1)
    transcriber = Transcriber(board.world, board.transcripts, board.run, limits)
    transcriber.begin(records[0], 4.0)
    await advance(0.1)
    for record in records[1:]:
        transcriber.begin(record, 4.0)
    assert len(board.recogniser.listenings) == 1
    await advance(60)
    shown = {one["RecordingSid"]: one["TranscriptionText"] for one in told(board)}
    assert shown == {records[0].sid: "one", records[1].sid: "two", records[2].sid: ""}
    assert board.store.codes(records[0].call_sid) == [13619]


@virtual_time
@pytest.mark.parametrize("when", ["before", "meanwhile"])
async def test_a_recording_that_is_deleted_is_not_transcribed(when: str) -> None:
    """Before its turn comes, or while it is being understood: failed, 13618."""
    board = Switchboard()
    board.recogniser.scripts = [SAID]
    record = a_recording(1)
    await keep(board, record)
    board.world.transcriber.begin(record, 4.0)
    if when == "meanwhile":
        await advance(0.05)
    await board.store.delete_recording(ACCOUNT, record.sid, EPOCH, EPOCH)
    await board.recordings.delete(record.sid)
    await advance(60)
    assert [one["TranscriptionStatus"] for one in told(board)] == ["failed"]
    assert board.store.codes(record.call_sid) == [13618]


@virtual_time
async def test_a_transcript_that_is_deleted_meanwhile_stays_deleted() -> None:
    """And nobody is told of it."""
    board = Switchboard()
    board.recogniser.scripts = [SAID]
    record = a_recording(1)
    await keep(board, record)
    board.world.transcriber.begin(record, 4.0)
    await advance(0.05)
    assert await board.transcripts.delete(ACCOUNT, only(board).sid)
    await advance(60)
    assert (board.transcripts.kept, told(board)) == ({}, [])


@virtual_time
async def test_the_next_process_begins_anew() -> None:
    """What was in progress is understood, but not a fourth time: it may be what ended the process."""
    board = Switchboard()
    board.recogniser.scripts = [SAID]
    records = [a_recording(1), a_recording(2)]
    await keep(board, *records)
    for record, attempts in zip(records, (2, 3), strict=True):
        board.transcripts.add(
            Transcript(
                sid=record.sid.replace("RE", "TR"),
                account_sid=ACCOUNT,
                call_sid=record.call_sid,
                recording_sid=record.sid,
                status=TranscriptStatus.IN_PROGRESS,
                date_created=EPOCH,
                date_updated=EPOCH,
                duration=4,
                callback=record.transcribe_callback,
                attempts=attempts,
            )
        )
    assert await Transcriber(board.world, board.transcripts, board.run).resume() == 2
    await advance(60)
    shown = {one["RecordingSid"]: one["TranscriptionText"] for one in told(board)}
    assert shown == {records[0].sid: "call me tomorrow", records[1].sid: ""}
    assert await board.transcripts.unfinished() == []


@virtual_time
async def test_a_recording_that_a_crash_cut_off_is_transcribed_once_it_is_mended() -> None:
    """As was ordered when it was begun."""
    board = Switchboard()
    board.recogniser.scripts = [SAID]
    await keep(board, a_recording(1, status=RecordingStatus.IN_PROGRESS))
    assert await board.exchange.mend_recordings() == 1
    await advance(60)
    assert [one["TranscriptionText"] for one in told(board)] == ["call me tomorrow"]
