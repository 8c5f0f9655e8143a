"""What is asked of the HTTP client, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from multidict import CIMultiDict, CIMultiDictProxy

from offhook.model.call import HttpMethod
from offhook.model.sids import CallSid
from offhook.webhook.cookies import CallMemory
from offhook.webhook.url import Parameters

BECOMES_GET = frozenset({301, 302, 303})
FOLLOWED = BECOMES_GET | {307}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOrder:
    """One delivery; it may take several requests (redirects, a challenge, retries)."""

    call_sid: CallSid
    purpose: str
    method: HttpMethod
    url: str
    parameters: Parameters = ()
    own: frozenset[str] = frozenset()  # names of parameters that no redirection is told
    memory: CallMemory
    auth_token: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    document_size: int
    sound_size: int
    is_body_wanted: bool = True  # False: what exceeds the size is left unread, and is no failure

    def size_limit(self, content_type: str) -> int:
        """How much of a body of this media type is read."""
        return self.sound_size if content_type.startswith("audio/") else self.document_size

    def redirected(self, code: int) -> "RequestOrder":
        """The order after a redirection: 307 asks in the same way again, without what is not for others to know.

        After 301, 302 and 303 it is a GET whose parameters stay behind, as browsers do it.
        """
        if code in BECOMES_GET:
            return replace(self, method=HttpMethod.GET, parameters=())
        return replace(self, parameters=tuple((name, value) for name, value in self.parameters if name not in self.own))


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """The last answer of a delivery; `content_type` is the media type without parameters, in lower case."""

    url: str
    code: int
    content_type: str
    headers: CIMultiDictProxy[str] = field(default_factory=lambda: CIMultiDictProxy(CIMultiDict()))
    body: bytes
    is_complete: bool = True
    is_chunked: bool = False
