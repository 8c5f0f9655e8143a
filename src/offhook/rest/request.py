"""What every route asks of a request: the account that it proved to be, and the form of its answer."""

from aiohttp import web

from offhook.model.sids import AccountSid
from offhook.rest.envelope import Extension

PROVED = web.RequestKey("proved", AccountSid)  # the account whose credentials came with the request


def account_of(request: web.Request) -> AccountSid:
    """The account in the path, which the request has proved to be or to own; without one the proved one itself."""
    return AccountSid(request.match_info.get("account_sid", request[PROVED]))


def extension_of(request: web.Request) -> Extension:
    """The path's extension; paths without a route are judged by how they end. /v1 knows JSON alone."""
    if request.path.startswith("/v1/"):
        return Extension.JSON
    written = request.match_info.get("extension")
    if written is not None:
        return Extension(written)
    return next((known for known in Extension if known.value and request.path.endswith(known.value)), Extension.NONE)
