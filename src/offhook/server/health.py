"""/healthz, /readyz and /metrics: whether the process lives, whether it takes calls, what it counts."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from offhook.calls.exchange import Exchange
from offhook.telemetry.metrics import Metrics


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


def add_metrics(app: web.Application, metrics: Metrics) -> None:
    """Add the route that Prometheus asks."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/metrics", answer)
