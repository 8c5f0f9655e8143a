"""The providers of voices against servers that speak their APIs."""

import struct
from base64 import b64encode

import msgspec
import pytest
from aiohttp import web
from vendor_server import TONE, Vendor, vendor, wav

from offhook.audio.g711 import encode_ulaw_sample
from offhook.audio.measure import loudest_tone
from offhook.audio.resample import to_telephone
from offhook.speech.errors import ProviderFailed
from offhook.speech.provider import ProviderSettings, VoiceFactory, VoiceOrder
from offhook.speech.voice_providers import VOICES

pytestmark = pytest.mark.asyncio

KEY, SECRET = "sk-a-key", "a-secret"
ORDER = VoiceOrder(text="Hi you & I", ssml="Hi <s>you &amp; I</s>", voice="nova", language="en-GB")


def mulaw() -> bytes:
    """The tone as G.711."""
    return bytes(map(encode_ulaw_sample, struct.unpack(f"<{len(TONE) // 2}h", TONE)))


def settings(server: Vendor) -> ProviderSettings:
    """A provider that is at this server."""
    return ProviderSettings(url=server.url, key=KEY, secret=SECRET)


ANSWERS: dict[str, dict[str, object]] = {
    "openai": {"body": wav(), "content_type": "audio/wav"},
    "elevenlabs": {"body": mulaw(), "content_type": "application/octet-stream"},
    "google": {"body": msgspec.json.encode({"audioContent": b64encode(wav()).decode()})},
    "piper": {"body": wav(rate_hz=8000), "content_type": "audio/wav"},
    "polly": {"body": TONE, "content_type": "audio/pcm"},
}
EXPECTED = {
    "openai": (
        "/audio/speech",
        {"model": "gpt-4o-mini-tts", "input": "Hi you & I", "voice": "nova", "response_format": "wav"},
        {"Authorization": f"Bearer {KEY}"},
    ),
    "elevenlabs": (
        "/v1/text-to-speech/nova?output_format=ulaw_8000",
        {"text": "Hi you & I", "model_id": "eleven_flash_v2_5"},
        {"xi-api-key": KEY},
    ),
    "google": (
        "/v1/text:synthesize",
        {
            "input": {"ssml": "<speak>Hi <s>you &amp; I</s></speak>"},
            "voice": {"languageCode": "en-GB", "name": "en-GB-Neural2-A"},
            "audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": 8000},
        },
        {"X-Goog-Api-Key": KEY},
    ),
    "piper": ("/synthesize", {"text": "Hi you & I", "voice": "nova"}, {}),
    "polly": (
        "/v1/speech",
        {
            "Engine": "neural",
            "LanguageCode": "hi-IN",
            "OutputFormat": "pcm",
            "SampleRate": "8000",
            "Text": "<speak>Hi <s>you &amp; I</s></speak>",
            "TextType": "ssml",
            "VoiceId": "Kajal",
        },
        {},
    ),
}
VOICE = {"google": "en-GB-Neural2-A", "polly": "Kajal-Neural"}


@pytest.mark.slow  # botocore is a large library
@pytest.mark.parametrize("name", sorted(VOICES))
async def test_each_provider_asks_in_its_own_way(name: str) -> None:
    """Path, body and credentials are those of its API, and the answer is heard."""
    path, body, headers = EXPECTED[name]
    voiced = VoiceOrder(text=ORDER.text, ssml=ORDER.ssml, voice=VOICE.get(name, "nova"), language="hi-IN")
    async with vendor() as server:
        server.answer = ANSWERS[name]
        sound = await VOICES[name](settings(server), server.http).synthesize(voiced)
    asked = server.asked[0]
    assert (asked.path, msgspec.json.decode(asked.body)) == (path, body)
    assert {key: asked.headers.get(key) for key in headers} == headers
    frequency_hz, level_dbfs = loudest_tone(to_telephone(sound.samples, sound.rate_hz))
    assert frequency_hz == pytest.approx(440, abs=1)
    assert level_dbfs == pytest.approx(-10, abs=0.7)


@pytest.mark.slow
async def test_polly_is_asked_with_a_signature() -> None:
    """SigV4 over the body, with the region in its scope; the secret itself is nowhere."""
    async with vendor() as server:
        server.answer = ANSWERS["polly"]
        told = ProviderSettings(url=server.url, key=KEY, secret=SECRET, region="eu-west-1")
        await VOICES["polly"](told, server.http).synthesize(ORDER)
    headers = server.asked[0].headers
    assert headers["Authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={KEY}/")
    assert "/eu-west-1/polly/aws4_request" in headers["Authorization"]
    assert "X-Amz-Date" in headers
    assert SECRET not in str(headers)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(VOICES))
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 401, "text": f"your key {KEY} and {SECRET} are wrong"},
        {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
        {"status": 200, "body": b""},
        {"status": 500, "body": bytes(5000)},
    ],
    ids=["refused", "elsewhere", "empty", "broken"],
)
async def test_each_provider_fails_in_one_way(name: str, answer: dict[str, object]) -> None:
    """Whatever comes, it is ProviderFailed, without the key; Piper's 500 is about the text, no outage."""
    async with vendor(KEY, SECRET) as server:
        server.answer = answer
        with pytest.raises(ProviderFailed) as caught:
            await VOICES[name](settings(server), server.http).synthesize(ORDER)
    assert KEY not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.is_outage == (answer["status"] == 500 and name != "piper")
    assert len(server.asked) == 1


@pytest.mark.parametrize("code", [404, 405])
async def test_an_older_piper_is_asked_where_it_listens(code: int) -> None:
    """Up to version 1.4 at /; it is found once."""

    async def older(request: web.Request) -> web.Response:
        return web.Response(body=wav()) if request.path == "/" else web.Response(status=code)

    async with vendor() as server:
        server.answer = older
        piper = VOICES["piper"](settings(server), server.http)
        for _ in range(2):
            assert (await piper.synthesize(ORDER)).samples
    assert [one.path for one in server.asked] == ["/synthesize", "/", "/"]


@pytest.mark.parametrize("name", ["openai", "google", "piper", "elevenlabs"])
async def test_a_provider_that_is_not_there_is_an_outage(name: str) -> None:
    """Nobody listens at the URL."""
    async with vendor() as server:
        pass
    async with vendor() as other:
        factory: VoiceFactory = VOICES[name]
        with pytest.raises(ProviderFailed) as caught:
            await factory(settings(server), other.http).synthesize(ORDER)
    assert caught.value.is_outage


async def test_an_answer_without_an_end_is_given_up() -> None:
    """What is larger than the limit is not read on."""
    async with vendor() as server:
        server.answer = {"body": bytes(200_000)}
        with pytest.raises(ProviderFailed, match="more than 100000 bytes"):
            await server.http.post(server.url, largest=100_000)


async def test_a_compressed_answer_is_not_unpacked() -> None:
    """Nobody asked for one, and a small one may be very large inside."""
    async with vendor() as server:
        server.answer = {"body": b"\x1f\x8b", "headers": {"Content-Encoding": "gzip"}}
        with pytest.raises(ProviderFailed, match="compressed"):
            await server.http.post(server.url)
    assert "Accept-Encoding" not in server.asked[0].headers
