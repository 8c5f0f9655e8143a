"""<Connect>: hands the call's sound to a server until that is done with it (contract 2 §1.13)."""

import asyncio

from offhook.calls.errors import IllegalCallState
from offhook.calls.waiting import first_of
from offhook.interpreter.context import Context, RunningStream
from offhook.interpreter.outcome import Continue, Outcome, Redirect
from offhook.interpreter.verbs.beside.orders import stream_order
from offhook.twiml.media_nouns import StreamNoun
from offhook.twiml.verbs import Connect

NOT_AVAILABLE, NOTHING_TO_CONNECT = 13750, 12200


async def connect(verb: Connect, context: Context) -> Outcome:
    """Answer, connect, wait for the end. Raises DocumentFailed for a bad URL (11100)."""
    action = context.target(verb.action, verb.method) if verb.action is not None else None
    await context.call.answer()
    noun = verb.nouns[0] if verb.nouns else None
    if isinstance(noun, StreamNoun):
        await _stream(noun, context)
    elif noun is None:
        context.warn(NOTHING_TO_CONNECT, "<Connect> names nothing to connect to")
    else:
        context.warn(NOT_AVAILABLE, f"<Connect><{noun.name}> is not built yet: it is skipped")
    if action is None:
        return Continue()
    return Redirect(target=action, purpose="action")


async def _stream(noun: StreamNoun, context: Context) -> None:
    order = stream_order(noun, context, is_two_way=True)
    if order is None:
        return
    try:
        stream = context.call.streams.start(order)
    except IllegalCallState as error:
        context.warn(error.error_code, f"<Stream> is not begun: {error}")
        return
    try:
        with context.call.keys() as keys:
            await first_of(stream.over.wait(), _pass_on(keys, stream))
    finally:
        stream.stop()


async def _pass_on(keys: "asyncio.Queue[str]", stream: RunningStream) -> None:
    while True:
        stream.press(await keys.get())
