"""What can go wrong with a provider of speech; calls only ever see calls.errors.SpeechFailed.

SpeechError
├── ProviderFailed  a provider did not do what it was asked
└── PluginMissing   the configuration names a provider that nobody brings
"""

from offhook.base.errors import OffhookError


class SpeechError(OffhookError):
    """Base of what can go wrong with providers."""


class ProviderFailed(SpeechError):
    """A provider could not be reached, refused, or answered with something else; `is_outage`: it had better rest.

    `code` is the HTTP status of a refusal, 0 when there was none; `rest` how many seconds it asked to be left alone.
    """

    def __init__(self, message: str, *, code: int = 0, is_outage: bool = False, rest: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.is_outage = is_outage
        self.rest = rest


class PluginMissing(SpeechError):
    """No plug-in of this name is installed, or it cannot be loaded."""
