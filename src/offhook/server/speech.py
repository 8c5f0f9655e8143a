"""Opens what speaks: the local voice, and the providers of [[voice]]."""

from contextlib import AsyncExitStack

import aiohttp

from offhook.server.errors import StartFailed
from offhook.server.settings import Settings, VoiceProvider
from offhook.speech.errors import SpeechError
from offhook.speech.http import ProviderHttp
from offhook.speech.plugins import find_plugin
from offhook.speech.provider import ProviderSettings
from offhook.speech.service import SpeechService, VoiceSource
from offhook.speech.synthesis import LocalSpeech
from offhook.speech.voice_providers import NAMES, VOICES

VOICES_GROUP = "offhook.voices"


async def open_speech(stack: AsyncExitStack, settings: Settings) -> SpeechService:
    """The voices of the configuration, with the local one behind them. Raises StartFailed."""
    session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None), cookie_jar=aiohttp.DummyCookieJar())
    stack.push_async_callback(session.close)
    sources = [_source(index, voice, session) for index, voice in enumerate(settings.voice)]
    return SpeechService(LocalSpeech(), sources, room=settings.speech.cache_bytes)


def _source(index: int, voice: VoiceProvider, session: aiohttp.ClientSession) -> VoiceSource:
    told = ProviderSettings(
        url=voice.url,
        key=voice.key,
        secret=voice.secret,
        region=voice.region,
        model=voice.model,
        options=voice.options,
    )
    try:
        factory = find_plugin(VOICES_GROUP, voice.provider, VOICES)
        provider = factory(told, ProviderHttp(session, (voice.key, voice.secret)))
    except SpeechError as error:
        raise StartFailed(f"voice[{index}]: {error}") from error
    return VoiceSource(
        name=voice.name or NAMES.get(voice.provider, voice.provider),
        provider=provider,
        voices={name.lower(): theirs for name, theirs in voice.voices.items()},
        timeout=voice.timeout,
        model=voice.model,
    )
