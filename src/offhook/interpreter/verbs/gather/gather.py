"""<Gather>: asks the caller for keys, speech or either, and the action what to do with them (contract 2 §1.7)."""

from collections.abc import Awaitable, Callable

from offhook.calls.errors import WebhookFailed
from offhook.interpreter.context import Context
from offhook.interpreter.outcome import Continue, Outcome, Redirect
from offhook.interpreter.verbs.gather.turn import Turn
from offhook.twiml.verbs import Gather

NO_SOUND, NO_NESTED_SOUND = 12300, 13325
BAD_SPEECH_TIMEOUT = 13327
AUTO, ANY_MODEL = 0, "default"


async def gather(verb: Gather, context: Context) -> Outcome:
    """Play the prompts and collect. Raises WebhookFailed for a prompt that cannot be had, DocumentFailed (11100)."""
    # An action that leads nowhere must not cost the caller an answer; the document itself is asked only when needed.
    action = context.target(verb.action, verb.method) if verb.action is not None else None
    if verb.speech.timeout == AUTO and verb.speech.model != ANY_MODEL:
        reason = f'speechTimeout="auto" does not go with speechModel="{verb.speech.model}": give it seconds'
        context.warn(BAD_SPEECH_TIMEOUT, reason)
    prompt = await _prepared(verb, context)
    await context.call.answer()
    told = await Turn(verb, context, prompt).take()
    if told is None:
        return Continue()
    target = action or context.target("", verb.method)
    return Redirect(target=target, parameters=told, purpose="action")


async def _prepared(verb: Gather, context: Context) -> Callable[[], Awaitable[None]]:
    try:
        return await context.prepare(verb.prompts)
    except WebhookFailed as error:
        if error.error_code != NO_SOUND:
            raise
        raise WebhookFailed(NO_NESTED_SOUND, str(error), url=error.url, http_code=error.http_code) from error
