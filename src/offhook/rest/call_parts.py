"""What belongs to a call: Events, and the Timeline that this platform adds (contract 1 §1.1, §8.6)."""

from collections.abc import Sequence

from aiohttp import web

from offhook.model.timeline import Kind
from offhook.rest import envelope
from offhook.rest.calls import stored_call
from offhook.rest.envelope import Resource
from offhook.rest.listing import read_page
from offhook.rest.representation import (
    account_path,
    event_resource,
    timeline_resource,
)
from offhook.rest.request import extension_of
from offhook.rest.world import WORLD


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
