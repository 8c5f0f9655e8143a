"""Fixtures: a scripted application on a loopback port, and webhook services that talk to it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from aiohttp import web
from webhook_application import ACCOUNT, TOKEN, Application, CountedTokens, FixedClock, Opener, Recorder

from offhook.webhook.limits import WebhookLimits
from offhook.webhook.service import WebhookService, WebhookWorld, open_webhooks


@pytest_asyncio.fixture
async def application() -> AsyncIterator[Application]:
    """The scripted application, listening."""
    app = Application()
    runner = web.ServerRunner(web.Server(app.serve, handler_cancellation=True), shutdown_timeout=0.1)  # type: ignore[arg-type]
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    app.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield app
    await runner.cleanup()


@pytest_asyncio.fixture
async def recorder() -> Recorder:
    """Where entries and notifications go."""
    return Recorder()


@pytest_asyncio.fixture
async def open_service(recorder: Recorder) -> AsyncIterator[Opener]:
    """Opens services with the limits of a test; all are closed at its end."""
    opened: list[WebhookService] = []

    async def opener(*, allow_private_addresses: bool = True, **limits: Any) -> WebhookService:
        world = WebhookWorld(
            accounts={ACCOUNT: TOKEN},
            timeline=recorder,
            clock=FixedClock(),
            tokens=CountedTokens(),
            add_notification=recorder.notifications.append,
        )
        service = await open_webhooks(world, WebhookLimits(**limits), allow_private_addresses=allow_private_addresses)
        opened.append(service)
        return service

    yield opener
    for service in opened:
        await service.close()


@pytest_asyncio.fixture
async def service(open_service: Opener) -> WebhookService:
    """A service with the limits of the contract."""
    return await open_service()
