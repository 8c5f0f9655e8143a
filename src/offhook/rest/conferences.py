"""Conferences: their list, one of them, what is asked of one (contract 2 §7).

What is written down of conferences is shown; no call can be put into one yet, so that nothing can be changed in one.
"""

from collections.abc import Mapping

from aiohttp import web

from offhook.calls.errors import IllegalCallState
from offhook.calls.ports import ConferenceFilter
from offhook.model.conference import ConferenceRecord, ConferenceStatus
from offhook.model.webhook import API_VERSION
from offhook.rest import envelope, errors
from offhook.rest.envelope import Extension, Resource, date
from offhook.rest.errors import InvalidParameter, NotOffered, ResourceNotFound
from offhook.rest.form import read_form
from offhook.rest.listing import read_page, read_period
from offhook.rest.parameters import target
from offhook.rest.representation import account_path
from offhook.rest.request import account_of, extension_of
from offhook.rest.world import WORLD

FILTERS = (
    *("FriendlyName", "Status"),
    *(f"{name}{operator}" for name in ("DateCreated", "DateUpdated") for operator in ("", "<", ">")),
)
NOT_BUILT = "Conferences do not run on this platform yet: nobody can be put into one, and nothing changed in it"


async def list_(request: web.Request) -> web.Response:
    """GET Conferences: one page, newest first."""
    account_sid, extension = account_of(request), extension_of(request)
    asked = read_page(f"{account_path(account_sid)}/Conferences{extension.value}", request.query, FILTERS)
    which = _filter(request.query)
    found = await request.app[WORLD].conferences.page(account_sid, which, asked.size, asked.token)
    shown = [conference_resource(one, extension) for one in found.records]
    head = asked.envelope(len(shown), found.next_token)
    return envelope.page("conferences", "Conference", shown, head, extension)


async def fetch(request: web.Request) -> web.Response:
    """GET one."""
    return _answer(request, await stored_conference(request))


async def update(request: web.Request) -> web.Response:
    """POST one: end it with Status=completed, or announce something to everybody in it."""
    form = await read_form(request, request.app[WORLD].limits)
    status, announcement = form.text("Status"), target(form, "AnnounceUrl", "AnnounceMethod")
    if status not in {None, ConferenceStatus.COMPLETED.value}:
        raise InvalidParameter(errors.INVALID_PARAMETER, f"Status must be completed, not {(status or '')[:80]!r}")
    conference = await stored_conference(request)
    if status is None and announcement is None:
        return _answer(request, conference)
    if conference.status is not ConferenceStatus.COMPLETED:
        raise NotOffered(NOT_BUILT)
    if announcement is not None:
        raise IllegalCallState("Conference is not in-progress. Cannot announce.")
    return _answer(request, conference)  # it is completed, as was asked


async def stored_conference(request: web.Request) -> ConferenceRecord:
    """The conference that the path names. Raises ResourceNotFound."""
    found = await request.app[WORLD].conferences.fetch(account_of(request), request.match_info["conference_sid"])
    if found is None:
        raise ResourceNotFound(request.path)
    return found


def conference_resource(conference: ConferenceRecord, extension: Extension) -> Resource:
    """A conference as the API shows it."""
    path = f"{account_path(conference.account_sid)}/Conferences/{conference.sid}"
    reason = conference.reason_ended
    return {
        "account_sid": conference.account_sid,
        "api_version": API_VERSION,
        "call_sid_ending_conference": conference.ending_call_sid,
        "date_created": date(conference.date_created),
        "date_updated": date(conference.date_updated),
        "friendly_name": conference.friendly_name,
        "reason_conference_ended": None if reason is None else reason.value,
        "region": conference.region,
        "sid": conference.sid,
        "status": conference.status.value,
        "subresource_uris": {name: f"{path}/{name.title()}.json" for name in ("participants", "recordings")},
        "uri": path + extension.value,
    }


def _answer(request: web.Request, conference: ConferenceRecord) -> web.Response:
    extension = extension_of(request)
    return envelope.instance(conference_resource(conference, extension), "Conference", extension)


def _filter(query: Mapping[str, str]) -> ConferenceFilter:
    """Which conferences a query asks for. Raises InvalidParameter (20422)."""
    status = query.get("Status") or None
    if status is not None and status not in {one.value for one in ConferenceStatus}:
        told = f"Status must be init, in-progress or completed, not {status[:80]!r}"
        raise InvalidParameter(errors.INVALID_PARAMETER, told)
    created_after, created_before = read_period(query, "DateCreated")
    updated_after, updated_before = read_period(query, "DateUpdated")
    return ConferenceFilter(
        friendly_name=query.get("FriendlyName") or None,
        status=None if status is None else ConferenceStatus(status),
        created_after=created_after,
        created_before=created_before,
        updated_after=updated_after,
        updated_before=updated_before,
    )
