"""Piper's own HTTP server speaks for <Say>: the real program, with a voice that hums instead of talking."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, STDOUT
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from eventually import eventually
from free_ports import free_port

from offhook.audio.measure import loudest_tone
from offhook.audio.resample import to_telephone
from offhook.speech.http import ProviderHttp, provider_session
from offhook.speech.provider import ProviderSettings
from offhook.speech.service import SpeechService, VoiceSource
from offhook.speech.tasks import ProviderTasks
from offhook.speech.voice_providers import VOICES
from offhook.testing.speech import StageVoice

pytestmark = [pytest.mark.asyncio, pytest.mark.interop, pytest.mark.slow]

RATE_HZ = 22050
TONE_HZ = 440
# A network (ONNX, opset 17) with the inputs and the output of a Piper voice, since real ones are 60 MB:
# output = 0.5 * sin(2π * 440 * k / 22050) for k below 441 * input_lengths, which is 20 ms for each phoneme.
HUMMING = b64decode(
    "CAg6nwMKIAoNaW5wdXRfbGVuZ3RocwoDcGVyEgVjb3VudCIDTXVsChMKBWNvdW50EgFuIgdTcXVlZXplChgKBHplcm8KAW4KA29u"
    "ZRIBayIFUmFuZ2UKGAoBaxICa2YiBENhc3QqCQoCdG8YAaABAgoWCgJrZgoEc3RlcBIFYW5nbGUiA011bAoSCgVhbmdsZRIEc2lu"
    "ZSIDU2luChkKBHNpbmUKBWxldmVsEgVxdWlldCIDTXVsCiAKBXF1aWV0CgRheGVzEgZvdXRwdXQiCVVuc3F1ZWV6ZRIEdG9uZSoN"
    "CAEQBzoCuQNCA3BlcioLEAc6AQBCBHplcm8qChAHOgEBQgNvbmUqDhABIgRKYwA+QgRzdGVwKg8QASIEAAAAP0IFbGV2ZWwqDggC"
    "EAc6AgABQgRheGVzWhgKBWlucHV0Eg8KDQgHEgkKAggBCgMSAW5aGwoNaW5wdXRfbGVuZ3RocxIKCggIBxIECgIIAVoUCgZzY2Fs"
    "ZXMSCgoICAESBAoCCANiHQoGb3V0cHV0EhMKEQgBEg0KAggBCgIIAQoDEgFtQgQKABAR"
)
PHONEMES = "_^$ abcdefghijklmnopqrstuvwxyz"  # of its others there is no sound
CONFIGURATION = {
    "audio": {"sample_rate": RATE_HZ},
    "espeak": {"voice": "en-us"},
    "inference": {},
    "num_symbols": 256,
    "num_speakers": 1,
    "phoneme_id_map": {phoneme: [number] for number, phoneme in enumerate(PHONEMES)},
}


async def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@asynccontextmanager
async def piper(folder: Path) -> AsyncIterator[str]:
    """The URL of Piper's server while it runs."""
    (folder / "humming.onnx").write_bytes(HUMMING)
    (folder / "humming.onnx.json").write_bytes(msgspec.json.encode(CONFIGURATION))
    port = free_port()
    arguments = ("--host", "127.0.0.1", "--port", str(port), "-m", "humming.onnx", "--data-dir", ".")
    with (folder / "piper.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "piper.http_server", *arguments, cwd=folder, stdin=DEVNULL, stdout=log, stderr=STDOUT
        )
    try:

        async def is_up() -> bool:
            assert process.returncode is None, (folder / "piper.log").read_text()
            return await accepts(port)

        await eventually(is_up, "Piper", limit=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_piper_speaks(tmp_path: Path) -> None:
    """Its sound is heard; more words take longer; where it has nothing to pronounce, the local voice stands in once."""
    remarks: list[str] = []
    async with piper(tmp_path) as url, provider_session() as session, ProviderTasks() as tasks:
        provider = VOICES["piper"](ProviderSettings(url=url), ProviderHttp(session, tasks))
        local = StageVoice()
        service = SpeechService(local, [VoiceSource(name="Piper", provider=provider, timeout=60.0)])
        sounds = [
            await service.synthesize(text, voice, "en-US", remark=lambda _code, told: remarks.append(told))
            for text, voice in (
                ("...", "Piper.default"),
                ("one", "Piper.default"),
                ("one two three four", "Piper.humming"),
                ('one & <two>, "three"', "Piper.default"),
            )
        ]
    assert [one.text for one in local.spoken] == ["..."]
    assert ["answered 500" in told for told in remarks] == [True]
    for sound in sounds[1:]:
        frequency_hz, level_dbfs = loudest_tone(to_telephone(sound.samples, sound.rate_hz))
        assert frequency_hz == pytest.approx(TONE_HZ, abs=4)
        assert level_dbfs == pytest.approx(0, abs=1)  # Piper makes everything as loud as can be
    assert sounds[2].duration > 2 * sounds[1].duration
