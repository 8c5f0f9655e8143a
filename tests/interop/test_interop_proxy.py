"""A record-routing Kamailio between offhook and the callee."""

from pathlib import Path

import pytest
from kamailio_proxy import kamailio
from offhook_process import Offhook
from sipp_runner import sipp
from web_application import WebApplication

pytestmark = pytest.mark.asyncio


async def test_requests_within_the_call_follow_the_route(
    platform: Offhook, application: WebApplication, tmp_path: Path
) -> None:
    """ACK and BYE reach the callee through the proxy that recorded its route, and the call ends well."""
    application.pages["/answered"] = "<Response><Pause length='1'/><Hangup/></Response>"
    async with sipp("answer", tmp_path / "callee") as callee, kamailio(tmp_path / "proxy", callee.port) as port:
        call = await platform.call(f"sip:bob@127.0.0.1:{port}", Url=f"{application.url}/answered")
        await callee.finish()
        messages = callee.messages()
    assert [one.start_line.split()[0] for one in messages] == ["INVITE", "ACK", "BYE"]
    for message in messages:
        vias = message.values("Via")
        assert len(vias) == 2
        assert f"127.0.0.1:{port}" in vias[0]
        assert f"127.0.0.1:{platform.sip_port}" in vias[1]
    assert (await platform.ended(call["sid"]))["status"] == "completed"
