"""What can come over HTTP instead of sound or of words: the call goes on, is told why, and no secret gets out."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs
from tests.unit.net.authority import Authority
from vendor_server import Vendor, vendor, wav

from offhook.audio.tones import tone
from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import SpeechOrder
from offhook.speech.http import LARGEST_ANSWER
from offhook.speech.provider import ProviderSettings
from offhook.speech.recognisers import RECOGNISERS
from offhook.speech.recognition import RecogniserSource, RecognitionService
from offhook.speech.service import SpeechService, VoiceSource
from offhook.speech.voice_providers import VOICES
from offhook.testing.speech import StageVoice

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]  # botocore is a large library

KEY, SECRET = "sk-a-key", "a-secret"
SPEECH = tone((300, 700), 0.4, level_dbfs=-20) + bytes(16_000)
BARE = frozenset({"elevenlabs", "polly"})  # samples without a header: any bytes are sound
Fault = dict[str, Any] | Callable[[web.Request], Awaitable[web.StreamResponse]]


async def silent(_request: web.Request) -> web.StreamResponse:
    """Nothing, ever."""
    await asyncio.Event().wait()
    return web.Response()


async def stalled(request: web.Request) -> web.StreamResponse:
    """A beginning, and no more."""
    response = web.StreamResponse(headers={"Content-Type": "audio/wav", "Content-Length": "100000"})
    await response.prepare(request)
    await response.write(wav()[:100])
    await asyncio.Event().wait()
    return response


async def broken_off(request: web.Request) -> web.StreamResponse:
    """A beginning, and the end of the connection."""
    response = web.StreamResponse(headers={"Content-Type": "audio/wav", "Content-Length": "100000"})
    await response.prepare(request)
    await response.write(wav()[:100])
    if request.transport is not None:
        request.transport.close()
    return response


async def endless(request: web.Request) -> web.StreamResponse:
    """More than anybody wants."""
    response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
    await response.prepare(request)
    for _ in range(LARGEST_ANSWER // 1_000_000 + 10):
        await response.write(bytes(1_000_000))
    return response


async def endless_refusal(request: web.Request) -> web.StreamResponse:
    """A refusal that goes on and on, with the key at every place where it could be cut in two."""
    response = web.StreamResponse(status=400)
    await response.prepare(request)
    await response.write(b" " * (16 * 1024 - 5) + KEY.encode() * 10)
    await asyncio.Event().wait()
    return response


FAULTS: dict[str, tuple[Fault, str]] = {
    "401": ({"status": 401, "text": f"your key {KEY} and {SECRET} are wrong"}, r"401.*\(check its key\)"),
    "403": ({"status": 403, "text": "no"}, r"403.*\(check its key and what it may be used for\)"),
    "429": ({"status": 429, "text": "slow", "headers": {"Retry-After": "7"}}, r"429.*\(it is asked too often"),
    "500": ({"status": 500, "text": "oops"}, "it answered 500: oops"),
    "redirect": ({"status": 307, "headers": {"Location": "ELSEWHERE"}}, "it answered 307"),
    "silent": (silent, "(longer than|in time)"),
    "stalled": (stalled, "(longer than|in time|answered 200)"),
    "broken off": (broken_off, "(could not be asked|answered 200)"),
    "endless": (endless, "(more than 33554432 bytes|answered 200)"),
    "endless refusal": (endless_refusal, "it answered 400"),
    "page": ({"text": "<html>maintenance</html>", "content_type": "text/html"}, "(sound|JSON|answered 200)"),
    "garbage": ({"body": b"\xff\x00" * 500, "content_type": "audio/wav"}, "(sound|JSON|answered 200)"),
    "empty": ({"body": b"", "content_type": "audio/wav"}, "(sound|JSON|empty|answered 200)"),
}


@asynccontextmanager
async def faulty(fault: Fault) -> AsyncIterator[tuple[Vendor, Vendor]]:
    """A server with this fault, and another to which it may point."""
    async with vendor(KEY, SECRET) as server, vendor() as elsewhere:
        elsewhere.answer = {"body": wav(), "content_type": "audio/wav"}
        if isinstance(fault, dict) and "Location" in fault.get("headers", {}):
            fault = {**fault, "headers": {"Location": f"{elsewhere.url}/"}}
        server.answer = fault
        yield server, elsewhere


def settings(server: Vendor) -> ProviderSettings:
    """A provider that is at this server; only what never ends is given up soon."""
    timeout = 0.1 if server.answer in (silent, stalled) else 60.0
    return ProviderSettings(url=server.url, key=KEY, secret=SECRET, timeout=timeout)


def spoken_by(name: str, server: Vendor, remarks: list[tuple[int, str]]) -> Callable[[], Awaitable[StageVoice]]:
    """Has a text spoken by a provider, else by the local voice, which is given back."""
    local = StageVoice()
    told = settings(server)
    source = VoiceSource(
        name="Its", provider=VOICES[name](told, server.http), timeout=told.timeout, voices={"v": "Joanna"}
    )
    service = SpeechService(local, [source])

    async def speak() -> StageVoice:
        await service.synthesize("hi", "v", "en-US", remark=lambda code, text: remarks.append((code, text)))
        return local

    return speak


@pytest.mark.parametrize("name", sorted(VOICES))
@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_the_local_voice_speaks_and_the_call_is_told_why(name: str, fault: str) -> None:
    """Notice 13511 says who and what came; nothing goes elsewhere, and no secret is told or logged."""
    answer, told = FAULTS[fault]
    if fault == "garbage" and name in BARE:
        return  # two bytes are a sample, whatever they are
    remarks: list[tuple[int, str]] = []
    with capture_logs() as logs:
        async with faulty(answer) as (server, elsewhere):
            local = await spoken_by(name, server, remarks)()
    assert len(local.spoken) == 1
    assert [code for code, _ in remarks] == [13511]
    assert remarks[0][1].startswith("the local voice stands in for v: Its: ")
    assert re.search(told, remarks[0][1])
    assert not any(secret in f"{remarks}{logs}" for secret in (KEY, SECRET, "sk-a"))
    assert (len(server.asked), elsewhere.asked) == (1, [])


@pytest.mark.parametrize("name", ["deepgram", "openai"])
@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_a_recogniser_that_fails_is_an_error_of_the_call(name: str, fault: str) -> None:
    """It says what came; nothing goes elsewhere, and no secret is told or logged."""
    answer, told = FAULTS[fault]
    with capture_logs() as logs:
        async with faulty(answer) as (server, elsewhere):
            recogniser = RECOGNISERS[name](settings(server), server.http)
            recognition = RecognitionService([RecogniserSource(name=name, recogniser=recogniser)]).listen(SpeechOrder())
            recognition.hear(SPEECH)
            recognition.finish()
            with pytest.raises(RecognitionFailed) as caught:
                [one async for one in recognition.results()]
    assert re.search(told.replace(": oops", ""), str(caught.value))
    assert not any(secret in f"{caught.value}{logs}" for secret in (KEY, SECRET, "sk-a"))
    assert (len(server.asked), elsewhere.asked) == (1, [])


@pytest.mark.parametrize(
    ("retry_after", "is_left_alone"), [("7", True), ("999999999", True), ("", False), ("Mon", False)]
)
async def test_a_provider_that_names_a_rest_gets_it(retry_after: str, *, is_left_alone: bool) -> None:
    """429 with Retry-After: the next text does not ask again; without one it does."""
    remarks: list[tuple[int, str]] = []
    headers = {"Retry-After": retry_after} if retry_after else {}
    async with faulty({"status": 429, "headers": headers}) as (server, _):
        speak = spoken_by("openai", server, remarks)
        await speak()
        await speak()
    assert len(server.asked) == (1 if is_left_alone else 2)
    assert [code for code, _ in remarks] == [13511, 13511]


@pytest.mark.parametrize("name", sorted(VOICES))
async def test_a_certificate_that_nobody_vouches_for_is_refused(name: str, tmp_path: Path) -> None:
    """Nothing is asked, so no key is told; the local voice speaks."""
    remarks: list[tuple[int, str]] = []
    async with untrusted(tmp_path) as server:
        local = await spoken_by(name, server, remarks)()
    assert (len(local.spoken), server.asked) == (1, [])
    assert "certificate" in remarks[0][1].lower()


@pytest.mark.parametrize("name", ["deepgram", "openai"])
async def test_no_sound_goes_to_whom_nobody_vouches_for(name: str, tmp_path: Path) -> None:
    """The handshake fails, and the call is told."""
    async with untrusted(tmp_path) as server:
        told = ProviderSettings(url=server.url, key=KEY, timeout=60.0)
        recognition = RECOGNISERS[name](told, server.http).listen(SpeechOrder())
        recognition.hear(SPEECH)
        recognition.finish()
        with pytest.raises(RecognitionFailed, match=r"(?i)certificate"):
            [one async for one in recognition.results()]
    assert server.asked == []


@asynccontextmanager
async def untrusted(folder: Path) -> AsyncIterator[Vendor]:
    """A server with a certificate of an authority that nobody knows."""
    issued = Authority(folder).issue("ip:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    async with vendor(KEY, SECRET, tls=context) as server:
        server.answer = {"body": wav(), "content_type": "audio/wav"}
        yield server
