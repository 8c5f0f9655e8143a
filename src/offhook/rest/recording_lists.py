"""Lists of recordings: of an account, of a call, of a conference (contract 2 §7)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from aiohttp import web

from offhook.calls.ports import RecordingFilter
from offhook.model.sids import CALL, CallSid, is_sid
from offhook.rest import envelope, errors
from offhook.rest.calls import stored_call
from offhook.rest.conferences import stored_conference
from offhook.rest.errors import InvalidParameter
from offhook.rest.listing import read_page, read_period
from offhook.rest.recordings import as_read, read_deleted_since, recording_resource
from offhook.rest.representation import account_path
from offhook.rest.request import account_of, extension_of
from offhook.rest.world import WORLD

CONFERENCE = "CF"
_DATES = ("DateCreated", "DateCreated<", "DateCreated>")


async def of_account(request: web.Request) -> web.Response:
    """GET Recordings: one page, newest first."""
    which = _filter(
        request.query,
        call_sid=_sid(request.query, "CallSid", CALL),
        conference_sid=_sid(request.query, "ConferenceSid", CONFERENCE),
        deleted_since=read_deleted_since(request),
    )
    path = f"{account_path(account_of(request))}/Recordings"
    return await _page(request, path, which, (*_DATES, "CallSid", "ConferenceSid", "IncludeSoftDeleted"))


async def of_call(request: web.Request) -> web.Response:
    """GET Recordings of a call: one page, newest first."""
    call = await stored_call(request)
    path = f"{account_path(call.account_sid)}/Calls/{call.sid}/Recordings"
    return await _page(request, path, _filter(request.query, call_sid=call.sid), _DATES)


async def of_conference(request: web.Request) -> web.Response:
    """GET Recordings of a conference: one page, newest first."""
    conference = await stored_conference(request)
    path = f"{account_path(conference.account_sid)}/Conferences/{conference.sid}/Recordings"
    which = _filter(request.query, call_sid=None, conference_sid=conference.sid)
    return await _page(request, path, which, _DATES)


def _filter(
    query: Mapping[str, str],
    *,
    call_sid: str | None,
    conference_sid: str | None = None,
    deleted_since: datetime | None = None,
) -> RecordingFilter:
    created_after, created_before = read_period(query, "DateCreated")
    return RecordingFilter(
        call_sid=None if call_sid is None else CallSid(call_sid),
        conference_sid=conference_sid,
        created_after=created_after,
        created_before=created_before,
        deleted_since=deleted_since,
    )


def _sid(query: Mapping[str, str], name: str, prefix: str) -> str | None:
    sid = query.get(name) or None
    if sid is not None and not is_sid(sid, prefix):
        raise InvalidParameter(errors.INVALID_SID, f"{name} must be a SID that begins with {prefix}, not {sid[:80]!r}")
    return sid


async def _page(request: web.Request, path: str, which: RecordingFilter, filters: Sequence[str]) -> web.Response:
    extension = extension_of(request)
    asked = read_page(path + extension.value, request.query, filters)
    found = await request.app[WORLD].store.recordings(account_of(request), which, asked.size, asked.token)
    shown = [recording_resource(request, as_read(one)) for one in found.records]
    return envelope.page("recordings", "Recording", shown, asked.envelope(len(shown), found.next_token), extension)
