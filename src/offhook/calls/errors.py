"""Why a call could not go on; each error knows the CallStatus, the SIP code and the API error code it leads to.

CallError
├── UnknownEdge       no such edge in the configuration
├── MediaExhausted    no free media port on the edge
├── OfferRefused      SDP missing, malformed or without a common codec
├── AckNotReceived    the peer never confirmed our 200
├── RedirectRefused   a 3xx led nowhere that may be called (in redirects)
├── WebhookFailed     the customer's application could not be asked, or its answer could not be used
├── SpeechFailed      text could not be spoken
├── RecognitionFailed speech could not be understood by any means: no recogniser, or it failed
├── RecordingFailed   recorded sound could not be kept
├── StreamFailed      a media stream could not be begun, or broke
├── StoreFailed       a record could not be written
├── BadPageToken      a list was asked for with a token that is not ours
├── CallRefused       a call was asked for that cannot be placed
├── CallNotFound      no live call of that SID
├── IllegalCallState  the call is not in a state that allows this
└── LegEnded          the leg is gone: what was to be done on it cannot be done
"""

from typing import ClassVar

from offhook.base.errors import OffhookError
from offhook.model.call import CallStatus
from offhook.model.ending import EndReason


class CallError(OffhookError):
    """Base of what can end or refuse a call; `error_code` is the API's, `sip_code` what the peer is told.

    `ending` is why a call that it ends is over.
    """

    status: ClassVar[CallStatus] = CallStatus.FAILED
    sip_code: ClassVar[int] = 500
    error_code: int = 12400
    can_retry: ClassVar[bool] = False
    ending: ClassVar[EndReason] = EndReason.FAILED


class UnknownEdge(CallError):
    """The configuration has no edge of this name."""

    sip_code = 404
    error_code = 32114
    ending = EndReason.UNREACHABLE


class MediaExhausted(CallError):
    """Every media port of the edge is in use."""

    sip_code = 503
    error_code = 10004
    can_retry = True
    ending = EndReason.NO_CAPACITY


class OfferRefused(CallError):
    """The peer's SDP is missing (32103), malformed (32102) or has no codec in common (488)."""

    sip_code = 488
    error_code = 32102
    ending = EndReason.MEDIA_REFUSED

    def __init__(self, message: str, error_code: int = 32102) -> None:
        super().__init__(message)
        self.error_code = error_code


class AckNotReceived(CallError):
    """The peer did not acknowledge our 200 in time (contract 1 §2.6)."""

    error_code = 32022
    ending = EndReason.NOT_CONFIRMED


class WebhookFailed(CallError):
    """A document or sound could not be had; `error_code` is from the 11xxx and 12xxx families (contract 1 §8.1)."""

    can_retry = True
    ending = EndReason.WEBHOOK_FAILED

    def __init__(self, error_code: int, message: str, *, url: str = "", http_code: int | None = None) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.url = url
        self.http_code = http_code


class SpeechFailed(CallError):
    """No provider could speak the text."""

    error_code = 13520


class RecognitionFailed(CallError):
    """There is no recogniser for this, or it failed."""

    error_code = 13340


class StreamFailed(CallError):
    """A media stream could not be begun, or broke; the codes are those of contract 2 §2.5."""

    def __init__(self, error_code: int, message: str) -> None:
        super().__init__(message)
        self.error_code = error_code


class RecordingFailed(CallError):
    """Sound could not be kept; `octets` of it were."""

    error_code = 12400

    def __init__(self, message: str, octets: int = 0) -> None:
        super().__init__(message)
        self.octets = octets


class StoreFailed(CallError):
    """The store could not take the record."""

    error_code = 20500
    can_retry = True


class BadPageToken(CallError):
    """The page token is not one that this store gave out."""

    error_code = 21481


class NameTaken(CallError):
    """Something of this kind and name is there already; the face that was asked says so with a code of its own."""

    error_code = 20409

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is a {kind} {name} already")


class CallRefused(CallError):
    """The exchange cannot place this call; says which API code to answer with."""

    def __init__(self, error_code: int, message: str) -> None:
        super().__init__(message)
        self.error_code = error_code


class CallNotFound(CallError):
    """No call of this SID in this account."""

    error_code = 20404


class IllegalCallState(CallError):
    """The call is not in a state that allows the command (21220)."""

    error_code = 21220


class LegEnded(CallError):
    """The leg ended before the command could be carried out."""

    error_code = 21220
