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
