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
        ("Polly.Matthew", "en-AU", "en-us"),
        ("Polly.Hans", "en-US", "de"),
        ("Polly.Céline", "en-US", "fr+f3"),
        ("Polly.Aditi", "hi-IN", "hi+f3"),
        ("Polly.Nobody", "fr-FR", "fr"),
        ("Google.fr-FR-Neural2-B", "en-US", "fr"),
        ("Google.en-US-Chirp3-HD-Aoede", "en-US", "en-us+f3"),
        ("Google.en-US-Chirp3-HD-Puck", "en-US", "en-us"),
        ("man", "zh-CN", "cmn"),
        ("man", "zh-HK", "yue"),
        ("man", "pt-BR", "pt-br"),
        ("man", "pt-PT", "pt"),
        ("man", "es-MX", "es-419"),
        ("man", "nb-NO", "nb"),
        ("man", "en", "en-us"),
        ("", "", "en-us"),
        ("Google.de-DE-Standard-A", "xx-YY", "de+f3"),
        ("-x", "../../etc", "en-us"),
    ],
)
def test_espeak_voice(voice: str, language: str, expected: str) -> None:
    """Known languages keep their accent where espeak-ng has it; the rest falls back step by step."""
    assert espeak_voice(voice, language) == expected
