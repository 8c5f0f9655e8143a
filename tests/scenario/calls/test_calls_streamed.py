"""Media streams of whole calls: what servers hear and say, marks, keys, and every way in which it ends."""

import pytest

from offhook.audio.tones import tone
from offhook.calls.errors import StreamFailed
from offhook.calls.ports import (
    ClearGiven,
    MarkGiven,
    Nonsense,
    ProgramStart,
    Sound,
    SoundGiven,
    StreamSound,
    StreamStopped,
)
from offhook.calls.stream import MOST_NONSENSE, StreamOrder
from offhook.model.call import WebhookTarget
from offhook.testing.clock import advance, virtual_time
from offhook.testing.sockets import FakeSocket
from offhook.testing.switchboard import Switchboard

VOICE = tone((300.0,), 1.0, level_dbfs=-15)
URL = "wss://bot.example/stream"
CALLBACK = "statusCallback='/told'"


def answered(verbs: str) -> Switchboard:
    """A caller who gets these verbs."""
    board = Switchboard()
    board.app.serve("/voice", f"<Response>{verbs}</Response>")
    board.app.serve("/done", "<Response><Hangup/></Response>")
    board.answer_number_with("/voice")
    return board


def told(board: Switchboard) -> list[str]:
    """The stream events that callbacks told."""
    return [one.parameters["StreamEvent"] for one in board.app.callbacks if "StreamEvent" in one.parameters]


def socket(board: Switchboard) -> FakeSocket:
    """The one connection."""
    (opened,) = board.sockets.opened
    return opened


@virtual_time
async def test_a_server_hears_the_caller() -> None:
    """<Start> goes on at once; the server hears until the end of the call, and nothing it says is played."""
    board = answered(f"<Start><Stream url='{URL}' name='bot' {CALLBACK}/></Start><Pause length='3'/>")
    session = board.call_in()
    await advance(0.5)
    board.plane.speak(board.port_of(session), VOICE)
    socket(board).say(SoundGiven(VOICE), MarkGiven("one"))
    await advance(1)
    assert board.plane.ports[board.port_of(session)].played == []
    await board.all_over()
    server = socket(board)
    assert VOICE in server.heard()
    assert (server.started.tracks, server.marks()) == (("inbound",), [])
    assert server.started.call_sid == board.records()[0].sid
    assert isinstance(server.told[-1], StreamStopped)
    assert server.is_closed
    assert told(board) == ["stream-started", "stream-stopped"]
    (started, _) = [one.parameters for one in board.app.callbacks if "StreamEvent" in one.parameters]
    assert (started["StreamName"], started["StreamSid"]) == ("bot", server.started.stream_sid)


@virtual_time
async def test_both_tracks_are_of_the_same_moments() -> None:
    """One number counts on over both; times are in milliseconds since the beginning."""
    board = answered(f"<Start><Stream url='{URL}' track='both_tracks'/></Start><Play>/tone.wav</Play>")
    board.app.serve_sound("/tone.wav", Sound(samples=VOICE))
    board.call_in()
    await board.all_over()
    server = socket(board)
    sounds = [one for one in server.told if isinstance(one, StreamSound)]
    assert [one.chunk for one in sounds] == list(range(1, len(sounds) + 1))
    assert [(one.track, one.at) for one in sounds[:4]] == [
        ("outbound", 0), ("inbound", 0), ("outbound", 20), ("inbound", 20),
    ]  # fmt: skip
    assert VOICE[:8000] in server.heard("outbound")
    assert not any(server.heard("inbound"))


@virtual_time
async def test_a_conversation() -> None:
    """<Connect>: sound of any size is played in order, marks come back when it has been, keys are told."""
    board = answered(f"<Connect action='/done'><Stream url='{URL}'><Parameter name='a' value='b'/></Stream></Connect>")
    session = board.call_in()
    await advance(0.1)
    server = socket(board)
    assert dict(server.started.parameters) == {"a": "b"}
    server.say(MarkGiven("at once"), SoundGiven(VOICE[:5000]), SoundGiven(VOICE[5000:]), MarkGiven("after"))
    board.plane.press(board.port_of(session), "5#")
    await advance(0.9)
    assert (server.marks(), server.digits()) == (["at once"], "5#")
    await advance(0.2)
    assert server.marks() == ["at once", "after"]
    assert board.app.asked("/done") == []
    server.hang_up()
    await board.all_over()
    assert len(board.app.asked("/done")) == 1


@virtual_time
async def test_clear_empties_the_queue_and_gives_the_marks_back() -> None:
    """All of them, in order; what comes after is played."""
    board = answered(f"<Connect><Stream url='{URL}'/></Connect>")
    session = board.call_in()
    await advance(0.1)
    server, port = socket(board), board.port_of(session)
    server.say(SoundGiven(VOICE), MarkGiven("one"), SoundGiven(VOICE), MarkGiven("two"))
    await advance(0.5)
    server.say(ClearGiven())
    await advance(0.1)
    assert server.marks() == ["one", "two"]
    assert not board.plane.ports[port].queue
    server.say(SoundGiven(VOICE[:1600]), MarkGiven("three"))
    await advance(0.2)
    assert server.marks() == ["one", "two", "three"]
    server.hang_up()
    await board.all_over()


@virtual_time
@pytest.mark.parametrize("verb", ["Start", "Connect"])
async def test_a_server_that_cannot_be_reached(verb: str) -> None:
    """The call goes on: with the next verb."""
    board = answered(f"<{verb}><Stream url='{URL}' {CALLBACK}/></{verb}><Say>well then</Say>")
    board.sockets.refuse_with = StreamFailed(31902, "nobody is there")
    board.call_in()
    await board.all_over()
    assert told(board) == ["stream-error"]
    assert board.store.codes(board.records()[0].sid) == [31902]
    assert board.voice.spoken[-1].text == "well then"
    assert board.records()[0].status.value == "completed"


@virtual_time
async def test_a_connection_that_breaks() -> None:
    """31921, once; what it had given to play is dropped."""
    board = answered(f"<Connect><Stream url='{URL}' {CALLBACK}/></Connect><Say>well then</Say>")
    board.call_in()
    await advance(0.1)
    socket(board).say(SoundGiven(VOICE * 9))
    await advance(0.5)
    socket(board).hang_up(StreamFailed(31921, "gone"))
    await board.all_over()
    assert told(board) == ["stream-started", "stream-error"]
    assert board.store.codes(board.records()[0].sid) == [31921]
    assert board.voice.spoken[-1].text == "well then"


@virtual_time
async def test_a_server_that_talks_nonsense() -> None:
    """One notice; a server that never stops is hung up on (31951)."""
    board = answered(f"<Connect><Stream url='{URL}'/></Connect>")
    board.call_in()
    await advance(0.1)
    socket(board).say(Nonsense("what?"))
    await advance(0.1)
    assert not socket(board).is_closed
    socket(board).say(*[Nonsense("what?")] * MOST_NONSENSE)
    await board.all_over()
    assert board.store.codes(board.records()[0].sid) == [31951, 31951]


@virtual_time
async def test_sound_without_end_is_limited() -> None:
    """What would wait for more than stream_queue seconds is left out."""
    board = answered(f"<Connect><Stream url='{URL}'/></Connect>")
    session = board.call_in()
    await advance(0.1)
    socket(board).say(*[SoundGiven(VOICE)] * 700)
    await advance(1)
    assert len(board.plane.ports[board.port_of(session)].played) == 600
    socket(board).hang_up()
    await board.all_over()


@virtual_time
async def test_a_slow_server_is_told_of() -> None:
    """31950, at the end."""
    board = answered(f"<Start><Stream url='{URL}'/></Start><Pause length='1'/>")
    board.call_in()
    await advance(0.5)
    socket(board).dropped = 7
    await board.all_over()
    assert board.store.codes(board.records()[0].sid) == [31950]


@virtual_time
async def test_stop_by_name() -> None:
    """<Stop> ends the one and leaves the other; a name that nothing has is a warning."""
    start = f"<Start><Stream url='{URL}' name='a'/></Start><Start><Stream url='{URL}' name='b'/></Start>"
    stop = "<Stop><Stream name='a'/></Stop><Stop><Stream name='c'/></Stop>"
    board = answered(f"{start}<Pause length='1'/>{stop}<Pause length='1'/>")
    board.call_in()
    await advance(1.5)
    one, other = board.sockets.opened
    assert (one.is_closed, other.is_closed) == (True, False)
    await board.all_over()
    assert other.is_closed
    assert board.store.codes(board.records()[0].sid) == [12200]


@virtual_time
async def test_four_tracks_and_one_conversation() -> None:
    """Contract 2 §2.6; the fifth track is a warning, the call goes on."""
    stream = f"<Start><Stream url='{URL}' track='both_tracks'/></Start>"
    board = answered(f"{stream * 3}<Say>go on</Say>")
    board.call_in()
    await board.all_over()
    assert len(board.sockets.opened) == 2
    assert len(board.store.codes(board.records()[0].sid)) == 1
    assert board.voice.spoken[-1].text == "go on"


@virtual_time
async def test_a_stream_in_the_way() -> None:
    """Outbound tracks are not for <Connect> (31941), and a stream without a URL is none (31923)."""
    board = answered(f"<Connect><Stream url='{URL}' track='both_tracks'/></Connect><Connect><Stream/></Connect>")
    board.call_in()
    await advance(0.1)
    assert socket(board).started.tracks == ("inbound",)
    socket(board).hang_up()
    await board.all_over()
    assert board.store.codes(board.records()[0].sid) == [31941, 31923]


@virtual_time
@pytest.mark.parametrize("moment", [0.01, 0.05, 0.5, 1.5])
async def test_another_document_by_rest(moment: float) -> None:
    """While it connects, streams or plays: the stream ends, the new document is heard whole."""
    board = answered(f"<Connect action='/done'><Stream url='{URL}'/></Connect>")
    board.sockets.delay = 0.1
    board.app.serve("/elsewhere", "<Response><Say>elsewhere</Say></Response>")
    board.call_in()
    await advance(moment)
    if board.sockets.opened:
        socket(board).say(SoundGiven(VOICE * 9))
        await advance(0.1)
    (record,) = board.records()
    start = ProgramStart(document=WebhookTarget(url=board.app.url("/elsewhere")))
    await board.exchange.redirect(record.account_sid, record.sid, start)
    await board.all_over()
    assert board.app.asked("/done") == []
    assert board.voice.spoken[-1].text == "elsewhere"
    assert all(one.is_closed for one in board.sockets.opened)
    assert board.store.codes(record.sid) == []


@virtual_time
async def test_by_rest() -> None:
    """Begun and stopped on a live call, by name or SID."""
    board = answered("<Pause length='9'/>")
    board.app.serve("/voice", "<Response><Say>hello</Say><Pause length='9'/></Response>")
    board.call_in()
    await advance(1)
    (record,) = board.records()
    stream = await board.exchange.stream(record.account_sid, record.sid, StreamOrder(url=URL, name="x"))
    await advance(1)
    states = [stream.is_running]
    found = await board.exchange.find_stream(record.account_sid, record.sid, "x")
    assert found is stream
    found.stop()
    await advance(0.1)
    states.append(stream.is_running)
    assert states == [True, False]
    assert socket(board).is_closed
    await board.all_over()
