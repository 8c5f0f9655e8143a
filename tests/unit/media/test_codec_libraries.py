"""Libraries of codecs: found, or named together with the package that brings them."""

from dataclasses import replace

import pytest

from offhook.media.codec_libraries import LIBRARIES, addresses_of
from offhook.media.errors import CodecUnavailable
from offhook.sdp.codecs import G722, OPUS, Codec


@pytest.mark.parametrize("codec", [G722, OPUS])
def test_the_functions_have_addresses(codec: Codec) -> None:
    """Each its own."""
    found = addresses_of(codec)
    assert len(set(found)) == len(LIBRARIES[codec].functions)
    assert all(found)


def test_a_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install, and what else one can do."""
    missing = replace(LIBRARIES[OPUS], linux="libnothing.so.9", macos="libnothing.dylib")
    monkeypatch.setitem(LIBRARIES, OPUS, missing)
    with pytest.raises(CodecUnavailable, match=r"libnothing\S+: .*apt-get install libopus0.*media\.codecs"):
        addresses_of(OPUS)


def test_a_library_of_another_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """One without the function is not used."""
    monkeypatch.setitem(LIBRARIES, OPUS, replace(LIBRARIES[OPUS], functions=("opus_compose",)))
    with pytest.raises(CodecUnavailable, match="opus_compose"):
        addresses_of(OPUS)
