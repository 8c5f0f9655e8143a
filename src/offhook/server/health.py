"""/healthz and /readyz: whether the process lives, and whether it takes calls."""

from aiohttp import web

from offhook.calls.exchange import Exchange


def add_health(app: web.Application, exchange: Exchange) -> None:
    """Add both routes; they need no credentials and say nothing of any call."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_request: web.Request) -> web.Response:
        if exchange.is_open:
            return web.json_response({"status": "ready"})
        return web.json_response({"status": "closing"}, status=503)

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
