"""A process that is killed in the middle of calls: the next one closes them and sends their last callbacks."""

from pathlib import Path

import pytest
from offhook_process import offhook
from sipp_runner import sipp
from web_application import WebApplication

pytestmark = pytest.mark.asyncio

EVENTS = ["initiated", "ringing", "answered", "completed"]


async def test_a_restart_leaves_no_call_in_progress(application: WebApplication, tmp_path: Path) -> None:
    """A ringing and an answered call become failed, each with one last callback that goes on counting."""
    application.pages["/answered"] = "<Response><Pause length='60'/></Response>"
    folder = tmp_path / "offhook"
    calls = {}
    async with (
        sipp("answer", tmp_path / "answers") as answering,
        sipp("ring_for_ever", tmp_path / "rings") as ringing,
        offhook(folder, application.url) as first,
    ):
        for name, callee in (("up", answering), ("ringing", ringing)):
            calls[name] = await first.call(
                callee.uri,
                Url=f"{application.url}/answered",
                StatusCallback=f"{application.url}/{name}",
                StatusCallbackEvent=EVENTS,
            )
        await application.request("/up", 3)
        await application.request("/ringing", 2)
        for call in calls.values():
            await first.fetch(call["sid"])  # a read sees what was written before it: the states are on disk
        await first.kill()
    async with offhook(folder, application.url) as second:
        await application.request("/up", 4)
        await application.request("/ringing", 3)
        assert application.statuses("/up") == ["initiated", "ringing", "in-progress", "failed"]
        assert application.statuses("/ringing") == ["initiated", "ringing", "failed"]
        assert [one.form["SequenceNumber"] for one in application.to("/up")] == ["0", "1", "2", "3"]
        for call in calls.values():
            record = await second.fetch(call["sid"])
            assert record["status"] == "failed"
        assert "2 calls" in second.output()
