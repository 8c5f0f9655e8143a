"""Fetches audio for Play and keeps it while the server says it is the same (contract 2 §1.2)."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from offhook.audio.files import decode
from offhook.base.errors import OffhookError
from offhook.calls.errors import WebhookFailed
from offhook.calls.ports import Sound
from offhook.model.call import HttpMethod
from offhook.model.sids import AccountSid, CallSid
from offhook.webhook import failures
from offhook.webhook.client import WebhookClient
from offhook.webhook.cookies import CallMemories
from offhook.webhook.documents import check_success, failure_of
from offhook.webhook.order import HttpAnswer, RequestOrder

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A sound that may be played again: until `fresh_until` (loop time) unasked, then if the server agrees."""

    sound: Sound
    validators: Mapping[str, str]
    fresh_until: float


class Sounds:
    """Sounds by URL; the least recently played go when the cache is full."""

    def __init__(self, client: WebhookClient, memories: CallMemories, accounts: Mapping[AccountSid, str]) -> None:
        self._client = client
        self._memories = memories
        self._accounts = accounts
        self._cache: OrderedDict[str, _Kept] = OrderedDict()
        self._cached_bytes = 0

    async def fetch(self, call_sid: CallSid, url: str) -> Sound:
        """The decoded sound at `url`. Raises WebhookFailed."""
        now = asyncio.get_running_loop().time()
        kept = self._cache.get(url)
        if kept is not None and now < kept.fresh_until:
            self._cache.move_to_end(url)
            return kept.sound
        answer = await self._request(call_sid, url, {} if kept is None else kept.validators)
        if kept is not None and answer.code == 304:  # noqa: PLR2004 - RFC 9110
            self._keep(url, replace(kept, fresh_until=now + _freshness(answer)))
            return kept.sound
        check_success(answer)
        if not answer.content_type.startswith("audio/"):
            raise failure_of(
                answer, failures.INVALID_CONTENT_TYPE, f"with {answer.content_type or 'no type'}, not audio"
            )
        # Decoding an hour of MP3 takes a second: not on the loop.
        sound = await asyncio.to_thread(decode_sound, answer.body, answer.content_type, answer.url)
        self._remember(url, answer, sound, now)
        return sound

    async def _request(self, call_sid: CallSid, url: str, validators: Mapping[str, str]) -> HttpAnswer:
        memory = self._memories.of(call_sid)
        limits = self._client.limits
        return await self._client.request(
            RequestOrder(
                call_sid=call_sid,
                purpose="play",
                method=HttpMethod.GET,
                url=url,
                memory=memory,
                auth_token=self._accounts.get(memory.account_sid),
                headers=validators,
                document_size=limits.document_size,
                sound_size=limits.sound_size,
            )
        )

    def _remember(self, url: str, answer: HttpAnswer, sound: Sound, now: float) -> None:
        names = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
        validators = {condition: answer.headers[name] for name, condition in names.items() if name in answer.headers}
        freshness = _freshness(answer)
        if "no-store" not in answer.headers.get("Cache-Control", "").lower() and (validators or freshness):
            self._keep(url, _Kept(sound=sound, validators=validators, fresh_until=now + freshness))

    def _keep(self, url: str, kept: _Kept) -> None:
        replaced = self._cache.pop(url, None)
        if replaced is not None:
            self._cached_bytes -= len(replaced.sound.samples)
        self._cache[url] = kept
        self._cached_bytes += len(kept.sound.samples)
        while self._cached_bytes > self._client.limits.sound_cache_size:
            self._cached_bytes -= len(self._cache.popitem(last=False)[1].sound.samples)


def decode_sound(body: bytes, content_type: str, url: str = "") -> Sound:
    """Decode an audio file. Raises WebhookFailed (12300)."""
    try:
        samples, rate_hz = decode(body, content_type)
    except OffhookError as error:
        message = f"{url or 'the answer'} is no audio that can be played: {error}"
        raise WebhookFailed(failures.INVALID_CONTENT_TYPE, message, url=url) from error
    return Sound(samples=samples, rate_hz=rate_hz)


def _freshness(answer: HttpAnswer) -> float:
    """For how many seconds the answer needs no asking again."""
    policy = answer.headers.get("Cache-Control", "").lower()
    found = _MAX_AGE.search(policy)
    return float(found[1]) if found and "no-cache" not in policy else 0.0
