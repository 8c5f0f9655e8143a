"""<Say>, <Play>, <Pause>: what the caller hears (contract 2 §1.1-1.3)."""

import asyncio

from offhook.calls.errors import SpeechFailed
from offhook.calls.ports import Sound
from offhook.interpreter.context import Context
from offhook.interpreter.outcome import Continue, Outcome
from offhook.interpreter.references import resolve
from offhook.twiml.verbs import Pause, Play, Say

ENDLESS = 1000  # what loop="0" comes to
MAX_SPOKEN = 4096
EMPTY_TEXT, TEXT_TOO_LONG = 13520, 13521


async def say(verb: Say, context: Context) -> Outcome:
    """Speak a text; what cannot be spoken is a warning, and the document goes on."""
    text = verb.text.strip()
    if not text:
        context.warn(EMPTY_TEXT, "<Say> has no text: nothing is said")
        return Continue()
    if len(text) > MAX_SPOKEN:
        context.warn(TEXT_TOO_LONG, f"<Say> has {len(text)} characters: only the first {MAX_SPOKEN} are spoken")
    try:
        sound = await context.sound()
    except SpeechFailed as error:
        context.warn(error.error_code, f"<Say> could not be spoken: {error}")
        return Continue()
    await context.call.answer()
    await context.call.play(sound, loop=repetitions(verb.loop))
    return Continue()


async def play(verb: Play, context: Context) -> Outcome:
    """Play a sound or press keys. Raises WebhookFailed for a sound that cannot be had: the fallback's case."""
    call = context.call
    if verb.digits:
        await call.answer()
        await call.play_digits(verb.digits)
        return Continue()
    sound = await context.sound()
    await call.answer()
    await call.play(sound, loop=repetitions(verb.loop))
    return Continue()


async def pause(verb: Pause, context: Context) -> Outcome:
    """Wait; as the first verb of a document it leaves an unanswered call ringing meanwhile."""
    if not context.is_first:
        await context.call.answer()
    await asyncio.sleep(verb.length)
    return Continue()


async def make_speech(verb: Say, context: Context) -> Sound:
    """What <Say> will play. Raises SpeechFailed."""
    text = verb.text.strip()[:MAX_SPOKEN]
    return await context.call.world.speech.synthesize(text, verb.voice, verb.language)


async def fetch_sound(verb: Play, context: Context) -> Sound:
    """What <Play> will play. Raises WebhookFailed, and DocumentFailed (11100)."""
    call = context.call
    return await call.world.webhooks.fetch_sound(call.record.sid, resolve(verb.url, context.url))


def repetitions(loop: int) -> int:
    """How often loop="…" plays."""
    return min(loop, ENDLESS) if loop > 0 else ENDLESS
