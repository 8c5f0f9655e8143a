"""Sounds for Play: type, decoding, cache (contract 2 §1.2)."""

import asyncio
import gzip
import io
import threading
import wave
import zlib
from hashlib import sha256
from typing import Any

import pytest
from aiohttp import web
from webhook_application import CALL, Application, Opener

from offhook.calls.errors import WebhookFailed
from offhook.webhook import body
from offhook.webhook.service import WebhookService

pytest_plugins = ["webhook_fixtures"]


def wav(frames: int = 800) -> bytes:
    """A WAV file of silence."""
    return wav_of(b"\0\0" * frames)


def wav_of(samples: bytes) -> bytes:
    """A WAV file of these."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(samples)
    return file.getvalue()


@pytest.mark.asyncio
async def test_a_sound_is_fetched_and_decoded(service: WebhookService, application: Application) -> None:
    """A WAV file becomes samples at its rate; the request is a GET without parameters."""
    sound = await service.fetch_sound(CALL, application.on("/a.wav", body=wav(), content_type="audio/x-wav"))
    assert (len(sound.samples), sound.rate_hz) == (1600, 8000)
    assert (application.seen[0].method, application.seen[0].path) == ("GET", "/a.wav")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("response", "code"),
    [
        ({"body": wav(), "content_type": "text/html"}, 12300),
        ({"body": b"no sound", "content_type": "audio/wav"}, 12300),
        ({"status": 404}, 11200),
        ({"body": b"x" * 5000, "content_type": "audio/wav"}, 11200),
    ],
)
async def test_what_is_no_sound_is_refused(
    open_service: Opener, application: Application, response: dict[str, object], code: int
) -> None:
    """A wrong type or unreadable audio is 12300; a missing or oversized file is 11200."""
    service = await open_service(sound_size=4000)
    with pytest.raises(WebhookFailed) as caught:
        await service.fetch_sound(CALL, application.on("/a.wav", **response))
    assert caught.value.error_code == code


@pytest.mark.asyncio
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_sound(service: WebhookService, application: Application, encoding: str) -> None:
    """Whole it is played; one that breaks off is 11206, as without compression; one of something else, too."""
    noise = b"".join(sha256(bytes([at % 251, at // 251])).digest() for at in range(1250))
    packed = gzip.compress(wav_of(noise)) if encoding == "gzip" else zlib.compress(wav_of(noise))
    form: dict[str, Any] = {"content_type": "audio/wav", "headers": {"Content-Encoding": encoding}}
    sound = await service.fetch_sound(CALL, application.on("/whole.wav", body=packed, **form))
    assert sound.samples == noise
    for name, broken in {"half": packed[: len(packed) // 2], "end": packed[:-2], "none": noise}.items():
        with pytest.raises(WebhookFailed) as caught:
            await service.fetch_sound(CALL, application.on(f"/{name}.wav", body=broken, **form))
        assert caught.value.error_code == 11206


@pytest.mark.asyncio
async def test_a_sound_that_unpacks_to_too_much(
    open_service: Opener, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """11200, and it is unpacked beside the loop, no further than the limit."""
    threads: list[int] = []
    sizes: list[int] = []

    def inflate(packed: bytes, limit: int, *, is_complete: bool) -> tuple[bytes, bool]:
        threads.append(threading.get_ident())
        plain, is_whole = real(packed, limit, is_complete=is_complete)
        sizes.append(len(plain))
        return plain, is_whole

    real = body._inflate
    monkeypatch.setattr(body, "_inflate", inflate)
    service = await open_service(sound_size=1_000_000)
    form: dict[str, Any] = {"content_type": "audio/ulaw", "headers": {"Content-Encoding": "gzip"}}
    with pytest.raises(WebhookFailed) as caught:
        await service.fetch_sound(CALL, application.on("/bomb", body=gzip.compress(bytes(20_000_000), 1), **form))
    assert (caught.value.error_code, sizes) == (11200, [1_000_000])
    assert threads != [threading.get_ident()]


@pytest.mark.asyncio
async def test_an_unchanged_sound_is_not_sent_again(service: WebhookService, application: Application) -> None:
    """With an ETag the second Play asks If-None-Match, and a 304 lets it use its copy."""

    async def tagged(request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        return web.Response(body=wav(), content_type="audio/wav", headers={"ETag": '"1"'})

    application.answers["/a.wav"] = tagged
    first = await service.fetch_sound(CALL, application.base + "/a.wav")
    second = await service.fetch_sound(CALL, application.base + "/a.wav")
    assert second is first
    assert application.seen[1].headers["If-None-Match"] == '"1"'


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("policy", "requests"),
    [("max-age=60", 1), ("no-cache, max-age=60", 2), ("no-store, max-age=60", 2), ("private", 2)],
)
async def test_max_age_saves_the_question(
    service: WebhookService, application: Application, policy: str, requests: int
) -> None:
    """While max-age lasts nothing is asked, unless no-cache or no-store says otherwise."""
    url = application.on("/a.wav", body=wav(), content_type="audio/wav", headers={"Cache-Control": policy})
    await service.fetch_sound(CALL, url)
    await service.fetch_sound(CALL, url)
    assert len(application.seen) == requests


@pytest.mark.asyncio
async def test_the_cache_is_bounded(open_service: Opener, application: Application) -> None:
    """The least recently played sound goes when the cache is full."""
    service = await open_service(sound_cache_size=3500)
    policy = {"Cache-Control": "max-age=60"}
    urls = [application.on(f"/{n}.wav", body=wav(), content_type="audio/wav", headers=policy) for n in range(3)]
    for url in (urls[0], urls[1], urls[0], urls[2], urls[0], urls[1]):
        await service.fetch_sound(CALL, url)
    assert [seen.path for seen in application.seen] == ["/0.wav", "/1.wav", "/2.wav", "/1.wav"]


@pytest.mark.asyncio
async def test_sound_in_place_of_a_document_is_decoded(service: WebhookService) -> None:
    """decode_sound reads what came as a document's body, or raises 12300."""
    assert (await service.decode_sound(wav(80), "audio/wav")).duration == pytest.approx(0.01)
    with pytest.raises(WebhookFailed) as caught:
        await service.decode_sound(b"", "audio/wav")
    assert caught.value.error_code == 12300


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "audio/ulaw"})
    await response.prepare(request)
    while True:
        await response.write(bytes(8000))


async def _dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "audio/ulaw"})
    await response.prepare(request)
    await response.write(bytes(8000))
    await asyncio.Event().wait()
    return response


async def _breaking_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "audio/wav", "Content-Length": "1644"})
    await response.prepare(request)
    await response.write(wav()[:400])
    if request.transport is not None:
        request.transport.close()
    return response


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize(("answer", "code"), [(_endless, 11200), (_dripping, 11205), (_breaking_off, 11206)])
async def test_a_sound_without_an_end_costs_no_more_than_its_limits(
    open_service: Opener, application: Application, answer: Any, code: int
) -> None:
    """Endless, dripping and broken-off bodies end in a code within the time limit."""
    service = await open_service(sound_size=1_000_000, total=0.5)
    application.answers["/a"] = answer
    async with asyncio.timeout(3):
        with pytest.raises(WebhookFailed) as caught:
            await service.fetch_sound(CALL, application.base + "/a")
    assert caught.value.error_code == code


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("content_type", "body"),
    [("audio/ulaw", b"\xff" * 800), ("audio/x-gsm", (b"\xd0" + bytes(32)) * 5), ("audio/wav", wav())],
)
async def test_the_type_of_the_answer_says_how_it_is_read(
    service: WebhookService, application: Application, content_type: str, body: bytes
) -> None:
    """Raw kinds have no header that could."""
    sound = await service.fetch_sound(CALL, application.on("/a", body=body, content_type=content_type))
    assert sound.duration == pytest.approx(0.1, abs=0.02)


@pytest.mark.asyncio
async def test_a_changed_sound_takes_the_place_of_the_old_one(
    service: WebhookService, application: Application
) -> None:
    """Last-Modified is asked about as well; a 200 is played and kept."""

    async def newer(request: web.Request) -> web.StreamResponse:
        is_first = "If-Modified-Since" not in request.headers
        date = "Mon, 01 Jun 2026 10:00:00 GMT" if is_first else "Mon, 01 Jun 2026 11:00:00 GMT"
        body = wav(800 if is_first else 1600)
        return web.Response(body=body, content_type="audio/wav", headers={"Last-Modified": date})

    application.answers["/a.wav"] = newer
    durations = [(await service.fetch_sound(CALL, application.base + "/a.wav")).duration for _ in range(3)]
    assert durations == pytest.approx([0.1, 0.2, 0.2])
    assert application.seen[2].headers["If-Modified-Since"] == "Mon, 01 Jun 2026 11:00:00 GMT"
