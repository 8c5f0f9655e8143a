"""The sample application: what you would write. Answers with TwiML, plays a tone, takes callbacks, checks signatures.

AUTH_TOKEN=… AGENT=sip:… LOG=requests.jsonl python -m demo.application PORT
"""

import io
import json
import math
import os
import struct
import sys
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.twiml.voice_response import Dial, VoiceResponse  # type: ignore[import-untyped]

EVENTS = "initiated ringing answered completed"
GREETING_HZ = 440
RATE_HZ = 8000

routes = web.RouteTableDef()


@routes.post("/voice")
async def voice(_request: web.Request) -> web.Response:
    """What happens on the call: a greeting, then an agent is rung and joined."""
    response = VoiceResponse()
    response.play("/greeting.wav")
    dial = Dial(action="/after-dial", timeout=10)
    dial.sip(os.environ["AGENT"], status_callback="/agent-status", status_callback_event=EVENTS)
    response.append(dial)
    return twiml(response)


@routes.post("/after-dial")
async def after_dial(_request: web.Request) -> web.Response:
    """What comes after the agent: nothing more."""
    response = VoiceResponse()
    response.hangup()
    return twiml(response)


@routes.post("/status")
@routes.post("/agent-status")
async def status(_request: web.Request) -> web.Response:
    """Progress of a call."""
    return web.Response(status=204)


@routes.get("/greeting.wav")
async def greeting(_request: web.Request) -> web.Response:
    """A second and a half of one tone."""
    frames = (8000 * math.sin(math.tau * GREETING_HZ * at / RATE_HZ) for at in range(RATE_HZ * 3 // 2))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(b"".join(struct.pack("<h", round(frame)) for frame in frames))
    return web.Response(body=file.getvalue(), content_type="audio/wav")


@routes.get("/ready")
async def ready(_request: web.Request) -> web.Response:
    """For the demonstration: whether this application is up."""
    return web.Response(text="ready")


@web.middleware
async def check_signature(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    """Refuse a POST that the platform did not sign; write down each one that it did."""
    if request.method == "POST":
        form = {name: str(value) for name, value in (await request.post()).items()}
        signature = request.headers.get("X-Twilio-Signature", "")
        is_signed = RequestValidator(os.environ["AUTH_TOKEN"]).validate(str(request.url), form, signature)
        write_down({"path": request.path, "is_signed": is_signed, "form": form})
        if not is_signed:
            raise web.HTTPForbidden(text="the signature is wrong")
    return await handler(request)


def write_down(request: dict[str, Any]) -> None:
    """One line for each request, for whoever runs this."""
    with Path(os.environ["LOG"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps(request) + "\n")


def twiml(response: VoiceResponse) -> web.Response:
    """A document as an answer."""
    return web.Response(text=str(response), content_type="text/xml")


def main() -> None:
    """Serve until terminated."""
    app = web.Application(middlewares=[check_signature])
    app.add_routes(routes)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, shutdown_timeout=1)


if __name__ == "__main__":
    main()
