"""Google Cloud Text-to-Speech: POST /v1/text:synthesize with an API key, answered with a WAV in JSON."""

import asyncio
from base64 import b64decode

import msgspec

from offhook.calls.ports import Sound
from offhook.speech.errors import ProviderFailed
from offhook.speech.http import ProviderHttp
from offhook.speech.provider import ProviderSettings, VoiceOrder
from offhook.speech.sounds import decoded

URL = "https://texttospeech.googleapis.com"


class _Answer(msgspec.Struct):
    audio: str = msgspec.field(name="audioContent")


class GoogleVoice:
    """Speaks text and SSML; a voice's name begins with its language."""

    def __init__(self, settings: ProviderSettings, http: ProviderHttp) -> None:
        self._http = http
        self._url = f"{(settings.url or URL).rstrip('/')}/v1/text:synthesize"
        self._headers = {"X-Goog-Api-Key": settings.key}

    async def synthesize(self, order: VoiceOrder) -> Sound:
        """Speak a text. Raises ProviderFailed."""
        asked = {
            "input": {"ssml": f"<speak>{order.ssml}</speak>"} if order.ssml else {"text": order.text},
            "voice": {"languageCode": "-".join(order.voice.split("-")[:2]), "name": order.voice},
            "audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": 8000},
        }
        answer = await self._http.post(self._url, headers=self._headers, json=asked)
        return await decoded(await asyncio.to_thread(_wav, answer.body), "audio/wav")


def _wav(body: bytes) -> bytes:
    try:
        return b64decode(msgspec.json.decode(body, type=_Answer).audio, validate=True)
    except (msgspec.MsgspecError, ValueError) as error:  # no base64, no ASCII
        raise ProviderFailed("its answer is not the JSON that was expected") from error
