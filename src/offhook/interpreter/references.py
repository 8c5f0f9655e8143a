"""URLs in documents: relative ones resolved against the document's own (RFC 3986 §5), and only http and https.

Fed by the verbs' action, url and body; the result goes to the webhooks.
"""

import re
from typing import NamedTuple

from offhook.interpreter.errors import DocumentFailed

INVALID_URL = 11100
MAX_URL_LENGTH = 4000

# RFC 3986 appendix B.
_PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?")
_UNUSABLE = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}]")


class Reference(NamedTuple):
    """The five parts of RFC 3986 §3; None is a part that is not there."""

    scheme: str | None
    authority: str | None
    path: str
    query: str | None
    fragment: str | None

    def __str__(self) -> str:
        scheme = "" if self.scheme is None else f"{self.scheme}:"
        authority = "" if self.authority is None else f"//{self.authority}"
        query = "" if self.query is None else f"?{self.query}"
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{scheme}{authority}{self.path}{query}{fragment}"


def resolve(reference: str, base: str | None) -> str:
    """The absolute URL that `reference` means in the document at `base` (None: a document that came inline).

    An empty reference is the document itself. Raises DocumentFailed (11100).
    """
    text = reference.strip()
    if base is None and not _is_absolute(text):
        told = f"{text!r} is relative, but this document came without a URL: give an absolute URL"
        raise DocumentFailed(INVALID_URL, told, url=text)
    if not text:
        return base or ""
    url = text if base is None else str(_resolved(parse(text), parse(base)))
    _check(url)
    return url


def parse(text: str) -> Reference:
    """Split any text into the five parts."""
    found = _PARTS.fullmatch(text.replace("\n", " "))
    if found is None:
        raise DocumentFailed(INVALID_URL, f"{text!r} is not a URL", url=text)
    return Reference(found[1], found[2], found[3], found[4], found[5])


def _is_absolute(text: str) -> bool:
    return parse(text).scheme is not None


def _check(url: str) -> None:
    parts = parse(url)
    if (parts.scheme or "").lower() not in {"http", "https"} or not parts.authority:
        raise DocumentFailed(INVALID_URL, f"{url!r} is not an http or https URL with a host", url=url)
    if len(url) > MAX_URL_LENGTH or _UNUSABLE.search(url):
        raise DocumentFailed(INVALID_URL, f"{url[:200]!r} is too long or has characters a URL may not have", url=url)


def _resolved(reference: Reference, base: Reference) -> Reference:
    """RFC 3986 §5.2.2, in its order."""
    if reference.scheme is not None:
        return reference._replace(path=_without_dots(reference.path))
    if reference.authority is not None:
        return reference._replace(scheme=base.scheme, path=_without_dots(reference.path))
    if not reference.path:
        query = base.query if reference.query is None else reference.query
        return base._replace(query=query, fragment=reference.fragment)
    path = reference.path if reference.path.startswith("/") else _merged(reference.path, base)
    return base._replace(path=_without_dots(path), query=reference.query, fragment=reference.fragment)


def _merged(path: str, base: Reference) -> str:
    """RFC 3986 §5.2.3."""
    if base.authority is not None and not base.path:
        return "/" + path
    return base.path[: base.path.rfind("/") + 1] + path


def _without_dots(path: str) -> str:
    """RFC 3986 §5.2.4: `.` and `..` segments taken out, never climbing above the root."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1 or (kept and kept[0]):
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)
