"""Fuzz target: a byte stream, cut into messages, whatever the chunks.

The first two bytes seed the cuts, the rest is the stream. The oracle: only FramingError is raised, what is held stays
below the limit, and fed whole, byte by byte or in random chunks, the stream gives the same messages.
"""

import random

from offhook.sip.errors import FramingError
from offhook.sip.framing import KeepAlive, StreamFramer
from offhook.sip.parse import Limits

LIMITS = Limits(message=4096, header_lines=64, line=1024)


def fuzz(data: bytes) -> None:
    """Cut one stream in three ways; raises when they differ."""
    source, stream = random.Random(data[:2]), data[2:]  # noqa: S311  # a replayable cut, no secret
    whole = cut([stream])
    cuts = sorted(source.randrange(len(stream) + 1) for _ in range(8))
    pieces = [stream[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    if not whole == cut([bytes([byte]) for byte in stream]) == cut(pieces):
        raise AssertionError(f"the chunks matter in {stream!r}")


def cut(chunks: list[bytes]) -> tuple[list[bytes | KeepAlive], bool]:
    """What comes out of these chunks, and whether an error ended it."""
    framer = StreamFramer(LIMITS)
    found: list[bytes | KeepAlive] = []
    try:
        for chunk in (*chunks, b""):
            found += framer.feed(chunk)
            if framer.waiting > LIMITS.message:
                raise AssertionError(f"{framer.waiting} bytes are held")
    except FramingError:
        return found, True
    return found, False
