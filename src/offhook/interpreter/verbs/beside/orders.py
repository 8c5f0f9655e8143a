"""The nouns of <Start> and <Connect> in the words of calls."""

from offhook.calls.recording import RecordingOrder
from offhook.calls.stream import INBOUND, StreamOrder
from offhook.calls.transcription import TranscriptionOrder
from offhook.interpreter.context import Context
from offhook.interpreter.references import resolve
from offhook.twiml.media_nouns import RecordingNoun, StreamNoun, TranscriptionNoun

MALFORMED_URL, WRONG_TRACK = 31923, 31941
RECORDING_SOURCE = "StartCallRecordingTwiML"
SOCKET_OF = {"http": "ws", "https": "wss"}


def stream_order(noun: StreamNoun, context: Context, *, is_two_way: bool) -> StreamOrder | None:
    """What is asked for; None for a stream that leads nowhere, which is told. Raises DocumentFailed (11100)."""
    if not noun.url:
        context.warn(MALFORMED_URL, "<Stream> has no URL that can be used: it is skipped")
        return None
    track = noun.track
    if is_two_way and track != INBOUND:
        context.warn(WRONG_TRACK, f"<Connect><Stream> has the inbound track alone, not {track}")
        track = INBOUND
    callback = noun.status_callback
    return StreamOrder(
        url=socket_url(noun.url, context.url),
        name=noun.own_name,
        track=track,
        is_two_way=is_two_way,
        parameters=dict(noun.parameters),
        callback=context.target(callback, noun.status_callback_method) if callback is not None else None,
    )


def recording_order(noun: RecordingNoun, context: Context) -> RecordingOrder:
    """What is asked for. Raises DocumentFailed (11100)."""
    recording = noun.recording
    callback = None
    if recording.callback is not None:
        callback = context.target(recording.callback, recording.callback_method)
    return RecordingOrder(
        source=RECORDING_SOURCE,
        name=noun.own_name,
        channels=2 if noun.channels == "dual" else 1,
        track=noun.track,
        is_trimmed=noun.trim == "trim-silence",
        callback=callback,
        events=recording.callback_event,
    )


def socket_url(reference: str, base: str | None) -> str:
    """The absolute ws or wss URL that a document at `base` means. Raises DocumentFailed (11100)."""
    if reference.lower().startswith(("ws:", "wss:")):
        return reference
    url = resolve(reference, base)
    scheme, _, rest = url.partition(":")
    return f"{SOCKET_OF[scheme.lower()]}:{rest}"


def transcription_order(noun: TranscriptionNoun, context: Context) -> TranscriptionOrder:
    """What is asked for. Raises DocumentFailed (11100)."""
    callback = noun.status_callback
    return TranscriptionOrder(
        name=noun.own_name,
        callback=context.target(callback, noun.status_callback_method) if callback is not None else None,
        language=noun.language,
        track=noun.track,
        inbound_label=noun.inbound_label,
        outbound_label=noun.outbound_label,
        engine=noun.engine,
        speech_model=noun.model,
        has_provider_data=noun.has_provider_data,
        hides_profanity=noun.hides_profanity,
        is_partial=noun.is_partial,
        is_punctuated=noun.is_punctuated,
        hints=noun.hints,
    )
