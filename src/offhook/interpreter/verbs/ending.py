"""<Redirect>, <Reject>, <Hangup>: what leaves a document or ends the call (contract 2 §1.4-1.6)."""

from offhook.interpreter.context import Context
from offhook.interpreter.outcome import Finish, Outcome, Redirect
from offhook.model.ending import EndReason
from offhook.twiml.verbs import Hangup, Reject
from offhook.twiml.verbs import Redirect as RedirectVerb

REJECT_TOO_LATE = 13810


async def redirect(verb: RedirectVerb, context: Context) -> Outcome:
    """Go on with another document; an empty body is the current one. Does not answer by itself."""
    return Redirect(target=context.target(verb.url, verb.method))


async def reject(verb: Reject, context: Context) -> Outcome:
    """Refuse the call; one that was answered already can only be hung up."""
    if not context.call.reject(busy=verb.reason == "busy"):
        context.warn(REJECT_TOO_LATE, "<Reject> came after the call was answered: it is hung up instead")
        context.call.hang_up(EndReason.REJECT_VERB)
    return Finish()


async def hang_up(_verb: Hangup, context: Context) -> Outcome:
    """End the call; an inbound one is answered first."""
    await context.call.answer()
    context.call.hang_up(EndReason.HANGUP_VERB)
    return Finish()
