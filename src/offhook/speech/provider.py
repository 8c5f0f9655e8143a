"""What a provider is: a factory that entry points of the groups `offhook.voices` and `offhook.recognisers` name.

The factory is called once at start with ProviderSettings and a ProviderHttp, and returns a VoiceProvider or a
calls.ports.Recogniser.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from offhook.calls.ports import Recogniser, Sound
from offhook.speech.http import ProviderHttp


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What the configuration says of one provider; empty where it says nothing."""

    url: str = ""
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    region: str = ""
    model: str = ""
    timeout: float = 10.0
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceOrder:
    """A text to speak; `voice` is the provider's own name of it, `ssml` the text with its markup, "" when it has none.

    `ssml` is what stands inside of <speak>, well-formed and of the contract's elements only.
    """

    text: str
    ssml: str
    voice: str
    language: str


class VoiceProvider(Protocol):
    """Speaks by a service or a program of others."""

    async def synthesize(self, order: VoiceOrder) -> Sound:
        """The sound of a text, at any rate. Raises ProviderFailed; whoever asks sets the time limit."""


VoiceFactory: TypeAlias = Callable[[ProviderSettings, ProviderHttp], VoiceProvider]
RecogniserFactory: TypeAlias = Callable[[ProviderSettings, ProviderHttp], Recogniser]
