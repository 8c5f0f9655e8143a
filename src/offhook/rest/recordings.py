"""Recordings: of a call and of an account, their control while they run, and their sound (contract 2 §3)."""

import asyncio
from datetime import datetime, timedelta

import msgspec
from aiohttp import web

from offhook.calls.errors import CallError, IllegalCallState, RecordingFailed
from offhook.calls.recording import Recording, url_of
from offhook.calls.recordings import CURRENT
from offhook.model.call import CallRecord
from offhook.model.recording import RecordingRecord, RecordingStatus
from offhook.model.sids import AccountSid
from offhook.model.webhook import API_VERSION
from offhook.rest import envelope, errors
from offhook.rest.calls import stored_call
from offhook.rest.envelope import Extension, Resource, date
from offhook.rest.errors import ApiError, InvalidParameter, ResourceNotFound
from offhook.rest.form import Form, read_form
from offhook.rest.recording_order import read_recording_order
from offhook.rest.representation import account_path
from offhook.rest.request import extension_of
from offhook.rest.sound_response import SoundResponse
from offhook.rest.world import WORLD

SOURCE = "StartCallRecordingAPI"
OVER = "Recording is not in-progress. Cannot change it."
NOT_FOUND, CONFLICT, UNAVAILABLE = 404, 409, 503
KEPT_AFTER_DELETION = timedelta(days=40)  # of the metadata (contract 2 §3.4)


# --- of a live call ------------------------------------------------------------------------------------------------


async def create(request: web.Request) -> web.Response:
    """POST Recordings of a call: 201 once it is begun."""
    world = request.app[WORLD]
    order = read_recording_order(await read_form(request, world.limits), SOURCE, trim="do-not-trim")
    record = await stored_call(request)
    recording = await world.exchange.begin_recording(record.account_sid, record.sid, order)
    return _of_call(request, recording.record, 201)


async def update(request: web.Request) -> web.Response:
    """POST one of them, or Twilio.CURRENT, with Status paused, in-progress or stopped."""
    world = request.app[WORLD]
    form = await read_form(request, world.limits)
    record = await stored_call(request)
    recording = await world.exchange.find_recording(record.account_sid, record.sid, request.match_info["sid"])
    if recording is None:
        raise await _not_running(request, record)
    shown = _change(recording, form)
    return _of_call(request, shown, 200)


async def update_of_conference(request: web.Request) -> web.Response:
    """POST one of a conference with a Status: what is over is in the wrong state, and none is running."""
    status, _ = _read_change(await read_form(request, request.app[WORLD].limits))
    await _stored(request)
    if status not in {"paused", "in-progress", "stopped"}:
        raise InvalidParameter(errors.INVALID_PARAMETER, "Status must be paused, in-progress or stopped")
    raise IllegalCallState(OVER)


async def _not_running(request: web.Request, call: CallRecord) -> CallError | ResourceNotFound:
    """Why there is nothing to change: a call or a recording that is over is in the wrong state, not unknown."""
    sid = request.match_info["sid"]
    if not call.status.is_final:
        return ResourceNotFound(request.path)
    found = await request.app[WORLD].store.recording(call.account_sid, sid)
    is_known = sid == CURRENT or (found is not None and found.call_sid == call.sid)
    return IllegalCallState(OVER) if is_known else ResourceNotFound(request.path)


def _read_change(form: Form) -> tuple[str | None, str]:
    """What a recording is to become, and how it pauses. Raises InvalidParameter (20422)."""
    status, behaviour = form.text("Status"), form.text("PauseBehavior") or "silence"
    if behaviour not in {"silence", "skip"}:
        raise InvalidParameter(errors.INVALID_PARAMETER, "PauseBehavior must be silence or skip")
    return status, behaviour


def _change(recording: Recording, form: Form) -> RecordingRecord:
    status, behaviour = _read_change(form)
    if recording.ended.is_set():
        raise IllegalCallState(OVER)
    match status:
        case "paused":
            recording.pause(skips=behaviour == "skip")
        case "in-progress":
            recording.resume()
        case "stopped":
            recording.stop()
            # The answer says stopped; what is read afterwards says processing, then completed (contract 2 §3.4).
            return msgspec.structs.replace(recording.record, status=RecordingStatus.STOPPED)
        case _:
            raise InvalidParameter(errors.INVALID_PARAMETER, "Status must be paused, in-progress or stopped")
    return recording.record


# --- of an account -------------------------------------------------------------------------------------------------


async def fetch(request: web.Request) -> web.StreamResponse:
    """GET one: its metadata as .json or .xml, else its sound."""
    if extension_of(request) in {Extension.JSON, Extension.XML, Extension.CSV}:
        record = await _stored(request, deleted_since=read_deleted_since(request))
        return envelope.instance(
            recording_resource(request, as_read(record)),
            "Recording",
            extension_of(request),
        )
    return await _media(request, await _stored(request))


async def fetch_media(request: web.Request) -> web.StreamResponse:
    """GET the sound by its own extension, wav or mp3."""
    return await _media(request, await _stored(request), is_mp3=request.match_info["form"] == "mp3")


async def delete(request: web.Request) -> web.Response:
    """DELETE one that is complete: 204."""
    world = request.app[WORLD]
    record = await _stored(request)
    if not record.status.is_final:
        raise ApiError(CONFLICT, errors.INVALID_PARAMETER, "A recording that is not complete cannot be deleted")
    try:
        await world.recordings.delete(record.sid)
    except RecordingFailed as error:
        raise ApiError(UNAVAILABLE, errors.UNAVAILABLE, f"The recording cannot be reached: {error}") from error
    now = world.clock.now()
    await world.store.delete_recording(record.account_sid, record.sid, now, now - KEPT_AFTER_DELETION)
    return web.Response(status=204)


def as_read(record: RecordingRecord) -> RecordingRecord:
    """What is read says processing of a recording that is not whole yet (contract 2 §3.4)."""
    if record.status.is_final:
        return record
    return msgspec.structs.replace(record, status=RecordingStatus.PROCESSING)


def read_deleted_since(request: web.Request) -> datetime | None:
    """Since when deleted recordings are asked for too, by IncludeSoftDeleted. Raises InvalidParameter (20422)."""
    match request.query.get("IncludeSoftDeleted", "").lower():
        case "true":
            return request.app[WORLD].clock.now() - KEPT_AFTER_DELETION
        case "" | "false":
            return None
        case _:
            raise InvalidParameter(errors.INVALID_PARAMETER, "IncludeSoftDeleted must be true or false")


async def _stored(request: web.Request, deleted_since: datetime | None = None) -> RecordingRecord:
    return await stored_recording(request, request.match_info["sid"], deleted_since)


async def stored_recording(request: web.Request, sid: str, deleted_since: datetime | None = None) -> RecordingRecord:
    """The recording of this SID, of the account and of the call in the path. Raises ResourceNotFound."""
    account_sid = AccountSid(request.match_info["account_sid"])
    record = await request.app[WORLD].store.recording(account_sid, sid, deleted_since)
    places = ((name, getattr(record, name, None)) for name in ("call_sid", "conference_sid"))
    if record is None or any(request.match_info.get(name, sid) != sid for name, sid in places):
        raise ResourceNotFound(request.path)
    return record


async def _media(request: web.Request, record: RecordingRecord, *, is_mp3: bool = False) -> web.StreamResponse:
    """The file, in pieces and by ranges as it is asked for (RFC 9110 §14)."""
    channels = request.query.get("RequestedChannels")
    if channels not in {None, "1", "2"} or (channels == "2" and record.channels == 1):
        raise ApiError(400, errors.INVALID_PARAMETER, "RequestedChannels must be 1, or 2 for a dual recording")
    is_mixed = channels == "1" and record.channels == 2  # noqa: PLR2004 - dual
    if record.status is not RecordingStatus.COMPLETED:
        raise ResourceNotFound(request.path)
    try:
        path = await request.app[WORLD].recordings.form(record.sid, is_mixed=is_mixed, is_mp3=is_mp3)
    except FileNotFoundError as error:
        raise ResourceNotFound(request.path) from error
    except RecordingFailed as error:
        raise ApiError(UNAVAILABLE, errors.UNAVAILABLE, f"The recording cannot be reached: {error}") from error
    if not await asyncio.to_thread(path.is_file):
        raise ResourceNotFound(request.path)
    return SoundResponse(path, headers={"Content-Type": "audio/mpeg" if is_mp3 else "audio/x-wav"})


# --- as the API shows them -----------------------------------------------------------------------------------------


def recording_resource(request: web.Request, record: RecordingRecord) -> Resource:
    """A recording, below its call, its conference or its account; each shows something of its own (contract 2 §3.4)."""
    extension, parent = extension_of(request), ""
    if "call_sid" in request.match_info:
        parent = f"/Calls/{record.call_sid}"
    elif "conference_sid" in request.match_info:
        parent = f"/Conferences/{record.conference_sid}"
    path = f"{account_path(record.account_sid)}{parent}/Recordings/{record.sid}"
    shown: Resource = {
        "account_sid": record.account_sid,
        "api_version": API_VERSION,
        "call_sid": record.call_sid,
        "conference_sid": record.conference_sid,
        "date_created": date(record.date_created),
        "date_updated": date(record.date_updated),
        "start_time": date(record.start_time),
        "duration": None if record.duration is None else str(record.duration),
        "sid": record.sid,
        "price": None,
        "price_unit": "USD",
        "status": record.status.value,
        "channels": record.channels,
        "source": record.source,
        "error_code": record.error_code,
        **({"track": record.track} if "call_sid" in request.match_info else {}),
        "uri": path + extension.value,
        "encryption_details": None,
    }
    if "conference_sid" in request.match_info:
        return shown
    return {
        **shown,
        "subresource_uris": {
            name: f"{path}/{name.title().replace('_', '')}.json" for name in ("add_on_results", "transcriptions")
        },
        "media_url": url_of(request.app[WORLD].api_url, record.account_sid, record.sid),
    }


def _of_call(request: web.Request, record: RecordingRecord, status: int) -> web.Response:
    extension = extension_of(request)
    return envelope.instance(recording_resource(request, record), "Recording", extension, status)
