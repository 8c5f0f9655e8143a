"""Why sound could not be used.

AudioError
├── UndecodableAudio  bytes that are no audio we know, or too much of it
└── UnknownTone       no tone of this name
"""

from offhook.base.errors import OffhookError


class AudioError(OffhookError):
    """Base of what can be wrong with sound."""


class UndecodableAudio(AudioError):
    """The bytes are no audio of a known kind, or go on for too long."""


class UnknownTone(AudioError):
    """No ringing tone of this country, or no key of this name."""
