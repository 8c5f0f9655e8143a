"""Status callbacks: a queue for each call, stream, recording and transcription (contract 1 §7.2).

So order is kept, the call never waits, and a receiver of transcripts that is slow does not keep back what is told of
the call itself.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

import structlog

from offhook.calls.errors import WebhookFailed
from offhook.calls.ports import CallbackRequest
from offhook.model.sids import AccountSid, CallSid
from offhook.webhook import failures
from offhook.webhook.client import WebhookClient
from offhook.webhook.cookies import CallMemories
from offhook.webhook.documents import sendable
from offhook.webhook.order import RequestOrder

_log = structlog.get_logger("offhook.webhook")

FailureReport = Callable[[CallbackRequest, WebhookFailed], None]


class Callbacks:
    """Delivers callbacks between `start` and `close`; failures are reported and never reach the call."""

    def __init__(
        self,
        client: WebhookClient,
        memories: CallMemories,
        accounts: Mapping[AccountSid, str],
        report: FailureReport,
    ) -> None:
        self._client = client
        self._memories = memories
        self._accounts = accounts
        self._report = report
        self._queues: dict[CallSid, dict[str, deque[CallbackRequest]]] = {}  # by what they are about
        self._tasks: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()
        self._group: asyncio.TaskGroup | None = None

    async def start(self) -> None:
        """Open the task group that deliveries run in."""
        self._group = await self._stack.enter_async_context(asyncio.TaskGroup())

    async def close(self) -> None:
        """Let deliveries finish for a while, then give them up."""
        self._group = None
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._client.limits.drain)
        for task in self._tasks:
            task.cancel()
        await self._stack.aclose()

    def notify(self, request: CallbackRequest) -> None:
        """Queue a callback behind the earlier ones about the same."""
        if self._group is None:
            _log.warning("a callback came after the end", call_sid=request.call_sid, callback=request.event)
            return
        queues = self._queues.setdefault(request.call_sid, {})
        queue = queues.get(request.about)
        if queue is None:
            queues[request.about] = deque([request])
            task = self._group.create_task(self._deliver(request.call_sid, request.about))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif len(queue) < self._client.limits.callbacks_waiting:
            queue.append(request)
        else:
            message = f"{len(queue)} callbacks about {request.about or 'the call'} are waiting; this one was left out"
            self._report(request, WebhookFailed(failures.CALLBACK_WARNING, message, url=request.target.url))

    def forget(self, call_sid: CallSid) -> None:
        """Drop what is remembered of a call once nothing of it is waiting."""
        if call_sid in self._queues:
            self._memories.of(call_sid).is_forgotten = True
        else:
            self._memories.drop(call_sid)

    async def _deliver(self, call_sid: CallSid, about: str) -> None:
        queues = self._queues[call_sid]
        try:
            while queue := queues[about]:
                await self._deliver_one(queue[0])
                queue.popleft()
        finally:
            del queues[about]
            if not queues:
                self._forget(call_sid)

    def _forget(self, call_sid: CallSid) -> None:
        """Nothing of this call is waiting any more."""
        del self._queues[call_sid]
        memory = self._memories.find(call_sid)
        if memory is not None and memory.is_forgotten:
            self._memories.drop(call_sid)

    async def _deliver_one(self, request: CallbackRequest) -> None:
        try:
            await self._send(request)
        except WebhookFailed as failure:
            self._report(request, failure)
        except Exception:  # noqa: BLE001 - one faulty callback must not end the others' task group
            _log.exception("a callback failed in an unforeseen way", call_sid=request.call_sid)

    async def _send(self, request: CallbackRequest) -> None:
        limits = self._client.limits
        answer = await self._client.request(
            RequestOrder(
                call_sid=request.call_sid,
                purpose=f"callback {request.event}",
                method=request.target.method,
                url=request.target.url,
                parameters=sendable(request.parameters),
                memory=self._memories.of(request.call_sid, request.account_sid),
                auth_token=self._accounts.get(request.account_sid),
                document_size=limits.document_size,
                sound_size=limits.document_size,
                is_body_wanted=False,
            )
        )
        if answer.code >= 400:  # noqa: PLR2004 - RFC 9110
            message = f"{answer.url} answered the {request.event} callback with {answer.code}"
            raise WebhookFailed(failures.CALLBACK_WARNING, message, url=answer.url, http_code=answer.code)
