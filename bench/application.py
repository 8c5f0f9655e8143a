"""The customer's application of the measured calls: dials the callee, takes every callback, listens to streams.

Run by bench/platform.py as `python -m bench.application PORT CALLEE`; keeps when each request came, for the latencies.
"""

import sys
import time

from aiohttp import web

DIAL = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Dial answerOnBridge="true">'
    '<Sip statusCallback="/status" statusCallbackEvent="initiated ringing answered completed">sip:callee@{callee}</Sip>'
    "</Dial></Response>"
)


def make_application(callee: str) -> web.Application:
    """`/number` answers the document, `/times` what was asked when (monotonic seconds), all else 204."""
    document = DIAL.format(callee=callee)
    times: dict[str, float] = {}

    async def number(request: web.Request) -> web.Response:
        form = await request.post()
        times[str(form["SipCallId"])] = time.monotonic()
        return web.Response(text=document, content_type="text/xml")

    async def told(_request: web.Request) -> web.Response:
        return web.json_response(times)

    async def callback(_request: web.Request) -> web.Response:
        return web.Response(status=204)

    streams: set[web.WebSocketResponse] = set()

    async def stream(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        streams.add(socket)
        async for _ in socket:
            continue
        streams.discard(socket)
        return socket

    async def count(_request: web.Request) -> web.Response:
        return web.json_response(len(streams))

    app = web.Application()
    app.router.add_get("/stream", stream)
    app.router.add_get("/streams", count)
    app.router.add_post("/number", number)
    app.router.add_get("/times", told)
    app.router.add_route("*", "/{tail:.*}", callback)
    return app


if __name__ == "__main__":
    web.run_app(make_application(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), print=None)
