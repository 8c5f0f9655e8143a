"""Form parameters to typed values, one message per mistake (contract 1 §1.3, §1.9)."""

import re
from urllib.parse import urlsplit

from offhook.model.call import HttpMethod, WebhookTarget
from offhook.rest import errors
from offhook.rest.errors import InvalidParameter
from offhook.rest.form import Form

_WHOLE = re.compile(r"[0-9]{1,9}")
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
_HOST_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
_LONGEST_URL = 8000


def whole(form: Form, name: str, low: int, high: int, code: int) -> int | None:
    """A whole number within its range, or None when it is absent. Raises InvalidParameter."""
    text = form.text(name)
    if text is None:
        return None
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        raise InvalidParameter(code, f"{name} must be a whole number from {low} to {high}, not {text[:80]!r}")
    return int(text)


def http_method(form: Form, name: str) -> HttpMethod:
    """GET or POST, POST when absent. Raises InvalidParameter (21209)."""
    text = form.text(name)
    if text is None:
        return HttpMethod.POST
    try:
        return HttpMethod(text.upper())
    except ValueError as error:
        raise InvalidParameter(errors.METHOD, f"{name} must be GET or POST, not {text[:80]!r}") from error


def target(form: Form, url_name: str, method_name: str, *, is_hostname_strict: bool = False) -> WebhookTarget | None:
    """A URL with its method, or None when the URL is absent. Raises InvalidParameter (21205, 21209)."""
    method = http_method(form, method_name)
    url = form.text(url_name)
    if url is None:
        return None
    reason = fault_of_url(url, is_hostname_strict=is_hostname_strict)
    if reason is not None:
        raise InvalidParameter(errors.INVALID_URL, f"{url_name} is not a valid URL: {url[:200]} ({reason})")
    return WebhookTarget(url=url, method=method)


def truth(form: Form, name: str) -> bool:
    """Whether a boolean is given as true; anything else is false, as the API has it."""
    return (form.text(name) or "").lower() == "true"


def fault_of_url(url: str, *, is_hostname_strict: bool = False) -> str | None:
    """Why this is no absolute URL of a web application; None when it is one."""
    if len(url) > _LONGEST_URL:
        return f"longer than {_LONGEST_URL} characters"
    if _NOT_IN_URL.search(url):
        return "it contains a space or a control character"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in {"http", "https"}:
        return "it must begin with http:// or https://"
    return _fault_of_host(host, is_strict=is_hostname_strict)


def _fault_of_host(host: str, *, is_strict: bool) -> str | None:
    if not host:
        return "it names no host"
    is_name = host.isascii() and ":" not in host
    if is_strict and is_name and not all(_HOST_LABEL.fullmatch(label) for label in host.rstrip(".").split(".")):
        return "its host name is not valid"
    return None
