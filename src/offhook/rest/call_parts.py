"""What belongs to a call: Notifications, Events, and the Timeline that this platform adds (contract 1 §1.1, §8.6)."""

from collections.abc import Sequence

from aiohttp import web

from offhook.calls.ports import Notification
from offhook.model.timeline import Kind
from offhook.rest import envelope
from offhook.rest.calls import stored_call
from offhook.rest.envelope import Resource
from offhook.rest.errors import ResourceNotFound
from offhook.rest.listing import read_page, read_period
from offhook.rest.representation import (
    account_path,
    event_resource,
    notification_resource,
    timeline_resource,
)
from offhook.rest.request import extension_of
from offhook.rest.world import WORLD

NOTIFICATION_FILTERS = ("Log", "MessageDate", "MessageDate<", "MessageDate>")


async def list_notifications(request: web.Request) -> web.Response:
    """GET Notifications, newest first."""
    record = await stored_call(request)
    extension = extension_of(request)
    found = await request.app[WORLD].store.notifications(record.account_sid, record.sid)
    wanted = [notification_resource(item, extension) for item in reversed(found) if _is_wanted(request, item)]
    return _page(request, "notifications", "Notification", wanted, NOTIFICATION_FILTERS)


async def fetch_notification(request: web.Request) -> web.Response:
    """GET one notification."""
    record = await stored_call(request)
    extension = extension_of(request)
    for item in await request.app[WORLD].store.notifications(record.account_sid, record.sid):
        if item.sid == request.match_info["sid"]:
            return envelope.instance(notification_resource(item, extension, is_whole=True), "Notification", extension)
    raise ResourceNotFound(request.path)


async def list_events(request: web.Request) -> web.Response:
    """GET Events: every webhook of the call with its answer, oldest first."""
    record = await stored_call(request)
    entries = await request.app[WORLD].store.timeline(record.sid)
    found = [event_resource(entry) for entry in entries if entry.kind is Kind.WEBHOOK]
    return _page(request, "events", "Event", found, ())


async def fetch_timeline(request: web.Request) -> web.Response:
    """GET Timeline: everything that happened in the call, in order of time; JSON whatever the extension."""
    record = await stored_call(request)
    entries = await request.app[WORLD].store.timeline(record.sid)
    return envelope.json_answer({"timeline": [timeline_resource(entry) for entry in entries]}, 200)


def _is_wanted(request: web.Request, notification: Notification) -> bool:
    log = request.query.get("Log")
    after, before = read_period(request.query, "MessageDate")
    return (
        (not log or log == str(notification.log))
        and (after is None or notification.message_date >= after)
        and (before is None or notification.message_date < before)
    )


def _page(
    request: web.Request, key: str, name: str, resources: Sequence[Resource], filters: Sequence[str]
) -> web.Response:
    """A page of a list that is short enough to be cut here; its token is where the next one begins."""
    extension = extension_of(request)
    call = request.match_info["call_sid"]
    account = request.match_info["account_sid"]
    path = f"{account_path(account)}/Calls/{call}/{name}s{extension.value}"
    asked = read_page(path, request.query, filters)
    begin = int(asked.token) if asked.token and asked.token.isascii() and asked.token.isdigit() else 0
    shown = resources[begin : begin + asked.size]
    rest = str(begin + asked.size) if begin + asked.size < len(resources) else None
    return envelope.page(key, name, shown, asked.envelope(len(shown), rest), extension)
