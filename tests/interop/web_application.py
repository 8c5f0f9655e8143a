"""The customer's web application: answers with TwiML, keeps every request, and checks each signature with the SDK."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from free_ports import free_port
from offhook_process import TOKEN
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

Answer = str | Callable[[web.Request], Awaitable[web.StreamResponse]]
LIMIT = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: its path without the query, its query and its form."""

    path: str
    method: str
    query: dict[str, str]
    form: dict[str, str]


@dataclass(slots=True)
class WebApplication:
    """`pages` maps a path to TwiML, or to a coroutine that answers; what has no page gets an empty 204."""

    url: str
    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)  # of other accounts, by SID
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def to(self, path: str) -> list[Asked]:
        """The requests to one path, in order."""
        return [one for one in self.asked if one.path == path]

    async def request(self, path: str, count: int = 1) -> Asked:
        """The request of this number to a path; waits for it."""
        await self.until(lambda: len(self.to(path)) >= count, f"request {count} to {path}")
        return self.to(path)[count - 1]

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition on what was asked holds."""
        try:
            async with asyncio.timeout(LIMIT), self.news:
                await self.news.wait_for(condition)
        except TimeoutError:
            raise AssertionError(f"waited in vain for {what}; asked were {[one.path for one in self.asked]}") from None

    def statuses(self, path: str) -> list[str]:
        """The CallStatus of each callback to a path."""
        return [one.form["CallStatus"] for one in self.to(path)]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Take any request."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        signature = request.headers.get("X-Twilio-Signature", "")
        url = f"{self.url}{request.raw_path}"
        token = self.tokens.get(form.get("AccountSid", ""), TOKEN)
        if not RequestValidator(token).validate(url, form, signature):
            self.unsigned.append(f"{request.method} {url}")
        async with self.news:
            self.asked.append(Asked(path=request.path, method=request.method, query=dict(request.query), form=form))
            self.news.notify_all()
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=204)
        if isinstance(page, str):
            return web.Response(text=page, content_type="text/xml")
        return await page(request)


@asynccontextmanager
async def web_application() -> AsyncIterator[WebApplication]:
    """A running application; fails at the end when a request was not signed as the SDK expects."""
    port = free_port()
    application = WebApplication(f"http://127.0.0.1:{port}")
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", application.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield application
    finally:
        await runner.cleanup()
    assert not application.unsigned, f"wrong signatures: {application.unsigned}"
