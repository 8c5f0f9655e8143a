"""HTTP to providers of speech: bounded answers, no redirects (they would carry keys away), errors without secrets."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from offhook.speech.errors import ProviderFailed
from offhook.speech.tasks import ProviderTasks

LARGEST_ANSWER = 32 * 1024 * 1024  # bytes: about five minutes of the largest WAV that a provider sends
_TOLD = 200  # characters of a refusal that are repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAnswer:
    """A body and its media type without parameters."""

    content_type: str
    body: bytes


def provider_session() -> aiohttp.ClientSession:
    """What providers are asked with; nothing compressed is asked for, so that a small answer stays small."""
    return aiohttp.ClientSession(
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
                body = await _read(response, largest)
                if response.status != 200:  # noqa: PLR2004 - RFC 9110
                    raise self._refused(response, body)
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
        told = " ".join(self.hidden(body[: 4 * _TOLD].decode("utf-8", errors="replace")).split())[:_TOLD]
        return ProviderFailed(f"it answered {response.status}: {told}", is_outage=response.status >= 500)  # noqa: PLR2004


async def _read(response: aiohttp.ClientResponse, largest: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > largest:
            response.close()
            raise ProviderFailed(f"it answered with more than {largest} bytes")
    return bytes(body)
