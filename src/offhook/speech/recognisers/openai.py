"""Recognisers behind an API like OpenAI's: POST /v1/audio/transcriptions, one utterance at a time."""

import io
import wave

import aiohttp
import msgspec

from offhook.calls.ports import Recognition, SpeechOrder, Utterance
from offhook.speech.errors import ProviderFailed
from offhook.speech.http import ProviderHttp
from offhook.speech.profanity import hidden
from offhook.speech.provider import ProviderSettings
from offhook.speech.segmented import SegmentedRecognition

URL = "https://api.openai.com/v1"
MODEL = "gpt-4o-mini-transcribe"
MOST_PROMPTED = 800  # characters of hints; the API takes 224 tokens


class _Answer(msgspec.Struct):
    text: str


class OpenAiRecogniser:
    """Listens by sending each utterance once the pause after it is there."""

    def __init__(self, settings: ProviderSettings, http: ProviderHttp) -> None:
        self._http = http
        self._url = f"{(settings.url or URL).rstrip('/')}/audio/transcriptions"
        self._model = settings.model or MODEL
        self._timeout = settings.timeout
        self._headers = {"Authorization": f"Bearer {settings.key}"} if settings.key else {}

    def listen(self, order: SpeechOrder) -> Recognition:
        """Begin to listen."""

        async def understand(samples: bytes) -> Utterance | None:
            return await self._understand(samples, order)

        return SegmentedRecognition(understand, is_recorded=order.is_recorded)

    async def _understand(self, samples: bytes, order: SpeechOrder) -> Utterance | None:
        form = aiohttp.FormData()
        form.add_field("file", wav(samples), filename="utterance.wav", content_type="audio/wav")
        form.add_field("model", self._model)
        form.add_field("response_format", "json")
        form.add_field("language", order.language.partition("-")[0].lower())
        if order.hints:
            form.add_field("prompt", ", ".join(order.hints)[:MOST_PROMPTED])
        answer = await self._http.post(self._url, headers=self._headers, data=form, timeout=self._timeout)
        try:
            text = msgspec.json.decode(answer.body, type=_Answer).text.strip()
        except msgspec.MsgspecError as error:
            raise ProviderFailed("its answer is not the JSON that was expected") from error
        return Utterance(text=hidden(text) if order.hides_profanity else text) if text else None


def wav(samples: bytes) -> bytes:
    """Samples of a telephone as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(samples)
    return file.getvalue()
