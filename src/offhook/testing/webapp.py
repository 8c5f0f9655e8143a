"""A scripted customer application: which URL answers what, how slowly, and a record of everything it was sent.

Satisfies calls.ports.Webhooks in virtual time; nothing leaves the process.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from offhook.calls.errors import WebhookFailed
from offhook.calls.ports import CallbackRequest, DocumentAnswer, DocumentRequest, Sound
from offhook.model.sids import CallSid

BASE = "http://app.test"
NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer: its body and media type, the seconds it takes, and the URL it comes from after redirects."""

    body: str | bytes = "<Response/>"
    content_type: str = "text/xml"
    delay: float = 0.0
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A request that comes to nothing after `delay` seconds."""

    error_code: int = 11200
    message: str = "the application answered 500"
    http_code: int | None = 500
    delay: float = 0.0


Answer = str | Page | Failure
Responder = Callable[[DocumentRequest], Answer]


class WebApp:
    """Answers by URL (without query and fragment); paths stand for URLs below `base`."""

    def __init__(self, base: str = BASE) -> None:
        self.base = base
        self.requests: list[DocumentRequest] = []
        self.callbacks: list[CallbackRequest] = []
        self.fetched_sounds: list[str] = []
        self.forgotten: list[CallSid] = []
        self._answers: dict[str, list[Answer | Responder]] = {}
        self._sounds: dict[str, tuple[Sound | Failure, float]] = {}

    def serve(self, url: str, *answers: Answer | Responder) -> str:
        """Answer a URL: one answer after the other, the last one for good. Returns the absolute URL."""
        self._answers[self.url(url)] = list(answers)
        return self.url(url)

    def serve_sound(self, url: str, sound: Sound | Failure, *, delay: float = 0.0) -> str:
        """Have a sound to play at a URL, after `delay` seconds. Returns the absolute URL."""
        self._sounds[self.url(url)] = (sound, delay)
        return self.url(url)

    def url(self, path: str) -> str:
        """The absolute URL of a path of this application."""
        return self.base + path if path.startswith("/") else path

    def asked(self, url: str) -> list[DocumentRequest]:
        """The requests that one URL got, in order."""
        return [request for request in self.requests if _bare(request.target.url) == self.url(url)]

    def told(self, call_sid: str) -> list[str]:
        """The CallStatus of each callback about one call, in order."""
        return [request.parameters["CallStatus"] for request in self.callbacks if request.call_sid == call_sid]

    # --- calls.ports.Webhooks -------------------------------------------------------------------------------------

    async def fetch(self, request: DocumentRequest) -> DocumentAnswer:
        """Answer from the script. Raises WebhookFailed as scripted, and with 11200 for an URL nobody serves."""
        self.requests.append(request)
        url = request.target.url
        answers = self._answers.get(_bare(url), [Failure(message=f"nothing is served at {url}", http_code=NOT_FOUND)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            answer = answer(request)
        page = Page(body=answer) if isinstance(answer, str) else answer
        await asyncio.sleep(page.delay)
        if isinstance(page, Failure):
            raise _failed(page, url)
        body = page.body.encode() if isinstance(page.body, str) else page.body
        return DocumentAnswer(url=page.url or url, content_type=page.content_type, body=body)

    async def fetch_sound(self, call_sid: CallSid, url: str) -> Sound:  # noqa: ARG002 - the port's signature
        """The sound at a URL. Raises WebhookFailed as scripted, and with 11200 when there is none."""
        self.fetched_sounds.append(url)
        missing = Failure(message=f"no sound at {url}", http_code=NOT_FOUND)
        sound, delay = self._sounds.get(_bare(url), (missing, 0.0))
        await asyncio.sleep(delay)
        if isinstance(sound, Failure):
            await asyncio.sleep(sound.delay)
            raise _failed(sound, url)
        return sound

    async def decode_sound(self, body: bytes, content_type: str) -> Sound:
        """Take the body for samples at 8 kHz. Raises WebhookFailed for what is no audio type."""
        if not content_type.startswith("audio/"):
            raise WebhookFailed(12300, f"{content_type} is not audio")
        return Sound(samples=body)

    def notify(self, request: CallbackRequest) -> None:
        """Write a status callback down."""
        self.callbacks.append(request)

    def forget(self, call_sid: CallSid) -> None:
        """Write down that the call is over."""
        self.forgotten.append(call_sid)


def _bare(url: str) -> str:
    return url.partition("#")[0].partition("?")[0]


def _failed(failure: Failure, url: str) -> WebhookFailed:
    return WebhookFailed(failure.error_code, failure.message, url=url, http_code=failure.http_code)
