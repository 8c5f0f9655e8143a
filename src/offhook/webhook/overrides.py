"""Connection overrides in the fragment of a webhook URL: `#ct=1000&rc=2&rp=5xx,ct` (contract 1 §7.4)."""

import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from urllib.parse import parse_qsl

from offhook.webhook.limits import WebhookLimits


class RetryCause(Enum):
    """What `rp` can name."""

    CONNECT_TIMEOUT = "ct"
    READ_TIMEOUT = "rt"
    CLIENT_ERROR = "4xx"
    SERVER_ERROR = "5xx"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTiming:
    """How one delivery is timed and repeated; durations in seconds."""

    connect: float
    read: float
    total: float
    retries: int
    retry_on: frozenset[RetryCause] = frozenset({RetryCause.CONNECT_TIMEOUT})
    has_own_total: bool = False


_RANGES = {"ct": (100, 10_000), "rt": (100, 15_000), "tt": (100, 15_000), "rc": (0, 5)}  # milliseconds, retries
_NUMBER = re.compile(r"[0-9]{1,5}")


@lru_cache(maxsize=1024)
def split_overrides(url: str, limits: WebhookLimits) -> tuple[str, RequestTiming]:
    """The URL without its fragment, and the timing that the fragment asks for; values out of range are ignored."""
    bare, _, fragment = url.partition("#")
    timing = RequestTiming(
        connect=limits.connect_timeout, read=limits.total, total=limits.total, retries=limits.retries
    )
    for key, value in parse_qsl(fragment, max_num_fields=20) if len(fragment) <= limits.url_length else []:
        timing = _apply(timing, key, value)
    return bare, timing


def _apply(timing: RequestTiming, key: str, value: str) -> RequestTiming:
    if key == "rp":
        return replace(timing, retry_on=_causes(value) or timing.retry_on)
    low, high = _RANGES.get(key, (1, 0))
    number = int(value) if _NUMBER.fullmatch(value) else -1
    if not low <= number <= high:
        return timing
    if key == "rc":
        return replace(timing, retries=number)
    if key == "tt":
        return replace(timing, total=number / 1000, has_own_total=True)
    if key == "ct":
        return replace(timing, connect=number / 1000)
    return replace(timing, read=number / 1000)


def _causes(value: str) -> frozenset[RetryCause]:
    names = set(value.split(","))
    if "all" in names:
        return frozenset(RetryCause)
    return frozenset(cause for cause in RetryCause if cause.value in names)
