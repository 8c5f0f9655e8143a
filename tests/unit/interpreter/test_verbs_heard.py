"""<Say> and <Play>: what is asked of the voice and of the application, and what happens when they fail."""

import asyncio

import pytest

from offhook.calls.ports import ProgramStart, Sound
from offhook.interpreter.run import Program
from offhook.interpreter.verbs.say_play import repetitions
from offhook.model.call import WebhookTarget
from offhook.testing.clock import virtual_time
from offhook.testing.speech import Spoken
from offhook.testing.stage import Stage
from offhook.testing.webapp import Failure

SECOND = Sound(samples=bytes(16000))
START = ProgramStart(document=WebhookTarget(url="http://app.test/flows/voice"))


async def run(stage: Stage, verbs: str) -> bool:
    """Run these verbs as the voice document."""
    stage.world.webhooks.serve("/flows/voice", f"<Response>{verbs}</Response>")
    return await Program().run(stage, START)


@virtual_time
async def test_the_voice_gets_text_voice_and_language() -> None:
    """The defaults are man and en-US; text is trimmed."""
    stage = Stage()
    await run(stage, '<Say>\n one \n</Say><Say voice="woman" language="fr-CA">deux</Say>')
    assert stage.world.speech.spoken == [
        Spoken(text="one", voice="man", language="en-US"),
        Spoken(text="deux", voice="woman", language="fr-CA"),
    ]


@virtual_time
async def test_a_text_that_is_too_long_is_cut_with_a_warning() -> None:
    """13521; the first 4096 characters are spoken."""
    stage = Stage()
    await run(stage, f"<Say>{'a' * 5000}</Say>")
    assert len(stage.world.speech.spoken[0].text) == 4096
    assert stage.codes() == [13521]


@virtual_time
@pytest.mark.parametrize(
    ("voice", "text", "spoken"),
    [
        ("Polly.Joanna", "a" * 3001, 3000),
        ("Polly.Joanna", "<p>" + "a" * 3000 + "</p>", None),
        ("Google.en-US-Standard-A", "a" * 4501, 4500),
        ("Google.en-US-Standard-A", "<s>a</s>" * 626, 1251),
        ("Google.en-US-Standard-A", "<s>a</s>" * 625, None),
        ("man", "\u3042" * 501, 500),
        ("man", "?" * 1501, 1500),
    ],
)
async def test_each_voice_has_a_limit_of_its_own(voice: str, text: str, spoken: int | None) -> None:
    """Polly 3000, Google 5000 with its tags, all 4500 URL-encoded (13521); what is too long loses its SSML."""
    stage = Stage()
    await run(stage, f'<Say voice="{voice}">{text}</Say>')
    heard = stage.world.speech.spoken[0]
    assert stage.codes() == ([13521] if spoken else [])
    assert (heard.ssml, spoken or len(heard.text)) == ("" if spoken else heard.ssml, len(heard.text))


@virtual_time
async def test_ssml_reaches_the_voice_beside_the_plain_text() -> None:
    """Only the elements of the contract do; what else is nested is told and left out."""
    stage = Stage()
    await run(stage, '<Say>Hi <break time="1s" x="y"/><s>you &amp; I</s><audio src="/etc/passwd">me</audio></Say>')
    assert stage.world.speech.spoken == [
        Spoken(
            text="Hi you & I me",
            ssml='Hi <break time="1s"></break><s>you &amp; I</s>me',
            voice="man",
            language="en-US",
        )
    ]


@virtual_time
async def test_a_voice_that_stands_in_is_told_once() -> None:
    """One notice on the call for each such voice, however often it speaks."""
    stage = Stage()
    stage.world.speech.standing_in.add("Polly.Joanna")
    await run(stage, '<Say voice="Polly.Joanna">a</Say><Say voice="Polly.Joanna">b</Say>')
    assert stage.codes() == [13511]


@virtual_time
async def test_a_text_that_cannot_be_spoken_is_skipped() -> None:
    """The document goes on with the next verb, and the call is not answered for silence."""
    stage = Stage()
    stage.world.speech.failing.add("one")
    assert await run(stage, '<Say>one</Say><Pause length="2"/>')
    assert stage.codes() == [13520]
    assert stage.notices[0].text.startswith("line 1: ")
    assert not stage.notices[0].is_error


@virtual_time
async def test_a_sound_url_is_relative_to_the_document() -> None:
    """Play resolves like every other URL."""
    stage = Stage()
    stage.world.webhooks.serve_sound("/flows/a.mp3", Sound(samples=bytes(1600)))
    await run(stage, "<Play> a.mp3 </Play>")
    assert stage.world.webhooks.fetched_sounds == ["http://app.test/flows/a.mp3"]


@virtual_time
async def test_a_sound_is_fetched_before_the_call_is_answered() -> None:
    """A slow or missing file costs ringing, not dead air; a failed Play leads to the fallback."""
    stage = Stage()
    stage.world.webhooks.serve_sound("/a.mp3", Failure(error_code=12300, delay=4))
    start = ProgramStart(document=START.document, fallback=WebhookTarget(url="http://app.test/rescue"))
    stage.world.webhooks.serve("/flows/voice", "<Response><Play>/a.mp3</Play></Response>")
    stage.world.webhooks.serve("/rescue", "<Response><Reject/></Response>")
    assert not await Program().run(stage, start)
    assert stage.transcript == ["4 error 12300", "4 reject"]


@pytest.mark.parametrize(("loop", "times"), [(0, 1000), (1, 1), (5, 5), (2000, 1000)])
def test_loop_is_capped_at_a_thousand(loop: int, times: int) -> None:
    """0 means until the call ends, but never more than 1000 times."""
    assert repetitions(loop) == times


@virtual_time
async def test_the_next_sound_is_made_while_the_present_one_plays() -> None:
    """A slow file after a sentence costs no silence."""
    stage = Stage(is_answered=True)
    stage.world.webhooks.serve_sound("/slow.mp3", SECOND, delay=0.7)
    await run(stage, "<Say>0123456789abcdef</Say><Play>/slow.mp3</Play><Say>0123456789abcdef</Say>")
    assert stage.transcript == ["0 play 1 s", "1 play 1 s", "2 play 1 s"]


@virtual_time
async def test_a_next_sound_that_fails_does_not_touch_the_present_one() -> None:
    """The failure waits for its verb's turn."""
    stage = Stage(is_answered=True)
    stage.world.speech.failing.add("two")
    await run(stage, "<Say>0123456789abcdef</Say><Say>two</Say><Pause/>")
    assert stage.transcript == ["0 play 1 s", "1 warning 13520"]


@pytest.mark.parametrize("first", ["<Pause/>", "<Dial action='/x'>+15550003</Dial>", "<Dial>+15550003</Dial>"])
@virtual_time
async def test_nothing_is_made_ahead_of_a_verb_that_may_never_come(first: str) -> None:
    """A <Dial> may leave the document, and what follows a <Pause> may have changed by then."""
    stage = Stage(is_answered=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await run(stage, f"{first}<Say>not yet</Say>")
    assert stage.world.speech.spoken == []


@virtual_time
async def test_a_document_that_is_left_drops_what_was_being_made() -> None:
    """Cancelling in the middle of a sentence leaves no task behind."""
    stage = Stage(is_answered=True)
    stage.world.webhooks.serve_sound("/never.mp3", Failure(delay=60))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await run(stage, "<Say>0123456789abcdef</Say><Play>/never.mp3</Play>")
    assert len(asyncio.all_tasks()) == 1
