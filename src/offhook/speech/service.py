"""Text to sound by whoever the configuration names, and by the local voice for the rest; satisfies calls.ports.Speech.

A provider that fails never keeps a text from being spoken: the local voice stands in, with a remark.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from offhook.calls.errors import SpeechFailed
from offhook.calls.ports import Remark, Sound, Speech, no_remark
from offhook.speech.cache import Key, SoundCache
from offhook.speech.errors import ProviderFailed
from offhook.speech.provider import VoiceOrder, VoiceProvider
from offhook.speech.sound_files import SoundFiles

VOICE_STANDS_IN = 13511
VENDORS = frozenset({"polly", "google"})  # names that TwiML knows without any configuration
WIDTH = 20  # texts that one provider speaks at once
REST = 15.0  # seconds in which a provider that was out of order is not asked again


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSource:
    """A provider as TwiML calls it: `<name>.<its voice>`, and the voices of `voices` under names of their own."""

    name: str
    provider: VoiceProvider
    voices: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    model: str = ""

    def own_name(self, voice: str) -> str:
        """What the provider calls a voice of TwiML; "" for a voice that is not its."""
        vendor, dot, name = voice.strip().partition(".")
        if voice.strip().lower() in self.voices:
            return self.voices[voice.strip().lower()]
        return name if dot and vendor.lower() == self.name.lower() else ""


class SpeechService:
    """Speaks by the first source that has a voice; `room` bytes of samples are kept, and more in `files`."""

    def __init__(
        self, local: Speech, sources: Sequence[VoiceSource], *, room: int = 64_000_000, files: SoundFiles | None = None
    ) -> None:
        self._local = local
        self._sources = tuple(sources)
        self._cache = SoundCache(room)
        self._files = files
        self._turns = {source.name: asyncio.Semaphore(WIDTH) for source in sources}
        self._asking: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
        self._rests: dict[str, float] = {}

    async def synthesize(
        self, text: str, voice: str, language: str, *, ssml: str = "", remark: Remark = no_remark
    ) -> Sound:
        """Speak `text`. Raises SpeechFailed when the local voice cannot either."""
        source, name = self._find(voice)
        if source is not None:
            order = VoiceOrder(text=text, ssml=ssml, voice=name, language=language)
            try:
                return await self._speak(source, order)
            except ProviderFailed as error:
                remark(VOICE_STANDS_IN, f"the local voice stands in for {voice}: {source.name}: {error}")
        elif voice.partition(".")[0].lower() in VENDORS:
            remark(VOICE_STANDS_IN, f"the local voice stands in for {voice}: no [[voice]] of that name is configured")
        return await self._local.synthesize(text, voice, language, ssml=ssml, remark=remark)

    def _find(self, voice: str) -> tuple[VoiceSource | None, str]:
        for source in self._sources:
            name = source.own_name(voice)
            if name:
                return source, name
        return None, ""

    async def _speak(self, source: VoiceSource, order: VoiceOrder) -> Sound:
        key = (source.name, source.model, order.voice, order.language, order.ssml or order.text)
        sound = self._cache.get(key)
        if sound is not None:
            return sound
        asking = self._asking.setdefault(key, asyncio.Lock())  # is forgotten when nobody holds it
        async with asking, self._turns[source.name]:
            sound = self._cache.get(key)
            if sound is None:
                sound = await self._kept(source, order, key)
                self._cache.put(key, sound)
        return sound

    async def _kept(self, source: VoiceSource, order: VoiceOrder, key: Key) -> Sound:
        sound = await asyncio.to_thread(self._files.get, key) if self._files is not None else None
        if sound is None:
            self._check_rest(source)
            sound = await self._ask(source, order)
            if self._files is not None:
                await asyncio.to_thread(self._files.put, key, sound)
        return sound

    def _check_rest(self, source: VoiceSource) -> None:
        if asyncio.get_running_loop().time() < self._rests.get(source.name, 0.0):
            raise ProviderFailed("it was out of order a moment ago, or asked to be left alone")

    async def _ask(self, source: VoiceSource, order: VoiceOrder) -> Sound:
        try:
            async with asyncio.timeout(source.timeout):
                return await source.provider.synthesize(order)
        except TimeoutError as error:
            self._let_rest(source)
            raise ProviderFailed(f"it took longer than {source.timeout:g} s") from error
        except ProviderFailed as error:
            if error.is_outage:
                self._let_rest(source, error.rest)
            raise
        except SpeechFailed as error:
            raise ProviderFailed(str(error)) from error
        except Exception as error:  # a plug-in of others may raise anything
            raise ProviderFailed(f"it failed with {type(error).__name__}") from error

    def _let_rest(self, source: VoiceSource, rest: float | None = None) -> None:
        self._rests[source.name] = asyncio.get_running_loop().time() + (REST if rest is None else rest)
