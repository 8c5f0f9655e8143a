"""The fields of provisioned resources: a form's name, how its value is read, what stands there otherwise."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from offhook.calls.sip_target import InvalidTarget, parse_target
from offhook.model.numbers import is_e164
from offhook.model.sids import is_sid
from offhook.rest import errors
from offhook.rest.errors import InvalidParameter
from offhook.rest.form import Form
from offhook.rest.parameters import fault_of_url

Reader = Callable[[str, str], Any]  # (name, text) to the value; raises InvalidParameter

_WORDS = re.compile(r"(?<!^)(?=[A-Z])")


def key_of(name: str) -> str:
    """A parameter's name as answers have it: VoiceUrl is voice_url."""
    return _WORDS.sub("_", name).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. Without a `default` it is null until it is given; `is_fixed` ones are given at creation alone.

    A field that has to be given has in `missing` the code of the error when it is not.
    """

    name: str
    read: Reader
    default: Any = None
    missing: int = 0
    is_fixed: bool = False

    @property
    def key(self) -> str:
        """The name of the value in answers."""
        return key_of(self.name)

    def take(self, form: Form, before: Any) -> Any:
        """The value after a form: a blank one clears it. Raises InvalidParameter."""
        if not form.has(self.name):
            return before
        text = form.text(self.name)
        return self.default if text is None else self.read(self.name, text)


def text(limit: int, code: int = errors.INVALID_PARAMETER) -> Reader:
    """Up to so many characters."""

    def read(name: str, value: str) -> str:
        if len(value) > limit:
            raise InvalidParameter(code, f"{name} may have {limit} characters at most, not {len(value)}")
        return value

    return read


def matching(pattern: str, what: str, code: int = errors.INVALID_PARAMETER) -> Reader:
    """Text of a form; `what` says in words which."""
    known = re.compile(pattern)

    def read(name: str, value: str) -> str:
        if known.fullmatch(value) is None:
            raise InvalidParameter(code, f"{name} must be {what}, not {value[:80]!r}")
        return value

    return read


def url(name: str, value: str) -> str:
    """An absolute URL (21205)."""
    reason = fault_of_url(value)
    if reason is not None:
        raise InvalidParameter(errors.INVALID_URL, f"{name} is not a valid URL: {value[:200]} ({reason})")
    return value


def method(name: str, value: str) -> str:
    """GET or POST (21209)."""
    if value.upper() not in {"GET", "POST"}:
        raise InvalidParameter(errors.METHOD, f"{name} must be GET or POST, not {value[:80]!r}")
    return value.upper()


def truth(_name: str, value: str) -> bool:
    """A boolean; whatever is not true is false, as the API has it."""
    return value.lower() == "true"


def one_of(*words: str) -> Reader:
    """One of these words."""

    def read(name: str, value: str) -> str:
        if value not in words:
            raise InvalidParameter(
                errors.INVALID_PARAMETER, f"{name} must be one of {', '.join(words)}, not {value[:80]!r}"
            )
        return value

    return read


def sid(prefix: str, code: int = errors.INVALID_SID) -> Reader:
    """A SID of this kind."""

    def read(name: str, value: str) -> str:
        if not is_sid(value, prefix):
            raise InvalidParameter(code, f"{name} must be a SID that begins with {prefix}, not {value[:80]!r}")
        return value

    return read


def number(code: int) -> Reader:
    """A phone number in E.164 form, separators taken out."""

    def read(name: str, value: str) -> str:
        digits = re.sub(r"[\s().-]", "", value)
        if not is_e164(digits):
            raise InvalidParameter(code, f"{name} must be a number in E.164 form such as +15550100, not {value[:80]!r}")
        return digits

    return read


def address(name: str, value: str) -> str:
    """An IPv4 or IPv6 address (21238)."""
    try:
        return str(ip_address(value.removeprefix("[").removesuffix("]")))
    except ValueError as error:
        message = f"{name} must be an IPv4 or IPv6 address, not {value[:80]!r}"
        raise InvalidParameter(errors.INVALID_ADDRESS, message) from error


def sip_uri(name: str, value: str) -> str:
    """A SIP URI."""
    try:
        parse_target(value)
    except InvalidTarget as error:
        raise InvalidParameter(errors.INVALID_PARAMETER, f"{name} must be a SIP URI: {error}") from error
    return value


def whole(low: int, high: int) -> Reader:
    """A whole number within its range."""

    def read(name: str, value: str) -> int:
        if not (value.isascii() and value.isdigit() and len(value) < 10 and low <= int(value) <= high):  # noqa: PLR2004
            message = f"{name} must be a whole number from {low} to {high}, not {value[:80]!r}"
            raise InvalidParameter(errors.INVALID_PARAMETER, message)
        return int(value)

    return read
