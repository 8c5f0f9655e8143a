"""/v1/Settings: whether subaccounts go by the dialling permissions of their account. Here they always do."""

from aiohttp import web

from offhook.rest import envelope, errors
from offhook.rest.errors import InvalidParameter, NotOffered
from offhook.rest.form import read_form
from offhook.rest.world import WORLD

PATH = "/Settings"
INHERITED = "What may be dialled is configured for the platform, and holds for subaccounts too"


async def fetch(request: web.Request) -> web.Response:
    """GET it."""
    return _answer(request, 200)


async def update(request: web.Request) -> web.Response:
    """POST it: 202, unless something else is wanted."""
    wanted = ((await read_form(request, request.app[WORLD].limits)).text("DialingPermissionsInheritance") or "").lower()
    if wanted not in {"", "true", "false"}:
        raise InvalidParameter(errors.INVALID_PARAMETER, "DialingPermissionsInheritance must be true or false")
    if wanted == "false":
        raise NotOffered(INHERITED)
    return _answer(request, 202)


def _answer(request: web.Request, status: int) -> web.Response:
    shown = {"dialing_permissions_inheritance": True, "url": f"{request.url.origin()}/v1{PATH}"}
    return envelope.json_answer(shown, status)
