"""Takes secrets out of what is logged: credentials in header fields, URLs and assignments, and those that are known."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

BLOT = "***"
SHORTEST_SECRET = 6  # characters; blotting out shorter ones would blot out ordinary words
DEEPEST = 6  # levels of values within values

_NAMES = (
    r"(?:auth[_-]?token|token|passw(?:or)?d|secret|api[_-]?key|credentials?|(?:proxy-)?authorization|(?:set-)?cookie)"
)
_NAME = re.compile(rf"(?:.*[_.-])?{_NAMES}\Z", re.IGNORECASE)
_FIELD = re.compile(r"(\b(?:proxy-)?authorization[\"']?\s*[:=]\s*)[^\r\n]+", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(\b[\w-]{0,40}(?:token|passw(?:or)?d|secret|api[_-]?key)[\"']?\s*[:=]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s,;&}\]]+)",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(Basic|Bearer|Digest)[ \t]+(?=[^\s,]*[=\d/+])[^\r\n,]+", re.IGNORECASE)
_USERINFO = re.compile(r"(\b(?:https?|wss?|sips?|postgresql|s3)://)[^\s/@?#]+@", re.IGNORECASE)
# Limited: of "sip:a:sip:a:…" each beginning would be followed to the end.
_SIP_PASSWORD = re.compile(r"(\bsips?:[^\s:@;?<>\"]{1,512}+):[^\s@;?<>\"]{1,512}+@", re.IGNORECASE)


class Scrubber:
    """Blots out what looks like a secret, and every one of `secrets` wherever it stands."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def text(self, text: str) -> str:
        """The text without its secrets."""
        if self._known is not None:
            text = self._known.sub(BLOT, text)
        text = _FIELD.sub(rf"\1{BLOT}", text)
        text = _ASSIGNED.sub(rf"\1{BLOT}", text)
        text = _SCHEME.sub(rf"\1 {BLOT}", text)
        text = _USERINFO.sub(rf"\1{BLOT}@", text)
        return _SIP_PASSWORD.sub(rf"\1:{BLOT}@", text)

    def value(self, value: Any, depth: int = 0) -> Any:
        """The same for what stands within mappings and lists; what is no plain value becomes its text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth >= DEEPEST:
            return "…"
        if isinstance(value, Mapping):
            return {str(key): self.named(str(key), one, depth + 1) for key, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(one, depth + 1) for one in value]
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "replace"))
        return self.text(str(value))

    def named(self, name: str, value: Any, depth: int = 0) -> Any:
        """A value that has a name: all of it goes when the name says that it is secret."""
        return BLOT if _NAME.match(name) and value else self.value(value, depth)
