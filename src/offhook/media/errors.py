"""Why the media plane could not do as it was told.

MediaError
└── PortsExhausted  no pair of ports could be bound on the address
"""

from offhook.base.errors import OffhookError


class MediaError(OffhookError):
    """Base of what the media plane can refuse."""


class PortsExhausted(MediaError):
    """No RTP and RTCP pair could be bound on the address."""
