"""Which espeak-ng voice stands in for a voice and language of TwiML (contract 2 §1.1)."""

from collections.abc import Mapping
from types import MappingProxyType

from offhook.speech.named_voices import named_voice

DEFAULT_LANGUAGE = "en-us"
FEMALE = "+f3"  # a variant that espeak-ng has for every language

# Languages that espeak-ng 1.50 and later know, by the code they share with BCP 47.
_LANGUAGE_CODES = (
    "af am an ar as az ba be bg bn bpy bs ca cmn cs cv cy da de el en eo es et eu fa fi fr ga gd gn grc gu hak haw he "
    "hi hr ht hu hy ia id io is it ja jbo ka kk kl kn ko kok ku ky la lb lfn lt ltg lv mi mk ml mr ms mt my nb nci ne "
    "nl nog om or pa pap pl pt py qu quc ro ru sd si sk sl sq sr sv sw ta te th tk tn tr tt ug uk ur uz vi yue en-029 "
    "en-gb en-us es-419 fr-be fr-ch pt-br"
)
_LANGUAGES = frozenset(_LANGUAGE_CODES.split())

# Codes that espeak-ng spells in another way, and accents whose nearest voice is not the plain language.
_OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "arb": "ar",
        "en-au": "en-gb",
        "en-ca": "en-us",
        "en-ie": "en-gb",
        "en-in": "en-gb",
        "en-nz": "en-gb",
        "en-za": "en-gb",
        "es-mx": "es-419",
        "es-us": "es-419",
        "fil": "id",
        "nn": "nb",
        "no": "nb",
        "zh": "cmn",
        "zh-hk": "yue",
    }
)

_FEMALE_VOICES = frozenset({"woman", "alice"})
_BASIC_VOICES = _FEMALE_VOICES | {"man", ""}


def espeak_voice(voice: str, language: str) -> str:
    """The voice argument of espeak-ng; what is unknown becomes a man's voice in American English.

    A voice with a name of its own speaks its own language: "Polly.Hans" is German whatever `language` says.
    """
    known = named_voice(voice)
    if known is None:
        return (espeak_language(language) or DEFAULT_LANGUAGE) + (FEMALE if _is_female(voice) else "")
    spoken = espeak_language(known.language_for(language)) or DEFAULT_LANGUAGE
    return spoken + (FEMALE if known.is_female else "")


def espeak_language(language: str) -> str:
    """What espeak-ng calls a language of BCP 47, or its nearest; "" for one that it does not speak."""
    lowered = language.strip().lower().replace("_", "-")
    plain = lowered.partition("-")[0]
    for code in (lowered, plain):
        name = _OTHER_NAMES.get(code, code)
        if name == "en":
            return DEFAULT_LANGUAGE
        if name in _LANGUAGES:
            return name
    return ""


def is_known(voice: str) -> bool:
    """Whether a voice without a vendor's name is one that there is."""
    return "." in voice or voice.strip().lower() in _BASIC_VOICES


def _is_female(voice: str) -> bool:
    return voice.strip().lower() in _FEMALE_VOICES
