"""Which voice of espeak-ng stands in for which of TwiML."""

import pytest

from offhook.speech.voices import espeak_voice


@pytest.mark.parametrize(
    ("voice", "language", "expected"),
    [
        ("man", "en-US", "en-us"),
        ("woman", "en-GB", "en-gb+f3"),
        ("alice", "fr-CA", "fr+f3"),
        ("Polly.Joanna-Neural", "en-US", "en-us+f3"),
        ("Polly.Matthew", "en-AU", "en-gb"),
        ("man", "zh-CN", "cmn"),
        ("man", "zh-HK", "yue"),
        ("man", "pt-BR", "pt-br"),
        ("man", "pt-PT", "pt"),
        ("man", "es-MX", "es-419"),
        ("man", "nb-NO", "nb"),
        ("man", "en", "en-us"),
        ("", "", "en-us"),
        ("Google.de-DE-Standard-A", "xx-YY", "en-us"),
        ("-x", "../../etc", "en-us"),
    ],
)
def test_espeak_voice(voice: str, language: str, expected: str) -> None:
    """Known languages keep their accent where espeak-ng has it; the rest falls back step by step."""
    assert espeak_voice(voice, language) == expected
