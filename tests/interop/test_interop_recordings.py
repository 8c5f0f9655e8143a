"""Recordings of real calls: the voices are measured in the file, and a crash loses a second at most."""

import asyncio
import io
import re
import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from baresip_phone import TONE_HZ, baresip
from bot_process import BOTS, MISSING
from eventually import eventually, eventually_true
from free_ports import free_port
from offhook_process import ACCOUNT, Offhook, offhook
from test_interop_audio import LOUD_DBFS, recorded
from web_application import WebApplication

from offhook.audio.measure import loudest_tone, tone_dbfs

pytestmark = pytest.mark.asyncio
PARENT_HZ, CHILD_HZ = 700, 1100


async def sound(platform: Offhook, sid: str) -> tuple[int, bytes]:
    """Channels and samples of a recording, by REST."""
    url = f"{platform.http}/2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/{sid}.wav"
    async with platform.client.get(url) as answer:
        assert answer.status == 200
        with wave.open(io.BytesIO(await answer.read())) as file:
            return file.getnchannels(), file.readframes(file.getnframes())


async def test_a_message(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """The phone's tone after the beep, ended by a key; without the beep, and of the right length."""
    application.pages["/answered"] = (
        "<Response><Record action='/done' maxLength='20' recordingStatusCallback='/recorded'/></Response>"
    )
    application.pages["/done"] = "<Response><Hangup/></Response>"
    async with baresip(tmp_path / "phone") as phone:
        call = await platform.call(phone.uri, Url=f"{application.url}/answered")
        await eventually_true(lambda: recorded(phone) > 48_000, "the beep, and two seconds of talk")
        await phone.press("#")
        asked = await application.request("/done")
        told = await application.request("/recorded")
        assert (await platform.ended(call["sid"]))["status"] == "completed"
    assert asked.form["Digits"] == "#"
    assert told.form["RecordingStatus"] == "completed"
    assert asked.form["RecordingUrl"] == told.form["RecordingUrl"]
    channels, samples = await sound(platform, told.form["RecordingSid"])
    frequency_hz, level = loudest_tone(samples[4000:])
    assert channels == 1
    assert frequency_hz == pytest.approx(TONE_HZ, abs=3)
    assert level > LOUD_DBFS
    assert len(samples) / 16_000 == pytest.approx(float(asked.form["RecordingDuration"]), abs=1.1)


async def test_a_crash_loses_a_second_at_most(application: WebApplication, tmp_path: Path) -> None:
    """After kill -9 the file can be played, and the next start completes the recording."""
    application.pages["/answered"] = (
        "<Response><Start><Recording/></Start><Say>Recording.</Say><Pause length='30'/></Response>"
    )
    async with offhook(tmp_path / "offhook", application.url) as platform, baresip(tmp_path / "phone") as phone:
        await platform.call(phone.uri, Url=f"{application.url}/answered")
        await eventually_true(lambda: recorded(phone) > 64_000, "four seconds of talk")
        await platform.kill()
        await phone.kill()
    (path,) = (tmp_path / "offhook" / "data" / "recordings").glob("RE*.wav")
    with wave.open(str(path)) as file:
        assert file.getnchannels() == 2
        seconds = file.getnframes() / 8000
    assert seconds > 3
    async with offhook(tmp_path / "offhook", application.url) as platform:

        async def completed() -> str | None:
            url = f"{platform.http}/2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings.json"
            async with platform.client.get(url) as answer:
                (only,) = (await answer.json())["recordings"]
                return only["sid"] if only["status"] == "completed" else None

        sid = await eventually(completed, "the recording to be completed")
        assert sid is not None
        channels, samples = await sound(platform, sid)
    assert channels == 2
    assert loudest_tone(memoryview(samples).cast("h")[0::2].tobytes()[16_000:])[0] == pytest.approx(TONE_HZ, abs=3)


async def test_each_voice_is_in_its_own_channel(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """A dual recording of a bridged call: the parent first, then the child, and next to nothing of the other."""
    async with (
        baresip(tmp_path / "parent", tone=PARENT_HZ) as parent,
        baresip(tmp_path / "child", tone=CHILD_HZ) as child,
    ):
        record = "record='record-from-answer-dual' recordingStatusCallback='/recorded'"
        application.pages["/answered"] = f"<Response><Dial {record}><Sip>{child.uri}</Sip></Dial></Response>"
        await platform.call(parent.uri, Url=f"{application.url}/answered")
        await eventually_true(lambda: recorded(parent) > 64_000, "four seconds of talk")
        await child.command("hangup")
        told = await application.request("/recorded")
    assert told.form["RecordingChannels"] == "2"
    channels, samples = await sound(platform, told.form["RecordingSid"])
    assert channels == 2
    both = array("h", samples)
    first, second = both[0::2][16_000:32_000].tobytes(), both[1::2][16_000:32_000].tobytes()
    assert tone_dbfs(first, PARENT_HZ) > LOUD_DBFS
    assert tone_dbfs(second, CHILD_HZ) > LOUD_DBFS
    assert tone_dbfs(first, CHILD_HZ) < -50
    assert tone_dbfs(second, PARENT_HZ) < -50


@asynccontextmanager
async def s3(folder: Path) -> AsyncIterator[str]:
    """A running S3 with an empty bucket named calls; its URL."""
    program = BOTS / "s3" / "bin" / "moto_server"
    assert program.exists(), MISSING
    port = free_port()
    with (folder / "s3.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program, "-H", "127.0.0.1", "-p", str(port), stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as client:

            async def is_made() -> bool:
                try:
                    async with client.put(f"{url}/calls") as answer:
                        return answer.status == 200
                except aiohttp.ClientConnectionError:
                    return False

            await eventually(is_made, "the bucket")
        yield url
    finally:
        process.kill()
        await process.wait()


async def objects(url: str) -> list[str]:
    """The names of what is in the bucket."""
    async with aiohttp.ClientSession() as client, client.get(f"{url}/calls?list-type=2") as answer:
        return re.findall("<Key>(.*?)</Key>", await answer.text())


async def test_recordings_in_s3(application: WebApplication, tmp_path: Path) -> None:
    """Carried there when they are whole, fetched from there by ranges and as MP3, and deleted there, too."""
    application.pages["/answered"] = (
        "<Response><Record action='/done' maxLength='2' recordingStatusCallback='/recorded'/></Response>"
    )
    application.pages["/done"] = "<Response><Hangup/></Response>"
    async with s3(tmp_path) as url:
        environment = {
            "OFFHOOK_RECORDINGS__URL": "s3://calls/of/this/month",
            "OFFHOOK_RECORDINGS__OPTIONS": f'{{endpoint_url = "{url}"}}',
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "a-secret-of-a-test",
        }
        async with (
            offhook(tmp_path / "offhook", application.url, environment=environment) as platform,
            baresip(tmp_path / "phone") as phone,
        ):
            await platform.call(phone.uri, Url=f"{application.url}/answered")
            told = await application.request("/recorded")
            sid = told.form["RecordingSid"]

            async def is_there() -> bool:
                return await objects(url) == [f"of/this/month/{sid}.wav"]

            await eventually(is_there, "the recording in the bucket")
            _, samples = await sound(platform, sid)
            assert loudest_tone(samples[4000:])[0] == pytest.approx(TONE_HZ, abs=3)
        folder = tmp_path / "offhook" / "data" / "recordings"
        await eventually_true(lambda: not list(folder.glob("RE*.wav")), "nothing to be left")
        (folder / "fetched" / f"{sid}.wav").unlink()
        async with offhook(tmp_path / "offhook", application.url, environment=environment) as platform:
            _, fetched = await sound(platform, sid)
            resource = f"{platform.http}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}"
            async with platform.client.get(f"{resource}.wav", headers={"Range": "bytes=44-143"}) as answer:
                assert (answer.status, await answer.read()) == (206, fetched[:100])
            async with platform.client.get(f"{resource}.mp3") as answer:
                assert answer.status == 200
            async with platform.client.delete(resource) as answer:
                assert answer.status == 204
            assert await objects(url) == []
            assert "a-secret-of-a-test" not in platform.output()
    assert fetched == samples


async def test_a_bucket_that_is_not_there(application: WebApplication, tmp_path: Path) -> None:
    """The recording can be had from here all the same, and the log says what is wrong."""
    application.pages["/answered"] = (
        "<Response><Record action='/done' maxLength='2' recordingStatusCallback='/recorded'/></Response>"
    )
    application.pages["/done"] = "<Response><Hangup/></Response>"
    environment = {
        "OFFHOOK_RECORDINGS__URL": "s3://calls",
        "OFFHOOK_RECORDINGS__OPTIONS": f'{{endpoint_url = "http://127.0.0.1:{free_port()}"}}',
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "a-secret-of-a-test",
        "AWS_MAX_ATTEMPTS": "1",
    }
    async with (
        offhook(tmp_path / "offhook", application.url, environment=environment) as platform,
        baresip(tmp_path / "phone") as phone,
    ):
        await platform.call(phone.uri, Url=f"{application.url}/answered")
        told = await application.request("/recorded")
        await eventually_true(lambda: "recording_not_uploaded" in platform.output(), "the warning")
        _, samples = await sound(platform, told.form["RecordingSid"])
    assert loudest_tone(samples[4000:])[0] == pytest.approx(TONE_HZ, abs=3)
