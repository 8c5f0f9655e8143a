"""Documents in, transcript out: each rule of contract 2 §1 and §6 that a caller can hear, with the second it happens.

The caller rings unless the table says that the call is up. A character of speech takes 1/16 s.
"""

import pytest

from offhook.calls.ports import ProgramStart, Sound
from offhook.interpreter.run import Program
from offhook.testing.clock import virtual_time
from offhook.testing.stage import Stage

SECOND = Sound(samples=bytes(16000))
HELLO = "Hello, this is me"[:16]  # one second

FIRST_VERBS = [
    ("Say answers", f"<Say>{HELLO}</Say>", ["0 answer", "0 play 1 s"]),
    ("Play answers", "<Play>http://app.test/beep.wav</Play>", ["0 answer", "0 play 1 s"]),
    ("Play of digits answers", '<Play digits="1w2"/>', ["0 answer", "0 press 1w2"]),
    ("Gather answers", '<Gather timeout="1"/>', ["0 answer"]),
    ("Hangup answers, then ends the call", "<Hangup/>", ["0 answer", "0 hang up"]),
    ("An empty document answers", "", ["0 answer"]),
    ("Reject does not answer", "<Reject/>", ["0 reject"]),
    ("Reject as busy", '<Reject reason="busy"/>', ["0 reject busy"]),
    ("Pause leaves the phone ringing", '<Pause length="7"/>', []),
    ("Pause, then Say", f'<Pause length="7"/><Say>{HELLO}</Say>', ["7 answer", "7 play 1 s"]),
    ("Pause, then Reject", '<Pause length="2"/><Reject/>', ["2 reject"]),
    ("Dial answers first", "<Dial>+15550003</Dial>", ["0 answer", "0 dial +15550003"]),
    ("Refer answers first", "<Refer><Sip>sip:a@b</Sip></Refer>", ["0 answer", "0 refer sip:a@b"]),
    ("Dial with answerOnBridge does not", '<Dial answerOnBridge="true">+15550003</Dial>', ["0 dial +15550003"]),
]


@pytest.mark.parametrize(("_rule", "verbs", "transcript"), FIRST_VERBS, ids=[row[0] for row in FIRST_VERBS])
@virtual_time
async def test_what_a_first_verb_does_to_a_ringing_call(_rule: str, verbs: str, transcript: list[str]) -> None:
    """Pause and Reject as the first verb leave the call unanswered, every other verb answers it."""
    stage = Stage()
    stage.world.webhooks.serve_sound("/beep.wav", SECOND)
    await Program().run(stage, ProgramStart(twiml=f"<Response>{verbs}</Response>"))
    assert stage.transcript == transcript


SEQUENCES = [
    (
        "Verbs run in document order",
        f'<Say>{HELLO}</Say><Pause length="3"/><Play>http://app.test/beep.wav</Play>',
        ["0 play 1 s", "4 play 1 s"],
    ),
    ("loop repeats", f'<Say loop="3">{HELLO}</Say><Pause/>', ["0 play 1 s x3"]),
    ("loop 0 is a thousand times", '<Play loop="0">http://app.test/beep.wav</Play>', ["0 play 1 s x1000"]),
    ("Pause lasts one second when not told", f"<Pause/><Say>{HELLO}</Say>", ["1 play 1 s"]),
    ("Nothing runs after Hangup", f"<Hangup/><Say>{HELLO}</Say>", ["0 hang up"]),
    ("Nothing runs after Reject", f"<Reject/><Say>{HELLO}</Say>", ["0 warning 13810", "0 hang up"]),
    ("Say without text is skipped", f"<Say>  </Say><Say>{HELLO}</Say>", ["0 warning 13520", "0 play 1 s"]),
    ("A long pause", f'<Pause length="300"/><Say>{HELLO}</Say>', ["300 play 1 s"]),
    ("Dial without action goes on", f"<Dial>+15550003</Dial><Say>{HELLO}</Say>", ["0 dial +15550003", "10 play 1 s"]),
    (
        "Refer waits for the end of its story",
        f"<Refer><Sip>sip:a@b?X-A=1</Sip></Refer><Say>{HELLO}</Say>",
        ["0 refer sip:a@b?X-A=1", "1 play 1 s"],
    ),
    ("Refer to nobody is skipped", f"<Refer/><Say>{HELLO}</Say>", ["0 warning 12200", "0 play 1 s"]),
    (
        "Refer to what is no SIP URI sends nothing",
        f"<Refer><Sip>https://b</Sip></Refer><Say>{HELLO}</Say>",
        ["0 warning 13243", "0 play 1 s"],
    ),
    (
        "Gather waits after its prompts",
        f"<Gather><Say>{HELLO}</Say></Gather><Say>x</Say>",
        ["0 play 1 s", "6 play 0.0625 s"],
    ),
    (
        "Gather runs its prompts in order",
        f'<Gather timeout="2"><Pause length="3"/><Play>http://app.test/beep.wav</Play></Gather><Say>{HELLO}</Say>',
        ["3 play 1 s", "6 play 1 s"],
    ),
    (
        "Gather takes no other finish key than one",
        f'<Gather finishOnKey="12" timeout="1"/><Say>{HELLO}</Say>',
        ["0 warning 13310", "1 play 1 s"],
    ),
    (
        "Gather holds no Dial",
        f'<Gather timeout="1"><Dial>1</Dial></Gather><Say>{HELLO}</Say>',
        ["0 warning 13314", "1 play 1 s"],
    ),
    ("An unbuilt verb is skipped", f"<Leave/><Say>{HELLO}</Say>", ["0 warning 13750", "0 play 1 s"]),
    ("An unknown verb is skipped", f"<Shout/><Say>{HELLO}</Say>", ["0 warning 12200", "0 play 1 s"]),
]


@pytest.mark.parametrize(("_rule", "verbs", "transcript"), SEQUENCES, ids=[row[0] for row in SEQUENCES])
@virtual_time
async def test_what_verbs_do_on_a_call_that_is_up(_rule: str, verbs: str, transcript: list[str]) -> None:
    """Top to bottom, one verb at a time."""
    stage = Stage(is_answered=True)
    stage.world.webhooks.serve_sound("/beep.wav", SECOND)
    await Program().run(stage, ProgramStart(twiml=f"<Response>{verbs}</Response>"))
    assert stage.transcript == transcript
