"""When sound comes, to the millisecond: through a bridged call, from <Play>, and the marks of a stream after it."""

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
import pytest_asyncio
from aiohttp import web
from eventually import eventually_true
from offhook_process import Offhook, offhook
from rtp_phone import FRAME, Arrival, own_sdp, rtp_phone
from sipp_script import callee
from test_interop_audio import tone as wav
from test_interop_streams import bot
from web_application import WebApplication

from offhook.audio.tones import tone

pytestmark = pytest.mark.asyncio
PHONE = callee("phone").pick_up(body=own_sdp()).be_hung_up()


@pytest_asyncio.fixture
async def platform(application: WebApplication, tmp_path: Path) -> AsyncIterator[Offhook]:
    """Offhook that streams without TLS, too."""
    environment = {"OFFHOOK_STREAMS__ALLOW_WS": "true"}
    async with offhook(tmp_path / "offhook", application.url, environment=environment) as running:
        yield running


def loud(heard: list[Arrival]) -> list[Arrival]:
    """From the first packet with sound to the last, silence between them included."""
    places = [at for at, one in enumerate(heard) if one.is_loud]
    return heard[places[0] : places[-1] + 1]


async def test_played_sound_has_no_gap(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """Three seconds of <Play> are 150 packets in a row, numbered and timed without a seam, one every 20 ms."""

    async def sound(_request: web.Request) -> web.Response:
        return web.Response(body=wav(700, 3), content_type="audio/wav")

    application.pages["/tone.wav"] = sound
    application.pages["/answered"] = "<Response><Play>/tone.wav</Play><Pause length='1'/></Response>"
    async with rtp_phone(PHONE, tmp_path / "phone") as phone:
        call = await platform.call(phone.uri, Url=f"{application.url}/answered")
        await platform.ended(call["sid"])
    heard = loud(phone.heard)
    assert 149 <= len(heard) <= 151
    for before, after in pairwise(heard):
        assert (after.packet.sequence - before.packet.sequence) % 2**16 == 1
        assert (after.packet.timestamp - before.packet.timestamp) % 2**32 == 160
    assert heard[-1].at - heard[0].at == pytest.approx(149 * FRAME, abs=0.06)
    assert median(after.at - before.at for before, after in pairwise(heard)) == pytest.approx(FRAME, abs=0.003)


async def test_a_bridged_call_is_not_late(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """Every packet arrives, in order and as it was sent, in the middle within five milliseconds."""
    async with rtp_phone(PHONE, tmp_path / "one") as one, rtp_phone(PHONE, tmp_path / "other") as other:
        application.pages["/answered"] = f"<Response><Dial><Sip>{other.uri}</Sip></Dial></Response>"
        call = await platform.call(one.uri, Url=f"{application.url}/answered")
        await one.hears()
        await other.hears()
        said = [bytes([1 + number % 100, number // 100]) * 80 for number in range(150)]
        sent = await one.say(said)
        await eventually_true(lambda: any(told.packet.payload == said[-1] for told in other.heard), "the last packet")
        await platform.update(call["sid"], Status="completed")
        await platform.ended(call["sid"])
    arrived = [told for told in other.heard if told.packet.payload in said]
    assert [told.packet.payload for told in arrived] == said
    for before, after in pairwise(arrived):
        assert (after.packet.sequence - before.packet.sequence) % 2**16 == 1
        assert (after.packet.timestamp - before.packet.timestamp) % 2**32 == 160
    assert median(told.at - at for told, at in zip(arrived, sent, strict=True)) < 0.005


async def test_marks_come_when_their_sound_ends(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """Eight pieces of sound with a mark and silence after each: the marks come within 40 ms of the end of the sound."""
    lengths = [0.3, 0.5, 0.21, 0.4, 0.333, 0.25, 0.45, 0.3]
    async with bot() as server, rtp_phone(PHONE, tmp_path / "phone") as phone:
        application.pages["/answered"] = f"<Response><Connect><Stream url='{server.url}'/></Connect></Response>"
        call = await platform.call(phone.uri, Url=f"{application.url}/answered")
        await eventually_true(lambda: bool(server.of("media")), "the stream")
        for number, length in enumerate(lengths):
            await server.say(tone((600.0,), length, level_dbfs=-6), mark=str(number))
            await server.say(bytes(2 * 8000 // 5), mark=f"{number} is over")
        await eventually_true(lambda: len(server.of("mark")) == 2 * len(lengths), "all marks")
        await platform.update(call["sid"], Status="completed")
        await platform.ended(call["sid"])
    marks = [(at, one["mark"]["name"]) for at, one in server.told if one["event"] == "mark"]
    assert [name for _, name in marks][::2] == [str(number) for number in range(len(lengths))]
    told = [at for at, name in marks if name.isdigit()]
    heard = loud(phone.heard)
    ends = [before.at + FRAME for before, after in pairwise(heard) if before.is_loud and not after.is_loud]
    ends.append(heard[-1].at + FRAME)
    assert len(ends) == len(lengths)
    late = [mark - end for mark, end in zip(told, ends, strict=True)]
    *in_time, _stalled = sorted(map(abs, late))  # a machine may stop once
    assert in_time[-1] < 0.04, late
