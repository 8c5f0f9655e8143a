"""The Calls resource: create, list, fetch, update, delete (contract 1 §1)."""

from aiohttp import web

from offhook.calls.ports import Notification
from offhook.model.call import CallRecord
from offhook.model.errors import Level
from offhook.model.sids import CALL, NOTIFICATION, CallSid, is_sid
from offhook.model.timeline import Kind, TimelineEntry
from offhook.rest import envelope, errors
from offhook.rest.create_call import Warnings, read_order, read_start, read_status_callback
from offhook.rest.errors import ApiError, InvalidParameter, ResourceNotFound
from offhook.rest.form import Form, read_form
from offhook.rest.listing import CALL_FILTERS, read_call_filter, read_page
from offhook.rest.parameters import target, whole
from offhook.rest.provisioned.voice import with_application
from offhook.rest.representation import account_path, call_resource, message_text
from offhook.rest.request import account_of, extension_of
from offhook.rest.world import WORLD, RestWorld


async def create(request: web.Request) -> web.Response:
    """POST Calls: 201 once the call is on disk."""
    world = request.app[WORLD]
    form = await with_application(world, account_of(request), await read_form(request, world.limits))
    checked = read_order(form, account_of(request))
    record = await world.exchange.place(checked.order)
    _warn(world, record, checked.warnings)
    return _answer(request, record, 201)


async def list_(request: web.Request) -> web.Response:
    """GET Calls: one page, newest first."""
    world, account_sid, extension = request.app[WORLD], account_of(request), extension_of(request)
    asked = read_page(f"{account_path(account_sid)}/Calls{extension.value}", request.query, CALL_FILTERS)
    found = await world.store.calls(account_sid, read_call_filter(request.query), asked.size, asked.token)
    resources = [call_resource(record, extension) for record in found.records]
    return envelope.page("calls", "Call", resources, asked.envelope(len(resources), found.next_token), extension)


async def fetch(request: web.Request) -> web.Response:
    """GET one call."""
    return _answer(request, await stored_call(request))


async def update(request: web.Request) -> web.Response:
    """POST one call: redirect it, end it, or change its settings."""
    world = request.app[WORLD]
    form = await read_form(request, world.limits)
    record = await stored_call(request)
    status = form.text("Status")
    if status not in {None, "completed", "canceled"}:
        message = f"Status must be completed or canceled, not {(status or '')[:80]!r}"
        raise InvalidParameter(errors.INVALID_PARAMETER, message)
    if form.text("Url") is not None and form.text("Twiml") is not None:
        raise InvalidParameter(errors.INVALID_PARAMETER, "Url and Twiml exclude each other: give one of them")
    record = await _change_settings(world, record, form)
    if status == "completed":
        record = await world.exchange.hang_up(record.account_sid, record.sid)
    elif status == "canceled":
        record = await world.exchange.cancel(record.account_sid, record.sid)
    elif form.text("Url") is not None or form.text("Twiml") is not None:
        record = await world.exchange.redirect(record.account_sid, record.sid, read_start(form)[0])
    return _answer(request, record)


async def delete(request: web.Request) -> web.Response:
    """DELETE one call that is over: 204."""
    record = await stored_call(request)
    if not record.status.is_final:
        raise ApiError(409, errors.DELETE_UNFINISHED, f"Call {record.sid} is not over: it cannot be deleted yet")
    await request.app[WORLD].store.delete_call(record.account_sid, record.sid)
    return web.Response(status=204)


async def stored_call(request: web.Request) -> CallRecord:
    """The call that the path names. Raises ResourceNotFound."""
    sid = request.match_info["call_sid"]
    found = None
    if is_sid(sid, CALL):
        found = await request.app[WORLD].store.call(account_of(request), CallSid(sid))
    if found is None:
        raise ResourceNotFound(request.path)
    return found


async def _change_settings(world: RestWorld, record: CallRecord, form: Form) -> CallRecord:
    fallback = target(form, "FallbackUrl", "FallbackMethod")
    status_callback, _ = read_status_callback(form)
    time_limit = whole(form, "TimeLimit", 1, 86_400, errors.INVALID_PARAMETER)
    if fallback is None and status_callback is None and time_limit is None:
        return record
    return await world.exchange.change_settings(
        record.account_sid, record.sid, fallback=fallback, status_callback=status_callback, time_limit=time_limit
    )


def _answer(request: web.Request, record: CallRecord, status: int = 200) -> web.Response:
    extension = extension_of(request)
    return envelope.instance(call_resource(record, extension), "Call", extension, status)


def _warn(world: RestWorld, record: CallRecord, warnings: Warnings) -> None:
    """Put what the maker of the call should know on its notifications and its timeline."""
    now = world.clock.now()
    for code, text in warnings:
        notification = Notification(
            sid=world.tokens.sid(NOTIFICATION),
            account_sid=record.account_sid,
            call_sid=record.sid,
            error_code=code,
            log=Level.WARNING.value,
            message_text=message_text(code, "WARN", text),
            message_date=now,
            request_url=f"{account_path(record.account_sid)}/Calls.json",
            request_method="POST",
        )
        world.store.add_notification(notification)
        detail = {"error_code": code, "level": "warning", "text": text}
        world.timeline.record(TimelineEntry(at=now, kind=Kind.NOTICE, summary=text, call_sid=record.sid, detail=detail))
