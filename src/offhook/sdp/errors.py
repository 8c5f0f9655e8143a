"""Why a session description could not be used; all are remote errors, so nothing else escapes this package.

SdpError
├── MissingDescription    there is no body where a description is needed
├── MalformedDescription  the body is not a session description, or exceeds a limit
├── MalformedCrypto       an a=crypto line cannot be used; others may
└── NoCommonMedia         it is well formed, but there is no audio that both sides can exchange
    ├── SrtpNotAccepted   because it is SRTP, which is not wanted here
    └── SrtpRequired      because it is not SRTP, and nothing else is wanted here
"""

from offhook.base.errors import OffhookError


class SdpError(OffhookError):
    """Base of what can be wrong with a peer's session description."""


class MissingDescription(SdpError):
    """There is no body."""


class MalformedDescription(SdpError):
    """The body breaks RFC 8866, or one of our limits."""


class NoCommonMedia(SdpError):
    """No media line with a codec and a transport that we share."""


class MalformedCrypto(SdpError):
    """The a=crypto line breaks RFC 4568, or names what is not understood."""


class SrtpNotAccepted(NoCommonMedia):
    """The audio is offered as SRTP only, where SRTP is refused."""


class SrtpRequired(NoCommonMedia):
    """The audio is not SRTP, where nothing else is accepted."""
