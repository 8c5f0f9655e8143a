"""<Say>, <Play>, <Pause>: what the caller hears (contract 2 §1.1-1.3)."""

import asyncio

from offhook.calls.errors import SpeechFailed
from offhook.calls.ports import Sound
from offhook.interpreter.context import Context
from offhook.interpreter.outcome import Continue, Outcome
from offhook.interpreter.references import resolve
from offhook.twiml.verbs import Pause, Play, Say

ENDLESS = 1000  # what loop="0" comes to
LONGEST, LONGEST_POLLY, LONGEST_GOOGLE = 4096, 3000, 5000  # characters (contract 2 §1.1)
LONGEST_ENCODED = 4500  # characters once the text is URL-encoded
EMPTY_TEXT, TEXT_TOO_LONG = 13520, 13521


async def say(verb: Say, context: Context) -> Outcome:
    """Speak a text; what cannot be spoken is a warning, and the document goes on."""
    text = verb.text.strip()
    if not text:
        context.warn(EMPTY_TEXT, "<Say> has no text: nothing is said")
        return Continue()
    spoken, ssml = fitting(verb)
    if (spoken, ssml) != (text, verb.ssml):
        told = f"only the first {len(spoken)} are spoken, and without SSML"
        context.warn(TEXT_TOO_LONG, f"<Say> has {len(text)} characters: {told}")
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
    text, ssml = fitting(verb)
    call = context.call
    return await call.world.speech.synthesize(text, verb.voice, verb.language, ssml=ssml, remark=call.notice_once)


def fitting(verb: Say) -> tuple[str, str]:
    """The text and the SSML of <Say> that are within the limits of its voice; a text that is cut has no SSML."""
    text = verb.text.strip()
    vendor = verb.voice.partition(".")[0].lower()
    longest = {"polly": LONGEST_POLLY, "google": LONGEST_GOOGLE}.get(vendor, LONGEST)
    counted = verb.ssml if vendor == "google" and verb.ssml else text  # Google counts the tags as well
    room = LONGEST_ENCODED
    for position, character in enumerate(text):
        room -= _encoded_length(character)
        if room < 0:
            return text[: min(position, longest)], ""
    return (text, verb.ssml) if len(counted) <= longest else (text[:longest], "")


def _encoded_length(character: str) -> int:
    is_kept = character.isascii() and (character.isalnum() or character in " -._*")
    return 1 if is_kept else 3 * len(character.encode(errors="replace"))


async def fetch_sound(verb: Play, context: Context) -> Sound:
    """What <Play> will play. Raises WebhookFailed, and DocumentFailed (11100)."""
    call = context.call
    return await call.world.webhooks.fetch_sound(call.record.sid, resolve(verb.url, context.url))


def repetitions(loop: int) -> int:
    """How often loop="…" plays."""
    return min(loop, ENDLESS) if loop > 0 else ENDLESS
