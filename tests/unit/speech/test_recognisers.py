"""Recognisers behind HTTP and WebSockets, against servers that speak their APIs."""

import asyncio
import io
import wave
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from aiohttp import web
from vendor_server import vendor

from offhook.audio.tones import tone
from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import Recogniser, SpeechOrder, Utterance
from offhook.speech.provider import ProviderSettings
from offhook.speech.recognisers.deepgram import DeepgramRecogniser
from offhook.speech.recognisers.openai import OpenAiRecogniser
from offhook.speech.recognition import RecogniserSource, RecognitionService
from offhook.testing.recogniser import ScriptedRecogniser

pytestmark = pytest.mark.asyncio

SPEECH = tone((300, 700), 0.4, level_dbfs=-20) + bytes(16_000)
ORDER = SpeechOrder(language="en-GB", hints=("one", "two"), is_interim=True)


async def everything(recogniser: Recogniser, sound: bytes = SPEECH, order: SpeechOrder = ORDER) -> list[Utterance]:
    """What is understood of a sound."""
    recognition = recogniser.listen(order)
    for at in range(0, len(sound), 320):
        recognition.hear(sound[at : at + 320])
    recognition.finish()
    async with asyncio.timeout(5):
        return [one async for one in recognition.results()]


async def test_openai_gets_each_utterance_as_a_file() -> None:
    """With model, language and hints; its text is the result."""
    forms: list[dict[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        forms.append({name: v.file.read() if isinstance(v, web.FileField) else v for name, v in form.items()})
        return web.json_response({"text": " shit, two "})

    async with vendor() as server:
        server.answer = answer
        found = await everything(OpenAiRecogniser(ProviderSettings(url=server.url, key="k"), server.http))
    assert found == [Utterance(text="s***, two")]
    with wave.open(io.BytesIO(forms[0].pop("file"))) as file:
        assert (file.getframerate(), file.getnchannels()) == (8000, 1)
        assert 0.4 < file.getnframes() / 8000 < 1.5
    assert forms == [
        {"model": "gpt-4o-mini-transcribe", "response_format": "json", "language": "en", "prompt": "one, two"}
    ]
    assert server.asked[0].path == "/audio/transcriptions"
    assert server.asked[0].headers["Authorization"] == "Bearer k"


@pytest.mark.parametrize(
    ("answer", "told"), [({"status": 401, "text": "key k3y"}, "401: key …"), ({"text": "[]"}, "JSON")]
)
async def test_openai_that_fails_is_an_error(answer: dict[str, Any], told: str) -> None:
    """Without the key."""
    async with vendor("k3y") as server:
        server.answer = answer
        with pytest.raises(RecognitionFailed, match=told):
            await everything(OpenAiRecogniser(ProviderSettings(url=server.url, key="k3y"), server.http))


def results(text: str, *, is_final: bool, confidence: float = 0.9) -> str:
    """A message of Deepgram's."""
    best = {"transcript": text, "confidence": confidence, "words": []}
    told = {"type": "Results", "is_final": is_final, "speech_final": is_final, "channel": {"alternatives": [best]}}
    return msgspec.json.encode(told).decode()


class Deepgram:
    """The other end of the WebSocket: keeps the sound, and answers when it has enough of it."""

    def __init__(self, *, hangs_up: bool = False) -> None:
        self.sound = bytearray()
        self.query: list[tuple[str, str]] = []
        self.hangs_up = hangs_up

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """One conversation."""
        self.query = list(request.query.items())
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str('{"type":"Metadata","request_id":"1"}')
        async for message in socket:
            if isinstance(message.data, str):
                assert msgspec.json.decode(message.data) == {"type": "CloseStream"}
                await socket.send_str(results("one two", is_final=True, confidence=0.8))
                break
            if not self.sound:
                await socket.send_str(results("one", is_final=False))
                await socket.send_str("{not json")
                await socket.send_str(results("", is_final=True))
            self.sound += message.data
            if self.hangs_up:
                break
        await socket.close()
        return socket


async def test_deepgram_hears_sound_as_it_comes() -> None:
    """Partial results are told with their stability, final ones with their confidence."""
    deepgram = Deepgram()
    async with vendor() as server:
        server.answer = deepgram
        found = await everything(DeepgramRecogniser(ProviderSettings(url=server.url, key="k"), server.http))
    assert found == [
        Utterance(text="one", is_final=False, stability=0.9),
        Utterance(text="one two", confidence=0.8),
    ]
    assert deepgram.sound == SPEECH
    assert server.asked[0].headers["Authorization"] == "Token k"
    assert deepgram.query == [
        ("model", "nova-3"),
        ("language", "en-GB"),
        ("encoding", "linear16"),
        ("sample_rate", "8000"),
        ("channels", "1"),
        ("punctuate", "true"),
        ("interim_results", "true"),
        ("profanity_filter", "true"),
        ("keyterm", "one"),
        ("keyterm", "two"),
    ]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 401, "text": "no"}, "it answered 401"),
        ({"status": 200, "text": "no"}, "it answered 200"),
        (Deepgram(hangs_up=True), "it hung up"),
    ],
)
async def test_deepgram_that_fails_is_an_error(answer: Any, told: str) -> None:
    """Refused, no WebSocket, hung up in the middle."""
    async with vendor() as server:
        server.answer = answer
        recognition = DeepgramRecogniser(ProviderSettings(url=server.url, key="k"), server.http).listen(ORDER)
        recognition.hear(SPEECH)
        with pytest.raises(RecognitionFailed, match=told):
            async with asyncio.timeout(5):
                [one async for one in recognition.results()]
        recognition.hear(SPEECH)
        recognition.finish()
        recognition.close()


@pytest.mark.slow
async def test_deepgram_that_says_nothing_is_given_up() -> None:
    """Within the time limit of the configuration."""

    async def silent(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with vendor() as server:
        server.answer = silent
        settings = ProviderSettings(url=server.url, key="k", timeout=0.3)
        with pytest.raises(RecognitionFailed, match="in time"):
            await everything(DeepgramRecogniser(settings, server.http))


async def test_a_closed_listening_lets_go_of_the_socket() -> None:
    """Before and after it is connected."""
    async with vendor() as server:
        server.answer = Deepgram()
        recogniser = DeepgramRecogniser(ProviderSettings(url=server.url, key="k"), server.http)
        at_once = recogniser.listen(ORDER)
        at_once.close()
        later = recogniser.listen(ORDER)
        later.hear(SPEECH)
        async for one in later.results():
            assert one.text == "one"
            later.close()
        assert [one async for one in at_once.results()] == []


async def test_a_model_names_its_recogniser() -> None:
    """`deepgram_nova-3` is Deepgram's, everything else the first one's."""
    first, second = ScriptedRecogniser(), ScriptedRecogniser()
    service = RecognitionService(
        [RecogniserSource(name="openai", recogniser=first), RecogniserSource(name="Deepgram", recogniser=second)]
    )
    for model in ("default", "phone_call", "googlev2_long", "deepgram_nova-3"):
        service.listen(SpeechOrder(model=model))
    assert [one.order.model for one in first.listenings] == ["default", "phone_call", "googlev2_long"]
    assert [one.order.model for one in second.listenings] == ["nova-3"]


async def test_a_provider_that_is_named_is_not_replaced() -> None:
    """Contract 2 §1.7: an error instead, which says what to do; models of Google are for whoever is there."""
    service = RecognitionService([RecogniserSource(name="mine", recogniser=ScriptedRecogniser())])
    with pytest.raises(RecognitionFailed, match='give a \\[\\[recogniser\\]\\] the name "deepgram"'):
        service.listen(replace(ORDER, model="Deepgram_nova-3"))
    service.listen(replace(ORDER, model="googlev2_short")).finish()
