"""The Streams of a call: begin one, stop one (contract 2 §1.14)."""

from collections.abc import Mapping

from aiohttp import web

from offhook.calls.stream import BOTH, INBOUND, OUTBOUND, MediaStream, StreamOrder
from offhook.rest import envelope, errors
from offhook.rest.calls import stored_call
from offhook.rest.envelope import Extension, Resource, date
from offhook.rest.errors import InvalidParameter, ResourceNotFound
from offhook.rest.form import Form, read_form
from offhook.rest.parameters import target
from offhook.rest.representation import account_path
from offhook.rest.request import extension_of
from offhook.rest.world import WORLD

LONGEST_URL, LONGEST_NAME, LONGEST_PARAMETER = 4000, 1024, 500
MOST_PARAMETERS = 99


async def create(request: web.Request) -> web.Response:
    """POST Streams: 201 once it is begun; whether the server can be reached is told by callback."""
    world = request.app[WORLD]
    order = read_order(await read_form(request, world.limits))
    record = await stored_call(request)
    stream = await world.exchange.stream(record.account_sid, record.sid, order)
    return _answer(request, stream, 201)


async def update(request: web.Request) -> web.Response:
    """POST one of them, by SID or by name, with Status=stopped."""
    world = request.app[WORLD]
    form = await read_form(request, world.limits)
    record = await stored_call(request)
    stream = await world.exchange.find_stream(record.account_sid, record.sid, request.match_info["sid"])
    if stream is None:
        raise ResourceNotFound(request.path)
    if form.text("Status") != "stopped":
        raise InvalidParameter(errors.INVALID_PARAMETER, "Status must be stopped")
    stream.stop()
    return _answer(request, stream, 200)


def read_order(form: Form) -> StreamOrder:
    """What is asked for. Raises InvalidParameter."""
    url, name, track = form.text("Url") or "", form.text("Name") or "", form.text("Track") or INBOUND
    if not url or len(url) > LONGEST_URL:
        raise InvalidParameter(errors.INVALID_PARAMETER, f"Url must be a wss URL of {LONGEST_URL} characters at most")
    if track not in {INBOUND, OUTBOUND, BOTH}:
        told = f"Track must be {INBOUND}, {OUTBOUND} or {BOTH}, not {track[:80]!r}"
        raise InvalidParameter(errors.INVALID_PARAMETER, told)
    if len(name) > LONGEST_NAME:
        raise InvalidParameter(errors.INVALID_PARAMETER, f"Name may have {LONGEST_NAME} characters at most")
    return StreamOrder(
        url=url,
        name=name,
        track=track,
        parameters=_parameters(form),
        callback=target(form, "StatusCallback", "StatusCallbackMethod"),
    )


def _parameters(form: Form) -> Mapping[str, str]:
    """Parameter1.Name and Parameter1.Value, and so on."""
    found = {}
    for number in range(1, MOST_PARAMETERS + 1):
        name, value = form.text(f"Parameter{number}.Name"), form.text(f"Parameter{number}.Value") or ""
        if not name:
            continue
        if len(name) + len(value) >= LONGEST_PARAMETER:
            told = f"Parameter{number} must have less than {LONGEST_PARAMETER} characters, name and value together"
            raise InvalidParameter(errors.INVALID_PARAMETER, told)
        found[name] = value
    return found


def stream_resource(stream: MediaStream, extension: Extension) -> Resource:
    """A stream as the API shows it."""
    record = stream.call.record
    path = f"{account_path(record.account_sid)}/Calls/{record.sid}/Streams/{stream.sid}"
    return {
        "account_sid": record.account_sid,
        "call_sid": record.sid,
        "date_updated": date(stream.date_updated),
        "name": stream.order.name or None,
        "sid": stream.sid,
        "status": "in-progress" if stream.is_running else "stopped",
        "uri": path + extension.value,
    }


def _answer(request: web.Request, stream: MediaStream, status: int) -> web.Response:
    extension = extension_of(request)
    return envelope.instance(stream_resource(stream, extension), "Stream", extension, status)
