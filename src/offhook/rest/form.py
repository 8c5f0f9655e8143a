"""Reads a form body: names to values, strictly decoded; single values come trimmed."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from aiohttp import web

from offhook.rest.errors import INVALID_PARAMETER, TOO_LARGE, ApiError, InvalidParameter
from offhook.rest.world import RestLimits

FORM = "application/x-www-form-urlencoded"
_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")


class Form:
    """The parameters of one request; unknown ones are simply never asked for."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def has(self, name: str) -> bool:
        """Whether the name was sent, with whatever value."""
        return name in self._values

    def text(self, name: str) -> str | None:
        """The last value of a name, trimmed; None when it is absent or blank."""
        values = self._values.get(name)
        return (values[-1].strip() or None) if values else None

    def replaced(self, values: Mapping[str, str | None]) -> "Form":
        """The same form with these values in place of what was sent; None for a name leaves it out."""
        kept = [(name, value) for name, all_ in self._values.items() if name not in values for value in all_]
        return Form([*kept, *((name, value) for name, value in values.items() if value is not None)])

    def all(self, name: str) -> Sequence[str]:
        """Every value of a name."""
        return self._values.get(name, [])

    def names(self) -> Mapping[str, Sequence[str]]:
        """What was sent."""
        return self._values


async def read_form(request: web.Request, limits: RestLimits) -> Form:
    """The body as a form. Raises ApiError (413, 415, 408) and InvalidParameter (20422)."""
    if request.body_exists and request.content_type != FORM and request.content_length != 0:
        message = f"Expected a body of {FORM}, got {request.content_type[:80]}"
        raise ApiError(415, INVALID_PARAMETER, message)
    try:
        async with asyncio.timeout(limits.body_timeout):
            body = await request.read()
    except TimeoutError as error:
        message = f"The body did not arrive within {limits.body_timeout:g} s"
        raise ApiError(408, INVALID_PARAMETER, message) from error
    except web.HTTPRequestEntityTooLarge as error:
        raise ApiError(413, TOO_LARGE, f"A body may have {limits.body_size} bytes at most") from error
    return parse_form(body, limits.fields)


def parse_form(body: bytes, fields: int) -> Form:
    """Decode a form of at most `fields` parameters. Raises InvalidParameter (20422)."""
    try:
        text = body.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=fields)
    except UnicodeDecodeError as error:
        raise InvalidParameter(INVALID_PARAMETER, "The form is not percent-encoded UTF-8") from error
    except ValueError as error:
        raise InvalidParameter(INVALID_PARAMETER, f"The form has more than {fields} parameters") from error
    if _ESCAPE.search(text):
        raise InvalidParameter(INVALID_PARAMETER, "The form has a % that two hexadecimal digits do not follow")
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise InvalidParameter(INVALID_PARAMETER, "A parameter holds a NUL character")
    return Form(pairs)
