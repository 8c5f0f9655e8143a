"""<Gather> on a stage: prompts, keys, time, and what the action is asked."""

import asyncio

import pytest

from offhook.calls.ports import ProgramStart, Sound
from offhook.interpreter.run import Program
from offhook.model.call import WebhookTarget
from offhook.testing.clock import virtual_time
from offhook.testing.stage import Stage
from offhook.testing.webapp import Failure

START = ProgramStart(document=WebhookTarget(url="http://app.test/flows/voice"))
ASKED = "<Response><Gather{attributes}>{prompts}</Gather><Say>none</Say></Response>"  # 0.25 s


async def turn(stage: Stage, attributes: str, keys: dict[float, str], prompts: str = "") -> None:
    """Run a <Gather> that a <Say> follows, with keys at their moments."""
    application = stage.world.webhooks
    application.serve("/flows/voice", ASKED.format(attributes=f" {attributes}", prompts=prompts))
    application.serve("/flows/done", "<Response/>")
    loop = asyncio.get_running_loop()
    for at, digits in keys.items():
        loop.call_later(at, stage.press, digits)
    await Program().run(stage, START)


def gathered(stage: Stage, url: str = "/flows/done") -> list[str]:
    """The Digits that the action was told."""
    return [one.parameters["Digits"] for one in stage.world.webhooks.asked(url) if "Digits" in one.parameters]


@virtual_time
@pytest.mark.parametrize(
    ("attributes", "keys", "digits", "ends"),
    [
        ("numDigits='3'", {1: "1", 2: "2", 3: "3"}, ["123"], 3),
        ("", {1: "12#"}, ["12"], 1),
        ("", {1: "12"}, ["12"], 6),
        ("timeout='2'", {1: "1", 2.5: "2"}, ["12"], 4.5),
        ("timeout='2'", {}, [], 2.25),
        ("", {1: "#"}, [], 1.25),
        ("actionOnEmptyResult='true'", {}, [""], 5),
        ("actionOnEmptyResult='true'", {1: "#"}, [""], 1),
        ("finishOnKey='' numDigits='2'", {1: "#*"}, ["#*"], 1),
        ("finishOnKey='0'", {1: "#0"}, ["#"], 1),
        ("numDigits='1'", {1: "A"}, ["A"], 1),
        ("timeout='auto'", {}, [], 5.25),
    ],
)
async def test_when_the_input_is_whole(attributes: str, keys: dict[float, str], digits: list[str], ends: float) -> None:
    """numDigits, finishOnKey, timeout; without input the next verb is run, a lone finish key is none."""
    stage = Stage()
    await turn(stage, f"action='done' {attributes}", keys)
    assert gathered(stage) == digits
    assert asyncio.get_running_loop().time() == pytest.approx(ends)


@virtual_time
async def test_a_key_stops_the_prompt() -> None:
    """And time counts from it."""
    stage = Stage()
    await turn(stage, "action='done' timeout='3'", {0.5: "7"}, "<Say>a very long sentence that goes on</Say>")
    assert gathered(stage) == ["7"]
    assert asyncio.get_running_loop().time() == pytest.approx(3.5)


@virtual_time
async def test_time_counts_from_the_end_of_the_prompt() -> None:
    """All of it: speech, sound and pause."""
    stage = Stage()
    stage.world.webhooks.serve_sound("/flows/a.wav", Sound(samples=bytes(16000)))
    await turn(stage, "timeout='2'", {}, "<Say>hello</Say><Play>a.wav</Play><Pause length='2'/>")
    assert asyncio.get_running_loop().time() == pytest.approx(0.3125 + 1 + 2 + 2 + 0.25)


@virtual_time
async def test_sounds_are_fetched_before_anything_is_heard() -> None:
    """Contract 2 §1.7, rule 1; side by side."""
    stage = Stage()
    for name in ("a", "b"):
        stage.world.webhooks.serve_sound(f"/flows/{name}.wav", Sound(samples=bytes(160)), delay=2.0)
    await turn(stage, "timeout='1'", {}, "<Play>a.wav</Play><Play>b.wav</Play>")
    assert [line for line in stage.transcript if "play" in line][:1] == ["2 play 0.01 s"]


@virtual_time
@pytest.mark.parametrize(("code", "told"), [(12300, 13325), (11200, 11200)])
async def test_a_sound_that_cannot_be_had(code: int, told: int) -> None:
    """A wrong type has a code of its own here; either is the fallback's case."""
    stage = Stage()
    stage.world.webhooks.serve_sound("/flows/a.wav", Failure(error_code=code, message="no"))
    await turn(stage, "", {}, "<Play>a.wav</Play>")
    assert stage.codes() == [told]


@virtual_time
async def test_the_action_of_a_document_is_the_document_itself() -> None:
    """When none is given; one that came inline has none, which matters once there is input."""
    stage = Stage()
    document = "<Response><Gather numDigits='1'/><Hangup/></Response>"
    stage.world.webhooks.serve("/flows/voice", document, "<Response/>")
    asyncio.get_running_loop().call_later(1, stage.press, "5")
    await Program().run(stage, START)
    assert gathered(stage, "/flows/voice") == ["5"]
    for keys, codes in (("", []), ("5", [11100])):
        inline = Stage()
        inline.press(keys)
        await Program().run(inline, ProgramStart(twiml=document))
        assert inline.codes() == codes


@virtual_time
async def test_keys_that_are_left_over_wait_for_the_next_one() -> None:
    """Type-ahead: a caller who knows the way presses on."""
    stage = Stage()
    menu = "<Response><Gather numDigits='1' action='/next'/></Response>"
    stage.world.webhooks.serve("/flows/voice", menu)
    stage.world.webhooks.serve("/next", menu, "<Response/>")
    stage.press("12")
    await Program().run(stage, START)
    assert gathered(stage, "/next") == ["1", "2"]
    assert asyncio.get_running_loop().time() == 0


@virtual_time
async def test_a_stranger_to_speech() -> None:
    """Without a recogniser the keys still count, and the application is told (13340)."""
    stage = Stage()
    stage.world.recogniser.refuses = "there is none"
    await turn(stage, "input='dtmf speech' numDigits='1' action='done'", {1: "4"})
    assert gathered(stage) == ["4"]
    assert stage.codes() == [13340]


@virtual_time
async def test_a_model_wants_seconds() -> None:
    """With speechTimeout="auto" it is a warning, and speech ends as it would without a model."""
    stage = Stage()
    await turn(stage, "input='speech' speechTimeout='auto' speechModel='phone_call'", {})
    await turn(stage, "input='speech' speechTimeout='auto'", {})
    assert stage.codes() == [13327]
