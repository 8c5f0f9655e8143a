"""What belongs to a call and needs what this platform has not: SIPREC servers, and calls of Twilio's Voice SDKs.

Requests are checked as far as the contract goes, and then refused (403, 20010); nothing pretends to have begun.
"""

import msgspec
from aiohttp import web

from offhook.rest import errors
from offhook.rest.calls import stored_call
from offhook.rest.errors import InvalidParameter, NotOffered, ResourceNotFound
from offhook.rest.form import read_form
from offhook.rest.parameters import target
from offhook.rest.world import WORLD

TRACKS = {"inbound_track", "outbound_track", "both_tracks"}
NO_SIPREC = "No SIPREC server can be connected to this platform; Streams send the sound of a call elsewhere"
NO_VOICE_SDK = "User-defined messages go to and from calls of Twilio's Voice SDKs, and this call is none"


async def create_siprec(request: web.Request) -> web.Response:
    """POST Siprec of a call, which would fork its sound to a recording server."""
    form = await read_form(request, request.app[WORLD].limits)
    await stored_call(request)
    if (form.text("Track") or "both_tracks") not in TRACKS:
        raise InvalidParameter(errors.INVALID_PARAMETER, f"Track must be one of {', '.join(sorted(TRACKS))}")
    target(form, "StatusCallback", "StatusCallbackMethod")
    raise NotOffered(NO_SIPREC)


async def update_siprec(request: web.Request) -> web.Response:
    """POST one of them, with Status=stopped: there is none."""
    form = await read_form(request, request.app[WORLD].limits)
    await stored_call(request)
    if form.text("Status") != "stopped":
        raise InvalidParameter(errors.INVALID_PARAMETER, "Status must be stopped")
    raise ResourceNotFound(request.path)


async def send_message(request: web.Request) -> web.Response:
    """POST UserDefinedMessages of a call, whose Content is JSON."""
    form = await read_form(request, request.app[WORLD].limits)
    await stored_call(request)
    try:
        msgspec.json.decode(form.text("Content") or "")
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise InvalidParameter(errors.INVALID_PARAMETER, "Content must be JSON") from error
    raise NotOffered(NO_VOICE_SDK)


async def subscribe(request: web.Request) -> web.Response:
    """POST UserDefinedMessageSubscriptions of a call, whose messages would go to Callback."""
    form = await read_form(request, request.app[WORLD].limits)
    await stored_call(request)
    if target(form, "Callback", "Method") is None:
        raise InvalidParameter(errors.INVALID_URL, "Callback parameter is required.")
    raise NotOffered(NO_VOICE_SDK)


async def unsubscribe(request: web.Request) -> web.Response:
    """DELETE one of them: there is none."""
    await stored_call(request)
    raise ResourceNotFound(request.path)
