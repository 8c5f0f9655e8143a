"""Why the media plane could not do as it was told.

MediaError
├── CodecUnavailable the library of a codec is not on this machine
├── PortsExhausted   no pair of ports could be bound on the address
└── SrtpUnavailable  libsrtp is of another kind, or has no memory
"""

from offhook.base.errors import OffhookError


class MediaError(OffhookError):
    """Base of what the media plane can refuse."""


class CodecUnavailable(MediaError):
    """The library of a codec that was asked for is not on this machine."""


class PortsExhausted(MediaError):
    """No RTP and RTCP pair could be bound on the address."""


class SrtpUnavailable(MediaError):
    """libsrtp is not the one that the native plane was written for, or could not make a session."""
