"""Recordings of real calls: the voices are measured in the file, and a crash loses a second at most."""

import io
import wave
from pathlib import Path

import pytest
from baresip_phone import TONE_HZ, baresip
from eventually import eventually, eventually_true
from offhook_process import Offhook, offhook
from test_interop_audio import LOUD_DBFS, recorded
from web_application import WebApplication

from offhook.audio.measure import loudest_tone

pytestmark = pytest.mark.asyncio


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
