"""Deepgram's streaming API: a WebSocket that takes samples as they come and gives results as they are understood."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import aiohttp
import msgspec

from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import Recognition, SpeechOrder, Utterance
from offhook.speech.errors import ProviderFailed
from offhook.speech.http import ProviderHttp, refused
from offhook.speech.provider import ProviderSettings

URL = "wss://api.deepgram.com"
MODEL = "nova-3"
MOST_HINTS = 100  # what the API takes
MOST_WAITING = 1500  # pieces of sound that were heard and not sent yet: half a minute of 20 ms
LARGEST_MESSAGE = 1024 * 1024
CLOSING = 5.0  # seconds for the last results
_END = '{"type":"CloseStream"}'


class _Alternative(msgspec.Struct):
    transcript: str = ""
    confidence: float | None = None


class _Channel(msgspec.Struct):
    alternatives: tuple[_Alternative, ...] = ()


class _Results(msgspec.Struct, tag="Results", tag_field="type"):
    channel: _Channel
    is_final: bool = False


class DeepgramRecogniser:
    """Listens over one WebSocket for each call."""

    def __init__(self, settings: ProviderSettings, http: ProviderHttp) -> None:
        self._http = http
        self._url = f"{(settings.url or URL).rstrip('/')}/v1/listen"
        self._model = settings.model or MODEL
        self._timeout = settings.timeout
        self._headers = {"Authorization": f"Token {settings.key}"}

    def listen(self, order: SpeechOrder) -> Recognition:
        """Begin to listen; the connection is made meanwhile."""
        recognition = _Stream(self._http, self._address(order), self._headers, self._timeout)
        recognition.begin()
        return recognition

    def _address(self, order: SpeechOrder) -> str:
        model = order.model if order.model.startswith("nova") else self._model
        asked = [
            ("model", model),
            ("language", order.language),
            ("encoding", "linear16"),
            ("sample_rate", "8000"),
            ("channels", "1"),
            ("punctuate", str(order.is_punctuated).lower()),
            ("interim_results", str(order.is_interim).lower()),
            ("profanity_filter", str(order.hides_profanity).lower()),
            # nova-3 calls hints by another name than the models before it
            *(("keyterm" if model.startswith("nova-3") else "keywords", hint) for hint in order.hints[:MOST_HINTS]),
        ]
        return f"{self._url}?{urlencode(asked)}"


class _Stream:
    """One listening."""

    def __init__(self, http: ProviderHttp, url: str, headers: dict[str, str], timeout: float) -> None:
        self._http, self._url, self._headers, self._timeout = http, url, headers, timeout
        self._sound: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._news: asyncio.Queue[Utterance | RecognitionFailed | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._limit = asyncio.timeout(None)
        self._is_over = False

    def begin(self) -> None:
        """Connect."""
        self._task = self._http.run(self._converse())

    def hear(self, samples: bytes) -> None:
        """The next sound."""
        if self._is_over:
            return
        if self._sound.qsize() >= MOST_WAITING:
            self._fail("it takes no more sound")
        else:
            self._sound.put_nowait(samples)

    def finish(self) -> None:
        """No more sound comes."""
        if not self._is_over:
            self._is_over = True
            self._sound.put_nowait(None)

    def close(self) -> None:
        """Nobody wants the rest."""
        self._is_over = True
        if self._task is not None:
            self._task.cancel()
        self._news.put_nowait(None)

    async def results(self) -> AsyncIterator[Utterance]:
        """What is understood, as it is. Raises RecognitionFailed."""
        while (news := await self._news.get()) is not None:
            if isinstance(news, RecognitionFailed):
                raise news
            yield news

    def _fail(self, reason: str) -> None:
        self._news.put_nowait(RecognitionFailed(f"Deepgram: {reason}"))
        self._is_over = True
        if self._task is not None:
            self._task.cancel()

    async def _converse(self) -> None:
        try:
            async with self._limit:
                await self._exchange()
            self._news.put_nowait(None)
        except TimeoutError:
            self._fail("it did not answer in time")
        except aiohttp.WSServerHandshakeError as error:
            self._fail(str(refused(error.status)))
        except ProviderFailed as error:
            self._fail(str(error))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self._fail(f"it could not be asked: {self._http.hidden(str(error)) or type(error).__name__}")

    async def _exchange(self) -> None:
        self._limit.reschedule(asyncio.get_running_loop().time() + self._timeout)
        async with self._http.session.ws_connect(
            self._url, headers=self._headers, heartbeat=15, max_msg_size=LARGEST_MESSAGE
        ) as socket:
            self._limit.reschedule(None)
            sending = self._http.run(self._send(socket))
            try:
                async for message in socket:
                    self._take(message)
            finally:
                sending.cancel()
            if not self._is_over:
                self._fail(f"it hung up ({socket.close_code})")

    async def _send(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            while (samples := await self._sound.get()) is not None:
                await socket.send_bytes(samples)
            self._limit.reschedule(asyncio.get_running_loop().time() + CLOSING)
            await socket.send_str(_END)
        except (aiohttp.ClientError, OSError, RuntimeError):
            return  # whoever reads learns of the end

    def _take(self, message: aiohttp.WSMessage) -> None:
        if message.type is not aiohttp.WSMsgType.TEXT:
            return
        try:
            results = msgspec.json.decode(message.data, type=_Results)
        except msgspec.MsgspecError:
            return  # messages of other types: metadata, beginnings of speech
        best = results.channel.alternatives[0] if results.channel.alternatives else _Alternative()
        if best.transcript:
            self._news.put_nowait(
                Utterance(
                    text=best.transcript,
                    is_final=results.is_final,
                    confidence=best.confidence if results.is_final else None,
                    stability=None if results.is_final else best.confidence,
                )
            )
