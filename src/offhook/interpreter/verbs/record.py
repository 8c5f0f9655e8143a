"""<Record>: a beep, what the caller says until silence or a key, and the action (contract 2 §1.8)."""

import asyncio

from offhook.audio.tones import tone
from offhook.calls.errors import IllegalCallState
from offhook.calls.ports import Sound
from offhook.calls.recording import RecordingOrder, recording_url
from offhook.calls.waiting import first_of
from offhook.interpreter.context import Context, RunningRecording
from offhook.interpreter.outcome import Continue, Outcome, Redirect
from offhook.model.call import WebhookTarget
from offhook.twiml.media_nouns import RecordingCallback
from offhook.twiml.verbs import Record

SOURCE = "RecordVerb"
BEEP = Sound(samples=tone((1000.0,), 0.5, level_dbfs=-12))
TOO_LONG, LONGEST_TRANSCRIBED = 13615, 120
HANGUP = "hangup"


async def record(verb: Record, context: Context) -> Outcome:
    """Answer, beep, record, ask the action. Raises DocumentFailed (11100): without a URL there is no action."""
    call = context.call
    action = context.target(verb.action or "", verb.method)
    if verb.transcribe and verb.longest > LONGEST_TRANSCRIBED:
        limit = f"a recording of more than {LONGEST_TRANSCRIBED} s is not transcribed"
        context.warn(TOO_LONG, f"maxLength {verb.longest}: {limit}")
    order = RecordingOrder(
        source=SOURCE,
        track="inbound",
        is_trimmed=verb.trim == "trim-silence",
        callback=callback_target(verb.recording, context),
        events=verb.recording.callback_event,
        ends_after=float(verb.timeout),
        longest=float(verb.longest),
        is_transcribed=verb.transcribe,
        transcribe_callback=transcribe_target(verb, context),
    )
    await call.answer()
    if verb.play_beep:
        await call.play(BEEP)
    try:
        recording = call.recordings.start(order)
    except IllegalCallState as error:
        context.warn(error.error_code, f"<Record> is not begun: {error}")
        return Continue()
    with call.owing_a_report():
        key = await _wait(verb, context, recording)
    told = {
        "RecordingUrl": recording_url(recording.record, call.world.settings.api_url),
        "RecordingSid": recording.record.sid,
        "RecordingDuration": str(round(recording.seconds)),
        "Digits": HANGUP if call.is_over else key,
    }
    return Redirect(target=action, parameters=told, purpose="action")


async def _wait(verb: Record, context: Context, recording: RunningRecording) -> str:
    """Until it ends; the key that ended it, or nothing."""
    pressed: list[str] = []

    async def listen(keys: "asyncio.Queue[str]") -> None:
        while (key := await keys.get()) not in verb.finish_on_key:
            continue
        pressed.append(key)

    try:
        with context.call.keys() as keys:
            await first_of(recording.ended.wait(), listen(keys))
    finally:
        recording.stop()
    return pressed[0] if pressed else ""


def transcribe_target(verb: Record, context: Context) -> WebhookTarget | None:
    """Whom a transcription tells, by POST; nobody without transcribe="true". Raises DocumentFailed (11100)."""
    if not verb.transcribe or verb.transcribe_callback is None:
        return None
    return context.target(verb.transcribe_callback, "POST")


def callback_target(recording: RecordingCallback, context: Context) -> WebhookTarget | None:
    """Whom a recording tells. Raises DocumentFailed (11100)."""
    if recording.callback is None:
        return None
    return context.target(recording.callback, recording.callback_method)
