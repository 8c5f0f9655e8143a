"""What is asked for of a recording, of a call that is up or of one that is placed (contract 1 §1.3, 2 §3.4)."""

from offhook.calls.recording import RecordingOrder
from offhook.rest import errors
from offhook.rest.errors import InvalidParameter
from offhook.rest.form import Form
from offhook.rest.parameters import target

EVENTS = frozenset({"in-progress", "completed", "absent"})
TRACKS = {"inbound", "outbound", "both"}


def read_recording_order(form: Form, source: str, *, trim: str) -> RecordingOrder:
    """The order of a form that says how; `trim` is what Trim is without it. Raises InvalidParameter."""
    channels, track = form.text("RecordingChannels") or "mono", form.text("RecordingTrack") or "both"
    trim = form.text("Trim") or trim
    events = frozenset(" ".join(form.all("RecordingStatusCallbackEvent")).split()) or frozenset({"completed"})
    for name, is_good in (
        ("RecordingChannels", channels in {"mono", "dual"}),
        ("RecordingTrack", track in TRACKS),
        ("Trim", trim in {"trim-silence", "do-not-trim"}),
        ("RecordingStatusCallbackEvent", events <= EVENTS),
    ):
        if not is_good:
            raise InvalidParameter(errors.INVALID_PARAMETER, f"{name} has a value that is not known")
    return RecordingOrder(
        source=source,
        channels=2 if channels == "dual" else 1,
        track=track,
        is_trimmed=trim == "trim-silence",
        callback=target(form, "RecordingStatusCallback", "RecordingStatusCallbackMethod"),
        events=events,
    )
