"""Voices behind an API like OpenAI's: POST /v1/audio/speech, answered with a sound file."""

from offhook.calls.ports import Sound
from offhook.speech.http import ProviderHttp
from offhook.speech.provider import ProviderSettings, VoiceOrder
from offhook.speech.sounds import decoded

URL = "https://api.openai.com/v1"
MODEL = "gpt-4o-mini-tts"


class OpenAiVoice:
    """Speaks plain text; it knows no SSML and finds the language by itself."""

    def __init__(self, settings: ProviderSettings, http: ProviderHttp) -> None:
        self._http = http
        self._url = f"{(settings.url or URL).rstrip('/')}/audio/speech"
        self._model = settings.model or MODEL
        self._headers = {"Authorization": f"Bearer {settings.key}"} if settings.key else {}

    async def synthesize(self, order: VoiceOrder) -> Sound:
        """Speak a text. Raises ProviderFailed."""
        asked = {"model": self._model, "input": order.text, "voice": order.voice, "response_format": "wav"}
        answer = await self._http.post(self._url, headers=self._headers, json=asked)
        return await decoded(answer.body, answer.content_type)
