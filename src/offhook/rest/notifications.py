"""Notifications: errors and warnings, of a call and of an account (contract 1 §8.6)."""

from collections.abc import Mapping

from aiohttp import web

from offhook.calls.ports import Notification, NotificationFilter
from offhook.model.sids import CallSid
from offhook.rest import envelope, errors
from offhook.rest.calls import stored_call
from offhook.rest.errors import InvalidParameter, ResourceNotFound
from offhook.rest.listing import read_page, read_period
from offhook.rest.representation import account_path, notification_resource
from offhook.rest.request import account_of, extension_of
from offhook.rest.world import WORLD

FILTERS = ("Log", "MessageDate", "MessageDate<", "MessageDate>")
_LOGS = {"0": 0, "1": 1}


async def list_page(request: web.Request) -> web.Response:
    """GET one page, newest first: of the call that the path names, or of the account."""
    extension = extension_of(request)
    is_of_call = "call_sid" in request.match_info
    call_sid = (await stored_call(request)).sid if is_of_call else None
    path = f"{_parent(request, call_sid)}/Notifications{extension.value}"
    asked = read_page(path, request.query, FILTERS)
    which = _filter(request.query, call_sid)
    found = await request.app[WORLD].store.notifications(account_of(request), which, asked.size, asked.token)
    shown = [notification_resource(one, extension, is_of_call=is_of_call) for one in found.records]
    envelope_of_page = asked.envelope(len(shown), found.next_token)
    return envelope.page("notifications", "Notification", shown, envelope_of_page, extension)


async def fetch(request: web.Request) -> web.Response:
    """GET one, with what was asked and answered."""
    extension = extension_of(request)
    one = await _stored(request)
    is_of_call = "call_sid" in request.match_info
    resource = notification_resource(one, extension, is_of_call=is_of_call, is_whole=True)
    return envelope.instance(resource, "Notification", extension)


async def _stored(request: web.Request) -> Notification:
    one = await request.app[WORLD].store.notification(account_of(request), request.match_info["sid"])
    if one is None or request.match_info.get("call_sid", one.call_sid) != one.call_sid:
        raise ResourceNotFound(request.path)
    return one


def _parent(request: web.Request, call_sid: CallSid | None) -> str:
    return account_path(account_of(request)) + (f"/Calls/{call_sid}" if call_sid is not None else "")


def _filter(query: Mapping[str, str], call_sid: CallSid | None) -> NotificationFilter:
    log = query.get("Log") or None
    if log is not None and log not in _LOGS:
        raise InvalidParameter(errors.INVALID_PARAMETER, f"Log must be 0, errors, or 1, warnings, not {log[:80]!r}")
    after, before = read_period(query, "MessageDate")
    return NotificationFilter(call_sid=call_sid, log=None if log is None else _LOGS[log], after=after, before=before)
