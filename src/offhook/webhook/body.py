"""Reads an answer's body no further than its limit, so that a huge one costs nothing."""

import asyncio
import zlib

import aiohttp

from offhook.webhook.order import HttpAnswer, RequestOrder

_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})
_AT_ONCE = 1024  # octets: what they unpack to, a thousand times as much at the most, does not hold up the loop
_DETECT_HEADER = 47  # zlib's window bits for "gzip or zlib, whichever it is"


async def read_body(order: RequestOrder, response: aiohttp.ClientResponse) -> HttpAnswer:
    """The answer with what of its body lies within the order's limit; the connection is given up past it.

    Raises aiohttp.ClientPayloadError when the body breaks off or is not what its encoding says.
    """
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    limit = order.size_limit(content_type)
    body, is_complete = await _read(response, limit)
    if response.headers.get("Content-Encoding", "").strip().lower() in _COMPRESSED:
        body, is_complete = await _inflated(body, limit, is_complete=is_complete)
    return HttpAnswer(
        url=str(response.url),
        code=response.status,
        content_type=content_type,
        headers=response.headers,
        body=body,
        is_complete=is_complete,
        is_chunked="chunked" in response.headers.get("Transfer-Encoding", "").lower(),
    )


async def _read(response: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    if (response.content_length or 0) > limit:
        response.close()
        return b"", False
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            response.close()
            return bytes(body[:limit]), False
    return bytes(body), True


async def _inflated(body: bytes, limit: int, *, is_complete: bool) -> tuple[bytes, bool]:
    if len(body) <= _AT_ONCE:
        return _inflate(body, limit, is_complete=is_complete)
    return await asyncio.to_thread(_inflate, body, limit, is_complete=is_complete)


def _inflate(body: bytes, limit: int, *, is_complete: bool) -> tuple[bytes, bool]:
    # Nobody was asked to compress, but some servers always do.
    try:
        inflater = zlib.decompressobj(_DETECT_HEADER)
        plain = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        message = f"the body is not compressed as its Content-Encoding says: {error}"
        raise aiohttp.ClientPayloadError(message) from error
    if is_complete and body and len(plain) <= limit and not inflater.eof:
        raise aiohttp.ClientPayloadError("the body breaks off before its compression ends")
    return plain[:limit], is_complete and len(plain) <= limit
