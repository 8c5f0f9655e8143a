"""The Transcriptions of a call: begin one, stop one (contract 2 §5)."""

from aiohttp import web

from offhook.calls.transcription import BOTH, INBOUND, OUTBOUND, Transcription, TranscriptionOrder
from offhook.rest import envelope, errors
from offhook.rest.calls import stored_call
from offhook.rest.envelope import Extension, Resource, date
from offhook.rest.errors import InvalidParameter, ResourceNotFound
from offhook.rest.form import Form, read_form
from offhook.rest.parameters import target
from offhook.rest.representation import account_path
from offhook.rest.request import extension_of
from offhook.rest.world import WORLD

LONGEST = 1024  # characters of a name or a label
MOST_HINTS, LONGEST_HINT = 500, 100  # contract 2 §1.7


async def create(request: web.Request) -> web.Response:
    """POST Transcriptions: 201 once it listens."""
    world = request.app[WORLD]
    order = read_order(await read_form(request, world.limits))
    record = await stored_call(request)
    transcription = await world.exchange.transcribe(record.account_sid, record.sid, order)
    return _answer(request, transcription, 201)


async def update(request: web.Request) -> web.Response:
    """POST one of them, by SID or by name, with Status=stopped."""
    world = request.app[WORLD]
    form = await read_form(request, world.limits)
    record = await stored_call(request)
    transcription = await world.exchange.transcription(record.account_sid, record.sid, request.match_info["sid"])
    if transcription is None:
        raise ResourceNotFound(request.path)
    if form.text("Status") != "stopped":
        raise InvalidParameter(errors.INVALID_PARAMETER, "Status must be stopped")
    transcription.stop()
    return _answer(request, transcription, 200)


def read_order(form: Form) -> TranscriptionOrder:
    """What is asked for. Raises InvalidParameter."""
    default = TranscriptionOrder()
    track = form.text("Track") or default.track
    if track not in {INBOUND, OUTBOUND, BOTH}:
        told = f"Track must be {INBOUND}, {OUTBOUND} or {BOTH}, not {track[:80]!r}"
        raise InvalidParameter(errors.INVALID_PARAMETER, told)
    return TranscriptionOrder(
        name=_text(form, "Name", ""),
        callback=target(form, "StatusCallbackUrl", "StatusCallbackMethod"),
        language=_text(form, "LanguageCode", default.language),
        track=track,
        inbound_label=_text(form, "InboundTrackLabel", ""),
        outbound_label=_text(form, "OutboundTrackLabel", ""),
        engine=_text(form, "TranscriptionEngine", default.engine),
        speech_model=_text(form, "SpeechModel", default.speech_model),
        has_provider_data=_flag(form, "EnableProviderData", is_default=default.has_provider_data),
        hides_profanity=_flag(form, "ProfanityFilter", is_default=default.hides_profanity),
        is_partial=_flag(form, "PartialResults", is_default=default.is_partial),
        is_punctuated=_flag(form, "EnableAutomaticPunctuation", is_default=default.is_punctuated),
        hints=_hints(form),
    )


def _text(form: Form, name: str, default: str) -> str:
    text = form.text(name) or default
    if len(text) > LONGEST:
        raise InvalidParameter(errors.INVALID_PARAMETER, f"{name} may have {LONGEST} characters at most")
    return text


def _flag(form: Form, name: str, *, is_default: bool) -> bool:
    text = (form.text(name) or str(is_default)).lower()
    if text not in {"true", "false"}:
        raise InvalidParameter(errors.INVALID_PARAMETER, f"{name} must be true or false, not {text[:80]!r}")
    return text == "true"


def _hints(form: Form) -> tuple[str, ...]:
    hints = tuple(hint.strip() for hint in (form.text("Hints") or "").split(",") if hint.strip())
    if len(hints) > MOST_HINTS or any(len(hint) > LONGEST_HINT for hint in hints):
        told = f"Hints may be {MOST_HINTS} at most, of {LONGEST_HINT} characters each"
        raise InvalidParameter(errors.INVALID_PARAMETER, told)
    return hints


def transcription_resource(transcription: Transcription, extension: Extension) -> Resource:
    """A transcription as the API shows it."""
    record = transcription.call.record
    path = f"{account_path(record.account_sid)}/Calls/{record.sid}/Transcriptions/{transcription.sid}"
    return {
        "account_sid": record.account_sid,
        "call_sid": record.sid,
        "date_updated": date(transcription.date_updated),
        "name": transcription.order.name or None,
        "sid": transcription.sid,
        "status": "in-progress" if transcription.is_running else "stopped",
        "uri": path + extension.value,
    }


def _answer(request: web.Request, transcription: Transcription, status: int) -> web.Response:
    extension = extension_of(request)
    return envelope.instance(transcription_resource(transcription, extension), "Transcription", extension, status)
