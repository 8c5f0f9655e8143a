"""Verbs of the documentation that are not built yet: skipped with a warning, never in silence."""

from offhook.interpreter.context import Context
from offhook.interpreter.outcome import Continue, Outcome
from offhook.twiml.verbs import Unbuilt

NOT_AVAILABLE = 13750


async def skip(verb: Unbuilt, context: Context) -> Outcome:
    """Say that the verb is not there yet, and go on."""
    context.warn(NOT_AVAILABLE, f"<{verb.name}> is not built yet: it is skipped")
    return Continue()
