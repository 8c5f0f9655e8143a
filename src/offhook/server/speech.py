"""Opens what speaks and what understands: the local ones, and the providers of [[voice]] and [[recogniser]]."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from offhook.server.errors import StartFailed
from offhook.server.settings import RecogniserProvider, Settings, VoiceProvider
from offhook.speech.errors import SpeechError
from offhook.speech.http import ProviderHttp, provider_session
from offhook.speech.plugins import find_plugin
from offhook.speech.provider import ProviderSettings
from offhook.speech.recognisers import RECOGNISERS
from offhook.speech.recognition import RecogniserSource, RecognitionService
from offhook.speech.service import SpeechService, VoiceSource
from offhook.speech.sound_files import SoundFiles
from offhook.speech.synthesis import LocalSpeech
from offhook.speech.tasks import ProviderTasks
from offhook.speech.voice_providers import NAMES, VOICES

VOICES_GROUP, RECOGNISERS_GROUP = "offhook.voices", "offhook.recognisers"
FOLDER = "speech"  # in the data folder
LOCAL_RECOGNISER = RecogniserProvider(provider="pocketsphinx")


async def open_speech(
    stack: AsyncExitStack, settings: Settings, data: Path
) -> tuple[SpeechService, RecognitionService]:
    """What the configuration names, and what is on this machine behind it. Raises StartFailed."""
    session = provider_session()
    stack.push_async_callback(session.close)
    tasks = await stack.enter_async_context(ProviderTasks())

    def door(key: str, secret: str) -> ProviderHttp:
        return ProviderHttp(session, tasks, (key, secret))

    voices = [_voice(index, voice, door) for index, voice in enumerate(settings.voice)]
    recognisers = []
    for index, recogniser in enumerate(settings.recogniser or (LOCAL_RECOGNISER,)):
        source = _recogniser(index, recogniser, door)
        if hasattr(source.recogniser, "close"):
            stack.push_async_callback(source.recogniser.close)
        recognisers.append(source)
    kept = settings.speech.disk_cache_bytes
    files = SoundFiles(data / FOLDER, kept) if kept else None
    speech = SpeechService(LocalSpeech(), voices, room=settings.speech.cache_bytes, files=files)
    return speech, RecognitionService(recognisers)


Door = Callable[[str, str], ProviderHttp]


def _voice(index: int, voice: VoiceProvider, door: Door) -> VoiceSource:
    return VoiceSource(
        name=voice.name or NAMES.get(voice.provider, voice.provider),
        provider=_made(f"voice[{index}]", voice, door, VOICES_GROUP, VOICES),
        voices={name.lower(): theirs for name, theirs in voice.voices.items()},
        timeout=voice.timeout,
        model=voice.model,
    )


def _recogniser(index: int, recogniser: RecogniserProvider, door: Door) -> RecogniserSource:
    return RecogniserSource(
        name=recogniser.name or recogniser.provider,
        recogniser=_made(f"recogniser[{index}]", recogniser, door, RECOGNISERS_GROUP, RECOGNISERS),
    )


def _made(
    key: str, told: VoiceProvider | RecogniserProvider, door: Door, group: str, built_in: Mapping[str, Any]
) -> Any:
    """What the factory of a provider makes. Raises StartFailed."""
    settings = ProviderSettings(
        url=told.url,
        key=told.key,
        secret=told.secret,
        region=told.region,
        model=told.model,
        timeout=told.timeout,
        options=told.options,
    )
    try:
        return find_plugin(group, told.provider, built_in)(settings, door(told.key, told.secret))
    except SpeechError as error:
        raise StartFailed(f"{key}: {error}") from error
