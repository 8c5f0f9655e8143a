"""The routes beside the API: /healthz, /readyz and /metrics, open to whoever can reach them."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from whole_platform import calling, running_platform, sdk

pytestmark = [pytest.mark.asyncio, pytest.mark.slow, pytest.mark.timeout(30)]


async def test_health_readiness_and_metrics(tmp_path: Path) -> None:
    """A process that takes calls says so, and its metrics count the call that was placed and refused."""
    async with running_platform(tmp_path) as platform, calling(486) as (callee, address), sdk(platform) as twilio:
        await twilio.run(
            lambda client: client.calls.create(to=f"sip:jack@{address}", from_="alice", twiml="<Response/>")
        )
        async with asyncio.timeout(5):
            await callee.received.get()
        base = f"http://{platform.address}"
        async with aiohttp.ClientSession() as client:
            async with client.get(f"{base}/healthz") as answer:
                assert answer.status == 200
            async with client.get(f"{base}/readyz") as answer:
                assert await answer.json() == {"status": "ready"}
            async with client.get(f"{base}/metrics") as answer:
                told = await answer.text()
        assert 'offhook_sip_messages_total{direction="sent",message="INVITE"} 1.0' in told
        assert "offhook_media_ticks_total" in told
    assert not platform.exchange.is_open
