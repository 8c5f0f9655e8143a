"""calls.ports.Webhooks: documents, sounds and callbacks over one pool of connections."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from offhook.calls.errors import WebhookFailed
from offhook.calls.ports import (
    CallbackRequest,
    Clock,
    DocumentAnswer,
    DocumentRequest,
    Notification,
    Sound,
    Timeline,
    Tokens,
)
from offhook.model.sids import NOTIFICATION, AccountSid, CallSid
from offhook.model.timeline import Kind, TimelineEntry
from offhook.webhook import failures
from offhook.webhook.callbacks import Callbacks
from offhook.webhook.client import WebhookClient
from offhook.webhook.cookies import CallMemories
from offhook.webhook.documents import Documents
from offhook.webhook.limits import WebhookLimits
from offhook.webhook.sounds import Sounds, decode_sound
from offhook.webhook.trace import WebhookTrace
from offhook.webhook.url import redact


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookWorld:
    """What webhooks need: account SIDs with their auth tokens, and where to write what happened."""

    accounts: Mapping[AccountSid, str]
    timeline: Timeline
    clock: Clock
    tokens: Tokens
    add_notification: Callable[[Notification], None]


async def open_webhooks(
    world: WebhookWorld, limits: WebhookLimits | None = None, *, allow_private_addresses: bool = True
) -> "WebhookService":
    """Begin to serve webhooks on the running loop; end with `close`."""
    limits = limits or WebhookLimits()
    trace = WebhookTrace(world.timeline, world.clock, limits.recorded_body)
    client = WebhookClient(trace, limits, allow_private_addresses=allow_private_addresses)
    service = WebhookService(world, client)
    await service.start()
    return service


class WebhookService:
    """Satisfies calls.ports.Webhooks."""

    def __init__(self, world: WebhookWorld, client: WebhookClient) -> None:
        self._world = world
        self._client = client
        memories = CallMemories(client.limits.calls, client.limits.cookies)
        self._documents = Documents(client, memories, world.accounts)
        self._sounds = Sounds(client, memories, world.accounts)
        self._callbacks = Callbacks(client, memories, world.accounts, self._report)

    async def start(self) -> None:
        """Take callbacks from now on."""
        await self._callbacks.start()

    async def close(self) -> None:
        """Deliver what is waiting within the drain limit, then close every connection."""
        await self._callbacks.close()
        await self._client.close()

    async def fetch(self, request: DocumentRequest) -> DocumentAnswer:
        """Request a document within the contract's limits. Raises WebhookFailed with the 11xxx code."""
        return await self._documents.fetch(request)

    async def fetch_sound(self, call_sid: CallSid, url: str) -> Sound:
        """Fetch and decode audio for Play. Raises WebhookFailed with 11xxx or 12300."""
        return await self._sounds.fetch(call_sid, url)

    async def decode_sound(self, body: bytes, content_type: str) -> Sound:
        """Decode audio that came in place of a document. Raises WebhookFailed with 12300."""
        return await asyncio.to_thread(decode_sound, body, content_type)

    def notify(self, request: CallbackRequest) -> None:
        """Queue a status callback behind the call's earlier ones."""
        self._callbacks.notify(request)

    def forget(self, call_sid: CallSid) -> None:
        """The call is over: its cookies may go once its last callback is out."""
        self._callbacks.forget(call_sid)

    def _report(self, request: CallbackRequest, failure: WebhookFailed) -> None:
        """A callback failed: one notification, one entry on the timeline."""
        now = self._world.clock.now()
        is_warning = failure.error_code == failures.CALLBACK_WARNING
        level = "warning" if is_warning else "error"
        text = urlencode(
            {
                "ErrorCode": failure.error_code,
                "LogLevel": "WARN" if is_warning else "ERROR",
                "Msg": str(failure),
                "url": redact(request.target.url),
            },
            errors="replace",
        )
        notification = Notification(
            sid=self._world.tokens.sid(NOTIFICATION),
            account_sid=request.account_sid,
            call_sid=request.call_sid,
            error_code=failure.error_code,
            log=int(is_warning),
            message_text=text,
            message_date=now,
            request_url=redact(request.target.url),
            request_method=request.target.method.value,
        )
        self._world.add_notification(notification)
        detail = {"error_code": failure.error_code, "level": level, "text": str(failure)}
        entry = TimelineEntry(at=now, kind=Kind.NOTICE, summary=str(failure), call_sid=request.call_sid, detail=detail)
        self._world.timeline.record(entry)
