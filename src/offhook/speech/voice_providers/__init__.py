"""The voice providers that offhook brings, by the name that the configuration gives them."""

from collections.abc import Mapping
from types import MappingProxyType

from offhook.speech.provider import VoiceFactory
from offhook.speech.voice_providers.elevenlabs import ElevenLabsVoice
from offhook.speech.voice_providers.google import GoogleVoice
from offhook.speech.voice_providers.openai import OpenAiVoice
from offhook.speech.voice_providers.piper import PiperVoice
from offhook.speech.voice_providers.polly import PollyVoice

VOICES: Mapping[str, VoiceFactory] = MappingProxyType(
    {
        "elevenlabs": ElevenLabsVoice,
        "google": GoogleVoice,
        "openai": OpenAiVoice,
        "piper": PiperVoice,
        "polly": PollyVoice,
    }
)

# What stands before the dot of a TwiML voice, when the configuration does not name it otherwise.
NAMES: Mapping[str, str] = MappingProxyType(
    {"elevenlabs": "ElevenLabs", "google": "Google", "openai": "OpenAI", "piper": "Piper", "polly": "Polly"}
)
