"""Piper's HTTP server (python -m piper.http_server): POST a text, answered with a WAV."""

from offhook.calls.ports import Sound
from offhook.speech.http import ProviderHttp
from offhook.speech.provider import ProviderSettings, VoiceOrder
from offhook.speech.sounds import decoded

URL = "http://127.0.0.1:5000"
DEFAULT_VOICE = "default"  # the one that the server was started with


class PiperVoice:
    """Speaks plain text, with the server's own voice as Piper.default."""

    def __init__(self, settings: ProviderSettings, http: ProviderHttp) -> None:
        self._http = http
        self._url = settings.url or URL

    async def synthesize(self, order: VoiceOrder) -> Sound:
        """Speak a text. Raises ProviderFailed."""
        asked = {"text": order.text}
        if order.voice != DEFAULT_VOICE:
            asked["voice"] = order.voice
        answer = await self._http.post(self._url, json=asked)
        return await decoded(answer.body, "audio/wav")
