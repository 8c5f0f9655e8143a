"""The edge of a call is the address that its INVITE and its audio leave from."""

from pathlib import Path

import pytest
from offhook_process import EDGES, Offhook
from sipp_runner import sipp
from web_application import WebApplication

pytestmark = pytest.mark.asyncio

LEGACY = {"us1": "ashburn", "de1": "frankfurt", "jp1": "tokyo", "au1": "sydney", "ie1": "dublin"}
OTHER_NAMES = {"san-jose": "umatilla"}


@pytest.mark.parametrize(
    ("parameter", "edge"),
    [
        *((f"edge={name}", name) for name in EDGES),
        *((f"edge={name}", edge) for name, edge in OTHER_NAMES.items()),
        *((f"region={name}", edge) for name, edge in LEGACY.items()),
        ("edge=atlantis", "ashburn"),
    ],
)
async def test_an_edge_chooses_the_source_address(
    platform: Offhook, application: WebApplication, tmp_path: Path, parameter: str, edge: str
) -> None:
    """Via, Contact and the SDP's connection line name the loopback address of the edge; no platform word is sent."""
    application.pages["/answered"] = "<Response><Hangup/></Response>"
    async with sipp("answer", tmp_path / "callee") as callee:
        call = await platform.call(f"{callee.uri};{parameter}", Url=f"{application.url}/answered")
        await callee.finish()
        invite = callee.first("INVITE")
    address = f"127.0.0.{EDGES.index(edge) + 1}"
    assert invite.values("Via")[0].startswith(f"SIP/2.0/UDP {address}:{platform.sip_port};")
    assert address in invite.values("Contact")[0]
    assert f"c=IN IP4 {address}" in invite.text
    assert parameter not in invite.text
    assert (await platform.ended(call["sid"]))["status"] == "completed"
