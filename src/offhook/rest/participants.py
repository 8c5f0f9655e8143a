"""Participants of a conference: their list, one of them, what is asked of one (contract 2 §7, §7.1)."""

from collections.abc import Mapping

from aiohttp import web

from offhook.calls.ports import ParticipantFilter
from offhook.model.conference import ParticipantRecord
from offhook.rest import envelope, errors
from offhook.rest.conferences import NOT_BUILT, stored_conference
from offhook.rest.envelope import Extension, Resource, date
from offhook.rest.errors import InvalidParameter, NotOffered, ResourceNotFound
from offhook.rest.form import read_form
from offhook.rest.listing import read_page
from offhook.rest.parameters import target
from offhook.rest.representation import account_path
from offhook.rest.request import extension_of
from offhook.rest.world import WORLD

FILTERS = ("Muted", "Hold", "Coaching")
URLS = (("HoldUrl", "HoldMethod"), ("AnnounceUrl", "AnnounceMethod"), ("WaitUrl", "WaitMethod"))


async def list_(request: web.Request) -> web.Response:
    """GET Participants: one page, newest first."""
    conference, extension = await stored_conference(request), extension_of(request)
    path = f"{account_path(conference.account_sid)}/Conferences/{conference.sid}/Participants{extension.value}"
    asked = read_page(path, request.query, FILTERS)
    which = ParticipantFilter(
        is_muted=_truth(request.query, "Muted"),
        is_held=_truth(request.query, "Hold"),
        is_coaching=_truth(request.query, "Coaching"),
    )
    found = await request.app[WORLD].conferences.participants(conference.sid, which, asked.size, asked.token)
    shown = [participant_resource(one, extension) for one in found.records]
    head = asked.envelope(len(shown), found.next_token)
    return envelope.page("participants", "Participant", shown, head, extension)


async def create(request: web.Request) -> web.Response:
    """POST Participants, which would call somebody into a conference: refused, and nobody is called."""
    form = await read_form(request, request.app[WORLD].limits)
    if form.text("To") is None:
        raise InvalidParameter(errors.NO_TO, "No 'To' number is specified")
    if form.text("From") is None:
        raise InvalidParameter(errors.NO_FROM, "No 'From' number is specified")
    raise NotOffered(NOT_BUILT)


async def fetch(request: web.Request) -> web.Response:
    """GET one, by the SID of its call or by its label."""
    participant, extension = await _stored(request), extension_of(request)
    return envelope.instance(participant_resource(participant, extension), "Participant", extension)


async def update(request: web.Request) -> web.Response:
    """POST one: mute it, hold it, announce something to it, let it coach."""
    form = await read_form(request, request.app[WORLD].limits)
    await _stored(request)
    for url, method in URLS:
        target(form, url, method)
    raise NotOffered(NOT_BUILT)


async def delete(request: web.Request) -> web.Response:
    """DELETE one, which would take its call out of the conference."""
    await _stored(request)
    raise NotOffered(NOT_BUILT)


async def _stored(request: web.Request) -> ParticipantRecord:
    conference = await stored_conference(request)
    named = request.match_info["participant"]
    found = await request.app[WORLD].conferences.participant(conference.sid, named)
    if found is None:
        raise ResourceNotFound(request.path)
    return found


def participant_resource(participant: ParticipantRecord, extension: Extension) -> Resource:
    """A participant as the API shows it."""
    conference = f"{account_path(participant.account_sid)}/Conferences/{participant.conference_sid}"
    return {
        "account_sid": participant.account_sid,
        "call_sid": participant.call_sid,
        "call_sid_to_coach": participant.coached_call_sid,
        "coaching": participant.coached_call_sid is not None,
        "conference_sid": participant.conference_sid,
        "date_created": date(participant.date_created),
        "date_updated": date(participant.date_updated),
        "end_conference_on_exit": participant.ends_conference,
        "hold": participant.is_held,
        "label": participant.label,
        "muted": participant.is_muted,
        "queue_time": str(participant.queue_time),
        "start_conference_on_enter": participant.starts_conference,
        "status": participant.status.value,
        "uri": f"{conference}/Participants/{participant.call_sid}{extension.value}",
    }


def _truth(query: Mapping[str, str], name: str) -> bool | None:
    """Whether a filter is true or false, None without it. Raises InvalidParameter (20422)."""
    match query.get(name, "").lower():
        case "":
            return None
        case "true" | "false" as word:
            return word == "true"
        case _:
            raise InvalidParameter(errors.INVALID_PARAMETER, f"{name} must be true or false")
