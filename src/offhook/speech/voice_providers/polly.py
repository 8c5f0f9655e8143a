"""Amazon Polly: POST /v1/speech, signed with SigV4 by botocore (extra `polly`), answered with samples."""

from typing import Any

import msgspec

from offhook.calls.ports import Sound
from offhook.speech.errors import PluginMissing
from offhook.speech.http import ProviderHttp
from offhook.speech.named_voices import POLLY
from offhook.speech.provider import ProviderSettings, VoiceOrder
from offhook.speech.sounds import check_sound, raw

REGION = "us-east-1"
RATE_HZ = 8000
_ENGINES = {"neural": "neural", "generative": "generative", "longform": "long-form"}


class PollyVoice:
    """Speaks text and SSML; `Joanna`, `Joanna-Neural` and `Joanna-Generative` are engines of one voice."""

    def __init__(self, settings: ProviderSettings, http: ProviderHttp) -> None:
        self._http = http
        self._region = settings.region or REGION
        self._url = f"{(settings.url or f'https://polly.{self._region}.amazonaws.com').rstrip('/')}/v1/speech"
        self._auth, self._request = _signer(settings.key, settings.secret, self._region)

    async def synthesize(self, order: VoiceOrder) -> Sound:
        """Speak a text. Raises ProviderFailed."""
        name, _, engine = order.voice.partition("-")
        asked = {
            "Engine": _ENGINES.get(engine.replace("-", "").lower(), "standard"),
            "OutputFormat": "pcm",
            "SampleRate": str(RATE_HZ),
            "Text": f"<speak>{order.ssml}</speak>" if order.ssml else order.text,
            "TextType": "ssml" if order.ssml else "text",
            "VoiceId": name,
        }
        known = POLLY.get(name.lower())
        if known is not None and len(known.languages) > 1:
            asked["LanguageCode"] = known.language_for(order.language)
        body = msgspec.json.encode(asked)
        signed = self._request(method="POST", url=self._url, data=body, headers={"Content-Type": "application/json"})
        self._auth.add_auth(signed)
        answer = await self._http.post(self._url, headers=dict(signed.headers.items()), data=body)
        check_sound(answer.content_type)
        return raw(answer.body, RATE_HZ)


def _signer(key: str, secret: str, region: str) -> tuple[Any, Any]:
    """What signs, and the class of what it signs. Raises PluginMissing."""
    try:
        from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # noqa: PLC0415
        from botocore.credentials import Credentials  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError as error:
        raise PluginMissing("Amazon Polly needs botocore: pip install 'offhook[polly]'") from error
    return SigV4Auth(Credentials(key, secret), "polly", region), AWSRequest
