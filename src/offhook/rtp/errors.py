"""Why octets are no RTP; remote errors, the only ones this package raises.

RtpError
└── MalformedPacket  not RTP version 2, or a part does not fit the length
"""

from offhook.base.errors import OffhookError


class RtpError(OffhookError):
    """Base of what can be wrong with a packet."""


class MalformedPacket(RtpError):
    """The octets do not make a packet."""
