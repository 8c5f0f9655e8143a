"""Callers of a SIP Domain with credentials, as SIPp answers a challenge (contract 1 §6.2, RFC 3261 §22)."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from offhook_process import DOMAIN, offhook
from sipp_runner import sipp
from web_application import WebApplication

pytestmark = pytest.mark.asyncio

REALM = "sip.localhost"
ASKING: Mapping[str, str] = {
    "OFFHOOK_SIP_DOMAIN__0__CREDENTIALS__0__USERNAME": "alice",
    "OFFHOOK_SIP_DOMAIN__0__CREDENTIALS__0__PASSWORD": "open-sesame",
}
KEYS = {"callee": "bob", "caller": "ann", "domain": f"{DOMAIN}.{REALM}", "username": "alice"}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_caller_with_the_right_credentials(application: WebApplication, tmp_path: Path, transport: str) -> None:
    """407, ACK, the INVITE again with credentials, 200; the application is told the username."""
    application.pages["/domain"] = "<Response><Say>hello</Say><Pause length='5'/></Response>"
    async with offhook(tmp_path / "offhook", application.url, environment=ASKING) as platform:
        async with sipp(
            "call_with_credentials",
            tmp_path / "caller",
            target=platform.target,
            transport=transport,
            arguments=("-d", "500"),
            keys={**KEYS, "password": "open-sesame"},
        ) as caller:
            await caller.finish()
            refused = caller.first("407")
        document = await application.request("/domain")
    challenges = refused.values("Proxy-Authenticate")
    assert len(challenges) == 2
    assert all(f'realm="{REALM}"' in challenge for challenge in challenges)
    assert document.form["SipUsername"] == "alice"


async def test_a_caller_with_wrong_credentials(application: WebApplication, tmp_path: Path) -> None:
    """403 with the contract's error, and no application is asked."""
    async with offhook(tmp_path / "offhook", application.url, environment=ASKING) as platform:
        async with sipp(
            "call_with_wrong_credentials",
            tmp_path / "caller",
            target=platform.target,
            keys={**KEYS, "password": "guess"},
        ) as caller:
            await caller.finish()
            refused = caller.first("403")
        async with platform.client.get(f"{platform.http}/metrics") as answer:
            metrics = await answer.text()
    assert refused.values("X-Twilio-Error")[0].startswith("32202 ")
    assert not application.asked
    assert 'offhook_digest_checks_total{outcome="wrong"} 1.0' in metrics
