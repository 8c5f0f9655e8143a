"""A small server that stands for a vendor of speech: keeps what it was asked, and answers as scripted."""

import io
import ssl
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from offhook.audio.tones import tone
from offhook.speech.http import ProviderHttp, provider_session
from offhook.speech.tasks import ProviderTasks

TONE = tone((440,), 0.5, level_dbfs=-10)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def wav(samples: bytes = TONE, rate_hz: int = 8000) -> bytes:
    """A WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(samples)
    return file.getvalue()


@dataclass
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Vendor:
    """Answers everything with `answer`; `http` is a provider's door to it."""

    http: ProviderHttp
    url: str = ""
    answer: Any = None
    asked: list[Asked] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Note the request, then answer."""
        body = b"" if request.content_type == "multipart/form-data" else await request.read()
        self.asked.append(Asked(request.path_qs, dict(request.headers), body))
        if callable(self.answer):
            response: web.StreamResponse = await self.answer(request)
            return response
        return web.Response(**self.answer)


@asynccontextmanager
async def vendor(*secrets: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[Vendor]:
    """The server, listening (with TLS when told how), and a session to it."""
    async with provider_session() as session, ProviderTasks() as tasks:
        server = Vendor(ProviderHttp(session, tasks, secrets))
        runner = web.ServerRunner(web.Server(server.serve), shutdown_timeout=0.1)  # type: ignore[arg-type]
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        server.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        yield server
        await runner.cleanup()
