"""<Start> begins what goes on beside the document, and <Stop> ends it by its name (contract 2 §1.12)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from offhook.calls.errors import IllegalCallState
from offhook.interpreter.context import Context
from offhook.interpreter.outcome import Continue, Outcome
from offhook.interpreter.verbs.beside.orders import recording_order, stream_order, transcription_order
from offhook.twiml.media_nouns import RecordingNoun, StreamNoun, TranscriptionNoun
from offhook.twiml.verbs import Start, Stop

NOT_AVAILABLE, NOT_STARTED = 13750, 12200

Starter = Callable[[Any, Context], None]


async def start(verb: Start, context: Context) -> Outcome:
    """Answer the call, begin each noun, go on at once. Raises DocumentFailed for a callback's bad URL (11100)."""
    await context.call.answer()
    for noun in verb.nouns:
        starter = STARTERS.get(type(noun))
        if starter is None:
            context.warn(NOT_AVAILABLE, f"<Start><{noun.name}> is not built yet: it is skipped")
            continue
        try:
            starter(noun, context)
        except IllegalCallState as error:
            context.warn(error.error_code, f"<{noun.name}> is not begun: {error}")
    return Continue()


async def stop(verb: Stop, context: Context) -> Outcome:
    """End what has these names; a name that nothing has is a warning."""
    for noun in verb.nouns:
        stopper = STOPPERS.get(type(noun))
        if stopper is None:
            context.warn(NOT_AVAILABLE, f"<Stop><{noun.name}> is not built yet: it is skipped")
        else:
            stopper(noun, context)
    return Continue()


def _start_stream(noun: StreamNoun, context: Context) -> None:
    order = stream_order(noun, context, is_two_way=False)
    if order is not None:
        context.call.streams.start(order)


def _start_transcription(noun: TranscriptionNoun, context: Context) -> None:
    context.call.transcriptions.start(transcription_order(noun, context))


def _start_recording(noun: RecordingNoun, context: Context) -> None:
    context.call.recordings.start(recording_order(noun, context))


def _stop_recording(noun: RecordingNoun, context: Context) -> None:
    _stop(context.call.recordings.find(noun.own_name), noun, context)


def _stop_stream(noun: StreamNoun, context: Context) -> None:
    _stop(context.call.streams.find(noun.own_name), noun, context)


def _stop_transcription(noun: TranscriptionNoun, context: Context) -> None:
    _stop(context.call.transcriptions.find(noun.own_name), noun, context)


def _stop(found: Any, noun: StreamNoun | TranscriptionNoun | RecordingNoun, context: Context) -> None:
    if found is None:
        context.warn(NOT_STARTED, f"<Stop><{noun.name}>: nothing of the name {noun.own_name!r} was begun")
    else:
        found.stop()


STARTERS: Mapping[type, Starter] = MappingProxyType(
    {StreamNoun: _start_stream, TranscriptionNoun: _start_transcription, RecordingNoun: _start_recording}
)
STOPPERS: Mapping[type, Starter] = MappingProxyType(
    {StreamNoun: _stop_stream, TranscriptionNoun: _stop_transcription, RecordingNoun: _stop_recording}
)
