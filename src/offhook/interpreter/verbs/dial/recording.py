"""<Dial record>: what is recorded, and what the action is told of it (contract 2 §3.1)."""

from offhook.calls.recording import RecordingOrder, url_of
from offhook.interpreter.context import Context, RunningCall
from offhook.twiml.verbs import Dial

SOURCE = "DialVerb"
OFF = "do-not-record"


def recording_order(verb: Dial, context: Context) -> RecordingOrder | None:
    """What is asked for, None for nothing. Raises DocumentFailed (11100)."""
    asked = verb.recording
    if asked.record == OFF:
        return None
    callback = None
    if asked.callback is not None:
        callback = context.target(asked.callback, asked.callback_method)
    return RecordingOrder(
        source=SOURCE,
        channels=2 if asked.record.endswith("-dual") else 1,
        track=asked.track,
        is_trimmed=asked.trim == "trim-silence",
        callback=callback,
        events=asked.callback_event,
    )


def recording_parameters(call: RunningCall, sid: str) -> dict[str, str]:
    """RecordingSid and RecordingUrl."""
    return {
        "RecordingSid": sid,
        "RecordingUrl": url_of(call.world.settings.api_url, call.record.account_sid, sid),
    }
