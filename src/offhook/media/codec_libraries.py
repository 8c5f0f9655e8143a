"""The libraries of wide codecs for the native plane: found on this machine, their functions handed to it by address.

libopus and spandsp are what distributions install with any telephone; no packet passes Python.
"""

import ctypes
import sys
from dataclasses import dataclass

from offhook.media.errors import CodecUnavailable
from offhook.sdp.codecs import G722, OPUS, Codec


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecLibrary:
    """A library by the names it has, the package that Debian gives it in, and its functions in the plane's order."""

    linux: str
    macos: str
    package: str
    functions: tuple[str, ...]


LIBRARIES = {
    G722: CodecLibrary(
        linux="libspandsp.so.2",
        macos="libspandsp.2.dylib",
        package="libspandsp2",
        functions=(
            "g722_encode_init",
            "g722_encode",
            "g722_encode_free",
            "g722_decode_init",
            "g722_decode",
            "g722_decode_free",
        ),
    ),
    OPUS: CodecLibrary(
        linux="libopus.so.0",
        macos="libopus.0.dylib",
        package="libopus0",
        functions=(
            "opus_encoder_create",
            "opus_encoder_ctl",
            "opus_encode",
            "opus_encoder_destroy",
            "opus_decoder_create",
            "opus_decode",
            "opus_decoder_destroy",
        ),
    ),
}


def addresses_of(codec: Codec) -> list[int]:
    """The functions that a wide codec needs, in the order that native/codec_libraries.c takes them in.

    Raises CodecUnavailable.
    """
    library = LIBRARIES[codec]
    name = library.macos if sys.platform == "darwin" else library.linux
    try:
        loaded = ctypes.CDLL(name)  # stays loaded: ctypes unloads nothing
        functions = [getattr(loaded, function) for function in library.functions]
    except (OSError, AttributeError) as error:
        advice = f"install it (Debian: apt-get install {library.package}), or leave the codec out of media.codecs"
        raise CodecUnavailable(f"{codec.name} needs {name}: {error}; {advice}") from error
    return [ctypes.cast(function, ctypes.c_void_p).value or 0 for function in functions]
