"""The API as an aiohttp application: routes, authentication, errors, limits.

`make_app` is the whole server's application: others add their routes to it (console, health, metrics). What lies under
/2010-04-01 answers in the API's own forms, and errors there are never pages of the web framework.
"""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from offhook.calls.errors import CallError
from offhook.model.sids import AccountSid
from offhook.rest import (
    call_parts,
    calls,
    conferences,
    dialing_settings,
    envelope,
    errors,
    not_offered,
    notifications,
    participants,
    recording_lists,
    recordings,
    streams,
    transcriptions,
    transcripts,
)
from offhook.rest.auth import authenticate
from offhook.rest.envelope import Extension
from offhook.rest.errors import ApiError, ResourceNotFound, translate
from offhook.rest.provisioned import routes as provisioned
from offhook.rest.provisioned.family import NEW, OLD
from offhook.rest.request import PROVED, extension_of
from offhook.rest.world import WORLD, RestLimits, RestWorld

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_EXTENSION = r"{extension:(?:\.json|\.xml|\.csv)?}"
_CALLS = "/Accounts/{account_sid}/Calls"
_RECORDINGS = "/Accounts/{account_sid}/Recordings"
_CALL = _CALLS + r"/{call_sid:[^/.]+}"

_log = structlog.get_logger("offhook.rest")


def make_app(world: RestWorld) -> web.Application:
    """The application of the whole server, with the API under /2010-04-01 and /v1."""
    app = web.Application(client_max_size=world.limits.body_size)
    limit = _limit(world.limits.concurrent_requests)
    app.add_subapp(OLD.root, make_api(world, limit, routes()))
    app.add_subapp(NEW.root, make_api(world, limit, new_routes()))
    app.on_response_prepare.append(_drop_banner)
    return app


def make_api(world: RestWorld, limit: Middleware, served: list[web.RouteDef]) -> web.Application:
    """One family of the API alone, to be mounted at its root."""
    api = web.Application(
        client_max_size=world.limits.body_size,
        middlewares=[_errors, limit, _authentication],
    )
    api[WORLD] = world
    api.router.add_routes(served)
    return api


def routes() -> list[web.RouteDef]:
    """Every route of /2010-04-01, below it."""
    return [
        web.post(_CALLS + _EXTENSION, calls.create),
        web.get(_CALLS + _EXTENSION, calls.list_),
        web.get(_CALL + _EXTENSION, calls.fetch),
        web.post(_CALL + _EXTENSION, calls.update),
        web.delete(_CALL + _EXTENSION, calls.delete),
        *_notifications(f"{_CALL}/Notifications"),
        *_notifications("/Accounts/{account_sid}/Notifications"),
        web.post(f"{_CALL}/Recordings{_EXTENSION}", recordings.create),
        web.get(f"{_CALL}/Recordings{_EXTENSION}", recording_lists.of_call),
        web.get(_CALL + r"/Recordings/{sid:RE[^/.]+}" + _EXTENSION, recordings.fetch),
        web.delete(_CALL + r"/Recordings/{sid:RE[^/.]+}" + _EXTENSION, recordings.delete),
        web.post(_CALL + r"/Recordings/{sid:[^/]+?}" + _EXTENSION, recordings.update),
        web.get(_RECORDINGS + _EXTENSION, recording_lists.of_account),
        web.get(_RECORDINGS + r"/{sid:RE[^/.]+}.{form:wav|mp3}", recordings.fetch_media),
        web.get(_RECORDINGS + r"/{sid:RE[^/.]+}" + _EXTENSION, recordings.fetch),
        web.delete(_RECORDINGS + r"/{sid:RE[^/.]+}" + _EXTENSION, recordings.delete),
        *_transcripts(f"{_RECORDINGS}/{{recording_sid:RE[^/.]+}}/Transcriptions"),
        *_transcripts("/Accounts/{account_sid}/Transcriptions"),
        web.post(f"{_CALL}/Streams{_EXTENSION}", streams.create),
        web.post(_CALL + "/Streams/{sid:[^/]+?}" + _EXTENSION, streams.update),
        web.post(f"{_CALL}/Transcriptions{_EXTENSION}", transcriptions.create),
        web.post(_CALL + "/Transcriptions/{sid:[^/]+?}" + _EXTENSION, transcriptions.update),
        web.get(f"{_CALL}/Events{_EXTENSION}", call_parts.list_events),
        web.get(f"{_CALL}/Timeline{_EXTENSION}", call_parts.fetch_timeline),
        *_not_offered(),
        *_conferences(),
        *provisioned.routes(OLD),
    ]


def new_routes() -> list[web.RouteDef]:
    """Every route of /v1, below it."""
    return [
        web.get(dialing_settings.PATH, dialing_settings.fetch),
        web.post(dialing_settings.PATH, dialing_settings.update),
        *provisioned.routes(NEW),
    ]


def _not_offered() -> list[web.RouteDef]:
    subscriptions = f"{_CALL}/UserDefinedMessageSubscriptions"
    return [
        web.post(f"{_CALL}/Siprec{_EXTENSION}", not_offered.create_siprec),
        web.post(_CALL + "/Siprec/{sid:[^/]+?}" + _EXTENSION, not_offered.update_siprec),
        web.post(f"{_CALL}/UserDefinedMessages{_EXTENSION}", not_offered.send_message),
        web.post(subscriptions + _EXTENSION, not_offered.subscribe),
        web.delete(subscriptions + "/{sid:[^/.]+}" + _EXTENSION, not_offered.unsubscribe),
    ]


def _conferences() -> list[web.RouteDef]:
    every = "/Accounts/{account_sid}/Conferences"
    one = every + "/{conference_sid:[^/.]+}"
    participant = one + "/Participants/{participant:[^/]+?}" + _EXTENSION
    recording = one + r"/Recordings/{sid:RE[^/.]+}" + _EXTENSION
    return [
        web.get(every + _EXTENSION, conferences.list_),
        web.get(one + _EXTENSION, conferences.fetch),
        web.post(one + _EXTENSION, conferences.update),
        web.get(f"{one}/Participants{_EXTENSION}", participants.list_),
        web.post(every + "/{conference:[^/]+}/Participants" + _EXTENSION, participants.create),
        web.get(participant, participants.fetch),
        web.post(participant, participants.update),
        web.delete(participant, participants.delete),
        web.get(f"{one}/Recordings{_EXTENSION}", recording_lists.of_conference),
        web.get(recording, recordings.fetch),
        web.post(recording, recordings.update_of_conference),
        web.delete(recording, recordings.delete),
    ]


def _transcripts(path: str) -> list[web.RouteDef]:
    one = path + r"/{sid:TR[^/.]+}"
    return [
        web.get(path + _EXTENSION, transcripts.list_),
        web.get(f"{one}.txt", transcripts.fetch_text),
        web.get(one + _EXTENSION, transcripts.fetch),
        web.delete(one + _EXTENSION, transcripts.delete),
    ]


def _notifications(place: str) -> list[web.RouteDef]:
    return [
        web.get(place + _EXTENSION, notifications.list_page),
        web.get(place + r"/{sid:[^/.]+}" + _EXTENSION, notifications.fetch),
    ]


def make_runner(app: web.Application, limits: RestLimits | None = None) -> web.AppRunner:
    """What serves the application on sockets, with the limits that keep hostile clients small."""
    limits = limits or RestLimits()
    return web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=limits.idle,
        max_line_size=limits.header_size,
        max_field_size=limits.header_size,
        shutdown_timeout=5.0,
        handler_cancellation=False,  # a client that goes away does not undo its command half-way
    )


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure becomes the API's error body."""
    try:
        return await handler(request)
    except ApiError as error:
        failure = error
    except CallError as error:
        failure = translate(error, request.path)
    except web.HTTPException as error:
        failure = _translate_http(error, request)
    except Exception:  # noqa: BLE001 - the client is owed an answer, and the operator the reason
        _log.exception("a request failed in an unforeseen way", method=request.method, path=request.path)
        failure = ApiError(500, errors.INTERNAL, "An internal error occurred; the reason is in the log")
    return _answer(request, failure)


def _translate_http(error: web.HTTPException, request: web.Request) -> ApiError:
    match error:
        case web.HTTPNotFound():
            return ResourceNotFound(request.path)
        case web.HTTPMethodNotAllowed():
            return ApiError(405, errors.METHOD_NOT_ALLOWED, f"{request.method} is not allowed on {request.path}")
        case _:
            return ApiError(error.status, errors.INVALID_PARAMETER, error.reason)


def _answer(request: web.Request, failure: ApiError) -> web.Response:
    extension = extension_of(request)
    wants_json = extension is Extension.NONE and "application/json" in request.headers.get("Accept", "")
    answer = envelope.error(failure.status, failure.code, failure.message, Extension.JSON if wants_json else extension)
    if failure.status == 401:  # noqa: PLR2004 - RFC 9110 §11.6.1
        answer.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return answer


@web.middleware
async def _authentication(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only an account may look, and only at what is its own or its subaccounts'."""
    world = request.app[WORLD]
    proved = authenticate(request.headers.get("Authorization"), world.accounts, world.keys)
    asked = AccountSid(request.match_info.get("account_sid", proved))
    if proved not in {asked, world.owners.get(asked)}:
        raise ResourceNotFound(request.path)
    request[PROVED] = proved
    return await handler(request)


def _limit(concurrent: int) -> Middleware:
    present = 0

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Turn away what would only pile up; such a request was never begun and may be sent again."""
        nonlocal present
        if present >= concurrent:
            raise ApiError(429, errors.TOO_MANY_REQUESTS, "Too many requests at once: try again")
        present += 1
        try:
            return await handler(request)
        finally:
            present -= 1

    return limit


async def _drop_banner(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "offhook"
