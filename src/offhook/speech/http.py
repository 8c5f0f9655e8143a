"""HTTP to providers of speech: bounded answers, no redirects (they would carry keys away), errors without secrets."""

import asyncio
import re
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NoReturn

import aiohttp

from offhook.speech.errors import ProviderFailed
from offhook.speech.tasks import ProviderTasks

LARGEST_ANSWER = 32 * 1024 * 1024  # bytes: about five minutes of the largest WAV that a provider sends
LARGEST_REFUSAL = 16 * 1024  # bytes: what is beyond says nothing new
_TOLD = 200  # characters of a refusal that are repeated
_LONGEST_REST = 300.0  # seconds; what asks for more is asked again
_TOO_MANY = 429

_ADVICE = MappingProxyType(
    {
        401: "check its key",
        402: "check its account",
        403: "check its key and what it may be used for",
        404: "check its url and model, and the name of the voice",
        429: "it is asked too often, or its quota is used up",
    }
)
_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAnswer:
    """A body and its media type without parameters."""

    content_type: str
    body: bytes


def provider_session() -> aiohttp.ClientSession:
    """What providers are asked with; nothing compressed is asked for, so that a small answer stays small."""
    tracing = aiohttp.TraceConfig()
    tracing.on_request_redirect.append(_refuse_redirect)  # a WebSocket's handshake has no other way to say so
    return aiohttp.ClientSession(
        trace_configs=[tracing],
        timeout=aiohttp.ClientTimeout(total=None),  # whoever asks has a limit
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept-Encoding",),
    )


class ProviderHttp:
    """One provider's door to the network; `tasks` run what goes on meanwhile, `secrets` never appear in an error."""

    def __init__(self, session: aiohttp.ClientSession, tasks: ProviderTasks, secrets: Sequence[str] = ()) -> None:
        self.session = session
        self._tasks = tasks
        self._secrets = tuple(secret for secret in secrets if secret)

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Any = None,
        largest: int = LARGEST_ANSWER,
        timeout: float | None = None,  # noqa: ASYNC109 - None: whoever asks has one
    ) -> ProviderAnswer:
        """The answer to a POST. Raises ProviderFailed for anything but 200."""
        try:
            async with (
                asyncio.timeout(timeout),
                self.session.post(url, headers=headers, json=json, data=data, allow_redirects=False) as response,
            ):
                if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                    raise ProviderFailed("it compressed its answer, which nobody asked for")
                if response.status != 200:  # noqa: PLR2004 - RFC 9110
                    raise self._refused(response, await _beginning(response))
                body = await _read(response, largest)
                return ProviderAnswer(content_type=response.content_type, body=body)
        except TimeoutError as error:
            raise ProviderFailed("it did not answer in time", is_outage=True) from error
        except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            reason = self.hidden(str(error)) or type(error).__name__
            raise ProviderFailed(f"it could not be asked: {reason}", is_outage=True) from error

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task of the provider's own; whatever still runs at the end is cancelled."""
        return self._tasks.run(work)

    def hidden(self, text: str) -> str:
        """The text without the secrets of the configuration."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text

    def _refused(self, response: aiohttp.ClientResponse, body: bytes) -> ProviderFailed:
        # A secret that the end of what was read cuts in two would not be found.
        cut = max(map(len, self._secrets), default=0) if len(body) >= LARGEST_REFUSAL else 0
        told = self.hidden(body.decode("utf-8", errors="replace"))
        told = " ".join(told[: len(told) - cut].split())[:_TOLD]
        return refused(response.status, response.headers.get("Retry-After", ""), told)


def refused(code: int, retry_after: str = "", told: str = "") -> ProviderFailed:
    """The error for an answer that is no success: what came, and what to do about it."""
    text = f"it answered {code}" + (f": {told}" if told else "") + (f" ({_ADVICE[code]})" if code in _ADVICE else "")
    # RFC 9110 §10.2.3 allows a date as well, which no provider of speech was seen to send.
    rest = min(float(retry_after), _LONGEST_REST) if code == _TOO_MANY and _SECONDS.fullmatch(retry_after) else None
    return ProviderFailed(text, code=code, is_outage=code >= 500 or rest is not None, rest=rest)  # noqa: PLR2004


async def _refuse_redirect(_session: object, _context: object, params: aiohttp.TraceRequestRedirectParams) -> NoReturn:
    raise refused(params.response.status)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """What a refusal begins with; the rest is left."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= LARGEST_REFUSAL:
            response.close()
            break
    return bytes(body[:LARGEST_REFUSAL])


async def _read(response: aiohttp.ClientResponse, largest: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > largest:
            response.close()
            raise ProviderFailed(f"it answered with more than {largest} bytes")
    return bytes(body)
