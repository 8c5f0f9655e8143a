"""The Calls resource driven by Twilio's SDK on the whole platform, with a phone that really answers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]
from whole_platform import Sdk, calling, running_platform, sdk

pytestmark = [pytest.mark.asyncio, pytest.mark.slow, pytest.mark.timeout(30)]

LONG = "<Response><Pause length='120'/></Response>"


async def placed(twilio: Sdk, address: str, twiml: str = LONG, **more: Any) -> Any:
    """A new call to the callee."""
    return await twilio.run(
        lambda client: client.calls.create(to=f"sip:jack@{address}", from_="alice", twiml=twiml, **more)
    )


async def until(twilio: Sdk, sid: str, *statuses: str) -> Any:
    """The call once it has one of these statuses; the SDK polls, as applications do."""
    async with asyncio.timeout(10):
        while True:
            call = await twilio.run(lambda client: client.calls(sid).fetch())
            if call.status in statuses:
                return call


async def test_a_call_is_fetched_listed_ended_and_deleted(tmp_path: Path) -> None:
    """From queued to completed by Status=completed, then gone."""
    async with running_platform(tmp_path) as platform, calling(200) as (callee, address), sdk(platform) as twilio:
        call = await placed(twilio, address)
        assert call.status == "queued"
        await until(twilio, call.sid, "in-progress")
        listed = await twilio.run(lambda client: client.calls.list(status="in-progress"))
        assert [one.sid for one in listed] == [call.sid]
        with pytest.raises(TwilioRestException) as refused:
            await twilio.run(lambda client: client.calls(call.sid).delete())
        assert refused.value.code == 20009
        ended = await twilio.run(lambda client: client.calls(call.sid).update(status="completed"))
        assert ended.status == "completed"
        assert ended.duration == "0"
        assert callee.methods == ["INVITE", "ACK", "BYE"]
        assert await twilio.run(lambda client: client.calls(call.sid).delete())
        assert await twilio.run(lambda client: client.calls.list()) == []


async def test_a_ringing_call_is_canceled(tmp_path: Path) -> None:
    """Status=canceled sends CANCEL; the call was never answered."""
    async with running_platform(tmp_path) as platform, calling(180) as (callee, address), sdk(platform) as twilio:
        call = await placed(twilio, address)
        await until(twilio, call.sid, "ringing")
        canceled = await twilio.run(lambda client: client.calls(call.sid).update(status="canceled"))
        assert canceled.status == "canceled"
        assert callee.methods[:2] == ["INVITE", "CANCEL"]


async def test_a_call_is_redirected_to_other_twiml(tmp_path: Path) -> None:
    """The running verb is abandoned and the new document hangs up; redirecting it then is 21220."""
    async with running_platform(tmp_path) as platform, calling(200) as (callee, address), sdk(platform) as twilio:
        call = await placed(twilio, address)
        await until(twilio, call.sid, "in-progress")
        await twilio.run(lambda client: client.calls(call.sid).update(twiml="<Response><Hangup/></Response>"))
        ended = await until(twilio, call.sid, "completed")
        assert ended.status == "completed"
        assert callee.methods[-1] == "BYE"
        with pytest.raises(TwilioRestException) as refused:
            await twilio.run(lambda client: client.calls(call.sid).update(twiml="<Response/>"))
        assert refused.value.code == 21220


async def test_a_refusal_decides_the_status(tmp_path: Path) -> None:
    """486 makes the call busy, 404 failed."""
    async with (
        running_platform(tmp_path) as platform,
        calling(486) as (_, busy),
        calling(404) as (_, nowhere),
        sdk(platform) as twilio,
    ):
        for address, status in ((busy, "busy"), (nowhere, "failed")):
            call = await placed(twilio, address)
            assert (await until(twilio, call.sid, status)).status == status


async def test_nothing_is_left_of_many_calls(tmp_path: Path) -> None:
    """After twenty calls at once there is no live call, no leg and no media port."""
    async with running_platform(tmp_path) as platform, calling(200) as (_, address), sdk(platform) as twilio:
        calls = [await placed(twilio, address, "<Response><Pause length='1'/></Response>") for _ in range(20)]
        for call in calls:
            await until(twilio, call.sid, "completed")
        for supervision in platform.exchange.registry.all():
            await supervision.over()
        assert len(platform.exchange.registry) == 0
        assert not platform.exchange.world.legs.by_session
        assert platform.media.open_ports == 0
