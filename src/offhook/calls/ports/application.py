"""The customer's application: its documents, its callbacks, and the voice that reads to callers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from offhook.calls.ports.sound import Sound
from offhook.model.call import WebhookTarget
from offhook.model.sids import AccountSid, CallSid


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRequest:
    """A request whose answer steers the call; cookies live as long as the call (one jar per CallSid).

    `own` are the names of those parameters that the target alone is told, and nobody that it redirects to.
    """

    account_sid: AccountSid
    call_sid: CallSid
    target: WebhookTarget
    parameters: Mapping[str, str]
    purpose: str  # voice, fallback, action, screening, redirect, refer
    own: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAnswer:
    """What the application answered: the URL after redirects, the media type without parameters, the body."""

    url: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """A request that only tells; never awaited by the call. Those about one thing are sent in order.

    `about` is the SID of what it tells of when that is not the call itself: a stream, a recording, a transcription.
    """

    account_sid: AccountSid
    call_sid: CallSid
    target: WebhookTarget
    parameters: Mapping[str, str]
    event: str  # what it tells, for logs: ringing, completed, partial-result
    about: str = ""


class Webhooks(Protocol):
    """HTTP to the customer's application; satisfied by webhook and testing.webapp."""

    async def fetch(self, request: DocumentRequest) -> DocumentAnswer:
        """Request a document within the contract's limits (1 §7.3). Raises WebhookFailed with the 11xxx code."""

    async def fetch_sound(self, call_sid: CallSid, url: str) -> Sound:
        """Fetch and decode audio for Play. Raises WebhookFailed with 11xxx or 12300."""

    async def decode_sound(self, body: bytes, content_type: str) -> Sound:
        """Decode audio that came in place of a document. Raises WebhookFailed with 12300."""

    def notify(self, request: CallbackRequest) -> None:
        """Queue a callback behind the earlier ones about the same."""

    def forget(self, call_sid: CallSid) -> None:
        """The call is over: its cookies may go once its last callback is out."""


Remark = Callable[[int, str], None]
"""Takes what deserves a notice on the call without keeping the text from being spoken: an error code and words."""


def no_remark(_error_code: int, _text: str) -> None:
    """For those who do not care which voice it was."""


class Speech(Protocol):
    """Text to sound; satisfied by speech and testing.speech."""

    async def synthesize(
        self, text: str, voice: str, language: str, *, ssml: str = "", remark: Remark = no_remark
    ) -> Sound:
        """Speak `text`; `ssml` is the same with its markup, if there is any. Raises SpeechFailed."""
