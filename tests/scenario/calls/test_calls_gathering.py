"""<Gather> on whole calls: keys from the caller's telephone, speech through the recogniser, and interruptions."""

import asyncio

import pytest

from offhook.calls.ports import ProgramStart, Utterance
from offhook.model.call import WebhookTarget
from offhook.testing.clock import advance, virtual_time
from offhook.testing.murmur import murmur
from offhook.testing.switchboard import Switchboard

VOICE = murmur(1.0)
HELLO = (Utterance(text="hello there", confidence=0.9),)


def answered(gather: str) -> Switchboard:
    """A caller who hears a <Gather>; the action is /done."""
    board = Switchboard()
    board.app.serve("/voice", f"<Response>{gather}<Say>nothing was said</Say></Response>")
    board.app.serve("/done", "<Response><Hangup/></Response>")
    board.answer_number_with("/voice")
    return board


def told(board: Switchboard, name: str) -> list[str]:
    """This parameter of the requests to the action."""
    return [one.parameters.get(name, "-") for one in board.app.asked("/done")]


@virtual_time
async def test_keys_of_the_caller() -> None:
    """Telephone-events of the caller's port; the action's document goes on."""
    board = answered("<Gather action='/done' numDigits='4'><Say>Your number, please.</Say></Gather>")
    session = board.call_in()
    await advance(1)
    board.plane.press(board.port_of(session), "12")
    await advance(1)
    board.plane.press(board.port_of(session), "34")
    await board.all_over()
    assert told(board, "Digits") == ["1234"]


@virtual_time
async def test_keys_may_be_typed_ahead() -> None:
    """While an earlier verb runs; they are there at once."""
    board = answered("<Say>A long, long welcome to everybody.</Say><Gather action='/done' numDigits='2'/>")
    session = board.call_in()
    await advance(0.5)
    board.plane.press(board.port_of(session), "42")
    await board.all_over()
    assert told(board, "Digits") == ["42"]


@virtual_time
async def test_keys_for_the_callee_are_not_typed_ahead() -> None:
    """What was pressed during <Dial> was meant for somebody else."""
    dial = "<Dial><Sip>sip:agent@example.com</Sip></Dial>"
    board = answered(f"{dial}<Gather action='/done' timeout='1' numDigits='1'/>")
    session = board.call_in()
    await advance(3)
    board.plane.press(board.port_of(session), "7")
    board.signalling.hang_up(board.signalling.session_to("agent").session)
    await board.all_over()
    assert told(board, "Digits") == []


@virtual_time
@pytest.mark.parametrize("attributes", ["input='speech'", "input='dtmf speech'"])
async def test_what_the_caller_says(attributes: str) -> None:
    """SpeechResult and Confidence, once the caller has been silent for as long as speechTimeout."""
    board = answered(f"<Gather action='/done' {attributes} speechTimeout='2' hints='hello, there' language='en-GB'/>")
    board.recogniser.scripts.append(HELLO)
    session = board.call_in()
    await advance(1)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(2.8)
    assert told(board, "SpeechResult") == []
    await board.all_over()
    assert (told(board, "SpeechResult"), told(board, "Confidence")) == (["hello there"], ["0.9"])
    (listening,) = board.recogniser.listenings
    assert (listening.order.language, listening.order.hints) == ("en-GB", ("hello", "there"))
    assert VOICE in bytes(listening.heard)
    assert listening.is_closed


@virtual_time
@pytest.mark.parametrize(("barge_in", "is_cut"), [("true", True), ("false", False)])
async def test_speech_cuts_the_prompt(barge_in: str, is_cut: bool) -> None:  # noqa: FBT001
    """Unless it must not."""
    prompt = f"<Say>{'A sentence that goes on and on. ' * 10}</Say>"
    board = answered(f"<Gather action='/done' input='speech' speechTimeout='1' bargeIn='{barge_in}'>{prompt}</Gather>")
    board.recogniser.scripts.append(HELLO)
    session = board.call_in()
    await advance(1)
    port = board.port_of(session)
    board.plane.speak(port, VOICE)
    await advance(0.5)
    assert bool(board.plane.ports[port].queue) != is_cut
    await board.all_over()
    assert told(board, "SpeechResult") == ["hello there"]


@virtual_time
async def test_partial_results_are_told_in_order() -> None:
    """Their answers are ignored; the final one goes to the action."""
    script = [
        Utterance(text="hel", is_final=False, stability=0.2),
        Utterance(text="hello", is_final=False, stability=0.9),
    ]
    board = answered("<Gather action='/done' input='speech' speechTimeout='1' partialResultCallback='/partial'/>")
    board.recogniser.scripts.append([*script, *HELLO])
    session = board.call_in()
    await advance(1)
    board.plane.speak(board.port_of(session), VOICE)
    await board.all_over()
    partial = [one.parameters for one in board.app.callbacks if one.event == "partial-result"]
    assert [(one["UnstableSpeechResult"], one["StableSpeechResult"], one["SequenceNumber"]) for one in partial] == [
        ("hel", "", "0"),
        ("", "hello", "1"),
    ]
    assert told(board, "SpeechResult") == ["hello there"]


@virtual_time
async def test_a_key_wins_over_speech() -> None:
    """The first kind of input that is there."""
    board = answered("<Gather action='/done' input='dtmf speech' numDigits='1' speechTimeout='1'/>")
    board.recogniser.scripts.append(HELLO)
    session = board.call_in()
    await advance(1)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(0.5)
    board.plane.press(board.port_of(session), "3")
    await board.all_over()
    assert (told(board, "Digits"), told(board, "SpeechResult")) == (["3"], ["-"])


@virtual_time
@pytest.mark.parametrize("way", ["nobody speaks", "nothing is understood", "it fails", "there is none"])
async def test_when_there_is_no_speech(way: str) -> None:
    """The next verb; a recogniser that fails is an error of the call (13340)."""
    board = answered("<Gather action='/done' input='speech' timeout='2' speechTimeout='1'/>")
    if way == "it fails":
        board.recogniser.scripts.append(HELLO)
        board.recogniser.fails = "no connection"
    if way == "there is none":
        board.recogniser.refuses = "none"
    session = board.call_in()
    await advance(1)
    if way != "nobody speaks":
        board.plane.speak(board.port_of(session), VOICE)
    await board.all_over()
    assert told(board, "SpeechResult") == []
    assert [one.text for one in board.voice.spoken] == ["nothing was said"]
    (record,) = board.records()
    assert board.store.codes(record.sid) == ([13340] if way in {"it fails", "there is none"} else [])


@virtual_time
@pytest.mark.parametrize("moment", [0.1, 1.0, 2.5, 4.0])
async def test_another_document_by_rest_at_any_moment(moment: float) -> None:
    """The Gather is left where it stands: during the prompt, between keys, while somebody speaks."""
    board = answered("<Gather action='/done' input='dtmf speech' timeout='9'><Say>A prompt of a second.</Say></Gather>")
    board.app.serve("/elsewhere", "<Response><Say>elsewhere</Say></Response>")
    board.recogniser.scripts.append(HELLO)
    session = board.call_in()
    await advance(moment)
    if moment > 2:
        board.plane.speak(board.port_of(session), VOICE)
        await advance(0.3)
    (record,) = board.records()
    start = ProgramStart(document=WebhookTarget(url=board.app.url("/elsewhere")))
    await board.exchange.redirect(record.account_sid, record.sid, start)
    await board.all_over()
    assert told(board, "Digits") == []
    assert board.voice.spoken[-1].text == "elsewhere"
    assert all(listening.is_closed for listening in board.recogniser.listenings)


@virtual_time
@pytest.mark.parametrize("moment", [0.1, 1.0, 3.0])
async def test_a_caller_who_hangs_up(moment: float) -> None:
    """No action is asked, and nothing is left."""
    board = answered("<Gather action='/done' input='dtmf speech'><Say>A prompt of a second.</Say></Gather>")
    session = board.call_in()
    await advance(moment)
    board.plane.press(board.port_of(session), "1")
    board.signalling.hang_up(session)
    await board.all_over()
    assert told(board, "Digits") == []


@virtual_time
async def test_noise_is_no_answer() -> None:
    """What nobody can understand costs the caller none of their time: they are listened to again."""
    board = answered("<Gather action='/done' input='speech' timeout='8' speechTimeout='1'/>")
    board.recogniser.scripts += [(), HELLO]
    session = board.call_in()
    for moment in (1, 4):
        await advance(moment)
        board.plane.speak(board.port_of(session), VOICE)
    await board.all_over()
    assert told(board, "SpeechResult") == ["hello there"]
    assert [VOICE in bytes(listening.heard) for listening in board.recogniser.listenings] == [True, True]
    assert all(listening.is_closed for listening in board.recogniser.listenings)


@virtual_time
async def test_who_speaks_may_press_the_finish_key() -> None:
    """It is not looked at once somebody speaks (contract 2 §1.7)."""
    board = answered("<Gather action='/done' input='dtmf speech' speechTimeout='1'/>")
    board.recogniser.scripts.append(HELLO)
    session = board.call_in()
    await advance(1)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(0.9)
    board.plane.press(board.port_of(session), "#")
    await board.all_over()
    assert told(board, "SpeechResult") == ["hello there"]


@virtual_time
async def test_words_win_over_keys() -> None:
    """Once some of them are understood, a key comes too late."""
    board = answered(
        "<Gather action='/done' input='dtmf speech' numDigits='1' speechTimeout='1' partialResultCallback='/partial'/>"
    )
    board.recogniser.scripts.append([Utterance(text="hel", is_final=False), *HELLO])
    session = board.call_in()
    await advance(1)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(0.9)
    board.plane.press(board.port_of(session), "3")
    await board.all_over()
    assert (told(board, "SpeechResult"), told(board, "Digits")) == (["hello there"], ["-"])


@virtual_time
async def test_a_recogniser_that_fails_leaves_the_keys() -> None:
    """And the prompt: the error (13340) is told, the caller notices nothing."""
    board = answered(
        "<Gather action='/done' input='dtmf speech' numDigits='1' speechTimeout='1'><Say>Press or speak.</Say></Gather>"
    )
    board.recogniser.scripts.append(HELLO)
    board.recogniser.fails = "no connection"
    session = board.call_in()
    await advance(1)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(4)
    board.plane.press(board.port_of(session), "6")
    await board.all_over()
    assert told(board, "Digits") == ["6"]
    (record,) = board.records()
    assert board.store.codes(record.sid) == [13340]


@virtual_time
@pytest.mark.parametrize("way", ["is silent for ever", "stops by itself"])
async def test_a_recogniser_that_does_not_keep_its_word(way: str) -> None:
    """Nobody waits for it longer than a minute, and it is not asked again and again."""
    board = answered("<Gather action='/done' input='speech' timeout='3' speechTimeout='1'/>")
    session = board.call_in()
    await advance(0.5)
    (listening,) = board.recogniser.listenings
    if way == "stops by itself":
        listening.close()
    else:
        listening.finish = lambda: None  # type: ignore[method-assign]
    board.plane.speak(board.port_of(session), VOICE)
    await board.all_over()
    assert [one.text for one in board.voice.spoken] == ["nothing was said"]
    (record,) = board.records()
    assert board.store.codes(record.sid) == [13340]
    assert len(board.recogniser.listenings) == 1


@virtual_time
async def test_a_prompt_that_may_not_be_cut_is_heard_to_its_end() -> None:
    """What was said meanwhile waits for it."""
    prompt = f"<Say>{'x' * 160}</Say>"  # 10 s
    board = answered(f"<Gather action='/done' input='speech' speechTimeout='1' bargeIn='false'>{prompt}</Gather>")
    board.recogniser.scripts.append(HELLO)
    session = board.call_in()
    await advance(1)
    board.plane.speak(board.port_of(session), VOICE)
    await advance(8.5)
    assert told(board, "SpeechResult") == []
    await board.all_over()
    assert told(board, "SpeechResult") == ["hello there"]


@virtual_time
@pytest.mark.parametrize("moment", [0.07 + 0.15 * step for step in range(30)])
@pytest.mark.parametrize("way", ["hangs up", "is sent elsewhere"])
async def test_whatever_happens_at_any_moment(way: str, moment: float) -> None:
    """During the prompt, before keys, between and after them: an action is asked once or never, and nothing is left."""
    board = answered(
        "<Gather action='/done' input='dtmf speech' timeout='1' actionOnEmptyResult='true'><Say>A second of it.</Say>"
        "</Gather>"
    )
    board.app.serve("/done", "<Response><Pause length='30'/></Response>")
    board.app.serve("/elsewhere", "<Response><Say>elsewhere</Say></Response>")
    session = board.call_in()

    def press() -> None:
        if board.plane.open_ports:
            board.plane.press(board.port_of(session), "1")

    for at in (1.5, 2.0):
        asyncio.get_running_loop().call_later(at, press)
    await advance(moment)
    (record,) = board.records()
    if way == "hangs up":
        board.signalling.hang_up(session)
    else:
        start = ProgramStart(document=WebhookTarget(url=board.app.url("/elsewhere")))
        await board.exchange.redirect(record.account_sid, record.sid, start)
    await board.all_over()
    assert told(board, "Digits") in ([], ["11"])
    assert bool(told(board, "Digits")) == (moment >= 3.0)
    assert (way == "hangs up") == ("elsewhere" not in [one.text for one in board.voice.spoken])
    assert all(listening.is_closed for listening in board.recogniser.listenings)
