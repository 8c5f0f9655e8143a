"""What the tests of webhooks share: a scripted application, a recorder, a clock."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from offhook.calls.ports import DocumentRequest, Notification
from offhook.model.call import HttpMethod, WebhookTarget
from offhook.model.sids import AccountSid, CallSid
from offhook.model.timeline import TimelineEntry
from offhook.webhook.service import WebhookService

ACCOUNT = AccountSid("AC" + "1" * 32)
CALL = CallSid("CA" + "2" * 32)
TOKEN = "12345"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FixedClock:
    """Noon, for ever."""

    def now(self) -> datetime:
        """The first of March 2026, noon."""
        return datetime(2026, 3, 1, 12, tzinfo=UTC)


class CountedTokens:
    """SIDs that count."""

    def __init__(self) -> None:
        self.count = 0

    def sid(self, prefix: str) -> str:
        """The next SID."""
        self.count += 1
        return f"{prefix}{self.count:032x}"


@dataclass
class Recorder:
    """Keeps timeline entries and notifications."""

    entries: list[TimelineEntry] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)

    def record(self, entry: TimelineEntry) -> None:
        """Keep an entry."""
        self.entries.append(entry)

    def link(self, call_id: str, call_sid: CallSid) -> None:
        """Nothing to link here."""


@dataclass
class Seen:
    """One request as the application saw it."""

    method: str
    path: str
    headers: dict[str, str]
    form: list[tuple[str, str]]


class Application:
    """Answers by path and keeps what it was asked."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answers: dict[str, Answer] = {}
        self.base = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Note the request, then answer as scripted; empty TwiML where nothing is."""
        form = [(name, str(value)) for name, value in (await request.post()).items()]
        self.seen.append(Seen(request.method, request.path_qs, dict(request.headers), form))
        answer = self.answers.get(request.path)
        if answer is None:
            return web.Response(text="<Response/>", content_type="text/xml")
        return await answer(request)

    def on(self, path: str, **response: Any) -> str:
        """Answer `path` with this response; returns the URL."""

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(**response)

        self.answers[path] = answer
        return self.base + path


Opener = Callable[..., Awaitable[WebhookService]]


def ask(url: str, method: HttpMethod = HttpMethod.POST, **parameters: str) -> DocumentRequest:
    """A request for a document."""
    return DocumentRequest(
        account_sid=ACCOUNT,
        call_sid=CALL,
        target=WebhookTarget(url=url, method=method),
        parameters=parameters,
        purpose="voice",
    )
