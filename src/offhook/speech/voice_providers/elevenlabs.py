"""ElevenLabs: POST /v1/text-to-speech/{voice}, answered with mu-law."""

from urllib.parse import quote

from offhook.calls.ports import Sound
from offhook.speech.http import ProviderHttp
from offhook.speech.provider import ProviderSettings, VoiceOrder
from offhook.speech.sounds import check_sound, decoded

URL = "https://api.elevenlabs.io"
MODEL = "eleven_flash_v2_5"


class ElevenLabsVoice:
    """Speaks plain text; voices are called by their ID."""

    def __init__(self, settings: ProviderSettings, http: ProviderHttp) -> None:
        self._http = http
        self._url = (settings.url or URL).rstrip("/")
        self._model = settings.model or MODEL
        self._headers = {"xi-api-key": settings.key}

    async def synthesize(self, order: VoiceOrder) -> Sound:
        """Speak a text. Raises ProviderFailed."""
        url = f"{self._url}/v1/text-to-speech/{quote(order.voice, safe='')}?output_format=ulaw_8000"
        asked = {"text": order.text, "model_id": self._model}
        answer = await self._http.post(url, headers=self._headers, json=asked)
        check_sound(answer.content_type)
        # interop: ElevenLabs labels mu-law audio/basic or application/octet-stream, by version
        return await decoded(answer.body, "audio/basic")
