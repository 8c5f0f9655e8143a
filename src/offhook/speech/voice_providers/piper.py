"""Piper's HTTP server (python -m piper.http_server): POST /synthesize with a text, answered with a WAV."""

from offhook.calls.ports import Sound
from offhook.speech.errors import ProviderFailed
from offhook.speech.http import ProviderAnswer, ProviderHttp
from offhook.speech.provider import ProviderSettings, VoiceOrder
from offhook.speech.sounds import decoded

URL = "http://127.0.0.1:5000"
_OLD_PATH = "/"  # interop: where Piper 1.3 and 1.4 take texts, and 1.8 answers 405
_NOT_HERE = frozenset({404, 405})
_BROKEN = 500
DEFAULT_VOICE = "default"  # the one that the server was started with


class PiperVoice:
    """Speaks plain text, with the server's own voice as Piper.default."""

    def __init__(self, settings: ProviderSettings, http: ProviderHttp) -> None:
        self._http = http
        self._url = (settings.url or URL).rstrip("/")
        self._path = "/synthesize"

    async def synthesize(self, order: VoiceOrder) -> Sound:
        """Speak a text. Raises ProviderFailed."""
        asked = {"text": order.text}
        if order.voice != DEFAULT_VOICE:
            asked["voice"] = order.voice
        try:
            answer = await self._ask(asked)
        except ProviderFailed as error:
            if error.code != _BROKEN:
                raise
            # interop: Piper 1.8 answers 500 for a text without anything to pronounce, like "...": it need not rest
            raise ProviderFailed(str(error), code=error.code) from error
        # interop: Piper labels its WAV text/html
        return await decoded(answer.body, "audio/wav")

    async def _ask(self, asked: dict[str, str]) -> ProviderAnswer:
        try:
            return await self._http.post(f"{self._url}{self._path}", json=asked)
        except ProviderFailed as error:
            if error.code not in _NOT_HERE or self._path == _OLD_PATH:
                raise
        answer = await self._http.post(f"{self._url}{_OLD_PATH}", json=asked)
        self._path = _OLD_PATH
        return answer
