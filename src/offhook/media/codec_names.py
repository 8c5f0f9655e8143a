"""Codecs of audio as a configuration names them, in whatever case."""

from collections.abc import Iterable

from offhook.media.codec_libraries import LIBRARIES, addresses_of
from offhook.sdp.codecs import AUDIO_CODECS, Codec, codec_named

CODEC_NAMES = tuple(codec.name for codec in AUDIO_CODECS)


def is_codec(name: str) -> bool:
    """Whether there is one of this name."""
    return codec_named(name) is not None


def codecs_named(names: Iterable[str]) -> tuple[Codec, ...]:
    """The codecs of these names, in their order; names of none are left out."""
    return tuple(codec for codec in map(codec_named, names) if codec is not None)


def check_libraries(names: Iterable[str]) -> None:
    """Raise CodecUnavailable when one of these codecs needs a library that is not there."""
    for codec in codecs_named(names):
        if codec in LIBRARIES:
            addresses_of(codec)
