"""Audio with a baresip at the far end: what is played is heard, and two phones that are bridged hear each other."""

import io
import math
import struct
import wave
from pathlib import Path
from typing import Protocol

import pytest
from aiohttp import web
from baresip_phone import TONE_HZ, Baresip, baresip
from eventually import eventually_true
from offhook_process import Offhook
from web_application import WebApplication

from offhook.audio.measure import loudest_tone

pytestmark = pytest.mark.asyncio

PLAYED_HZ = 700.0
LOUD_DBFS = -30.0


def tone(frequency_hz: float, seconds: float) -> bytes:
    """A WAV file of one tone at 8 kHz."""
    count = int(8000 * seconds)
    samples = [int(12_000 * math.sin(2 * math.pi * frequency_hz * index / 8000)) for index in range(count)]
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(struct.pack(f"<{count}h", *samples))
    return file.getvalue()


class Recorder(Protocol):
    """A phone that has recorded a call."""

    async def heard(self) -> tuple[bytes, int]:
        """The samples, 16-bit mono, and their rate."""


async def heard_tone(phone: Recorder) -> tuple[float, float]:
    """Frequency and level of what a phone heard in the second half of its recording."""
    samples, rate_hz = await phone.heard()
    half = len(samples) // 4 * 2
    assert half > rate_hz // 2, f"only {len(samples)} bytes were recorded"
    return loudest_tone(samples[half:], rate_hz)


async def test_a_played_tone_is_heard(platform: Offhook, application: WebApplication, tmp_path: Path) -> None:
    """A WAV file of 700 Hz that <Play> fetches is what the phone records."""

    async def sound(_request: web.Request) -> web.Response:
        return web.Response(body=tone(PLAYED_HZ, 1.5), content_type="audio/wav")

    application.pages["/tone.wav"] = sound
    application.pages["/answered"] = "<Response><Play>/tone.wav</Play><Hangup/></Response>"
    async with baresip(tmp_path / "phone") as phone:
        call = await platform.call(phone.uri, Url=f"{application.url}/answered")
        assert (await platform.ended(call["sid"]))["status"] == "completed"
        await phone.stop()
        frequency_hz, level = await heard_tone(phone)
    assert frequency_hz == pytest.approx(PLAYED_HZ, abs=3)
    assert level > LOUD_DBFS


async def test_bridged_phones_hear_each_other_and_their_keys(
    platform: Offhook, application: WebApplication, tmp_path: Path
) -> None:
    """<Dial><Sip> joins two phones: each records the other's tone, and a key pressed on one arrives at the other."""
    async with baresip(tmp_path / "one") as one, baresip(tmp_path / "other") as other:
        application.pages["/answered"] = f"<Response><Dial action='/dialed'><Sip>{other.uri}</Sip></Dial></Response>"
        application.pages["/dialed"] = "<Response><Hangup/></Response>"
        call = await platform.call(one.uri, Url=f"{application.url}/answered")
        await eventually_true(lambda: other.said("audio: start"), "the second phone to answer")
        await one.press("5")
        await eventually_true(lambda: other.said("received event: '5'"), "the key to arrive")
        await eventually_true(lambda: min(recorded(one), recorded(other)) > 40_000, "two seconds of recording")
        await other.command("hangup")
        asked = await application.request("/dialed")
        assert (await platform.ended(call["sid"]))["status"] == "completed"
        for phone in (one, other):
            await phone.stop()
        tones = [await heard_tone(one), await heard_tone(other)]
    assert asked.form["DialCallStatus"] == "completed"
    for frequency_hz, level in tones:
        assert frequency_hz == pytest.approx(TONE_HZ, abs=3)
        assert level > LOUD_DBFS


def recorded(phone: Baresip) -> int:
    """How many bytes a phone has recorded so far."""
    return sum(path.stat().st_size for path in phone.folder.glob("dump-*-dec.wav"))
