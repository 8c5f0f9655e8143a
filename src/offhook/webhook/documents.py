"""Fetches what steers a call: request to TwiML, text or sound (contract 1 §7.3, §7.6)."""

from collections.abc import Mapping

from offhook.calls.errors import WebhookFailed
from offhook.calls.ports import DocumentAnswer, DocumentRequest
from offhook.model.sids import AccountSid
from offhook.webhook import failures
from offhook.webhook.client import WebhookClient
from offhook.webhook.cookies import CallMemories
from offhook.webhook.order import HttpAnswer, RequestOrder
from offhook.webhook.url import Parameters

DOCUMENT_TYPES = frozenset({"text/xml", "application/xml", "text/html", "text/plain"})


class Documents:
    """Requests documents for calls."""

    def __init__(self, client: WebhookClient, memories: CallMemories, accounts: Mapping[AccountSid, str]) -> None:
        self._client = client
        self._memories = memories
        self._accounts = accounts

    async def fetch(self, request: DocumentRequest) -> DocumentAnswer:
        """The document that the application answers with. Raises WebhookFailed."""
        limits = self._client.limits
        answer = await self._client.request(
            RequestOrder(
                call_sid=request.call_sid,
                purpose=request.purpose,
                method=request.target.method,
                url=request.target.url,
                parameters=sendable(request.parameters),
                own=request.own,
                memory=self._memories.of(request.call_sid, request.account_sid),
                auth_token=self._accounts.get(request.account_sid),
                document_size=limits.document_size,
                sound_size=limits.sound_size,
            )
        )
        check_success(answer)
        if not answer.body:
            raise failure_of(answer, failures.BODY_EMPTY, "with an empty body, where TwiML was expected")
        if not answer.content_type:
            raise failure_of(answer, failures.RETRIEVAL_FAILURE, "without a Content-Type")
        if answer.content_type not in DOCUMENT_TYPES and not answer.content_type.startswith("audio/"):
            expected = "text/xml, application/xml, text/html, text/plain or audio"
            raise failure_of(answer, failures.INVALID_CONTENT_TYPE, f"with {answer.content_type}, not {expected}")
        return DocumentAnswer(url=answer.url, content_type=answer.content_type, body=answer.body)


def check_success(answer: HttpAnswer) -> None:
    """Raise WebhookFailed (11200) for a code that is not 2xx."""
    if not 200 <= answer.code < 300:  # noqa: PLR2004 - RFC 9110
        message = f"{answer.url} answered {answer.code}"
        raise WebhookFailed(failures.RETRIEVAL_FAILURE, message, url=answer.url, http_code=answer.code)


def failure_of(answer: HttpAnswer, error_code: int, what: str) -> WebhookFailed:
    """The failure that says what came and from where."""
    message = f"{answer.url} answered {answer.code} {what}"
    return WebhookFailed(error_code, message, url=answer.url, http_code=answer.code)


def sendable(parameters: Mapping[str, str]) -> Parameters:
    """Parameters as pairs of well-formed Unicode, so that the form and its signature agree."""
    pairs = tuple(parameters.items())
    if "".join([name + value for name, value in pairs]).isascii():
        return pairs
    return tuple((_well_formed(name), _well_formed(value)) for name, value in pairs)


def _well_formed(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode("utf-8")
