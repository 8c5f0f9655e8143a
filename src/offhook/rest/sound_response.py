"""A file of sound, whole or by the range that is asked for (RFC 9110 §14).

aiohttp serves one range; a Range that a server may or must ignore is taken out of the request before it looks.
"""

import re
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

_BYTES = re.compile(r"\s*bytes\s*=", re.IGNORECASE)


class SoundResponse(web.FileResponse):
    """Several ranges are answered with the whole: §14.2 lets a server ignore them, and no player asks for them."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Begin to answer."""
        wanted = request.headers.get("Range")
        if wanted is not None and is_ignored(wanted, request.headers.get("If-Range", "")):
            headers: Any = request.headers.copy()
            headers.popall("Range")
            request = request.clone(headers=headers)
        return await super().prepare(request)


def is_ignored(wanted: str, condition: str) -> bool:
    """Another unit (§14.2), several ranges, or a condition by entity tag (§13.1.5), which is not compared here."""
    return not _BYTES.match(wanted) or "," in wanted or '"' in condition
