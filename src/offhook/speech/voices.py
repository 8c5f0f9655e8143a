"""Which espeak-ng voice stands in for a voice and language of TwiML (contract 2 §1.1)."""

from collections.abc import Mapping
from types import MappingProxyType

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

_FEMALE_NAMES = (
    "woman alice aditi amy aria astrid ayanda bianca camila carla carmen celine chantal conchita danielle dora elin "
    "emma filiz gabrielle gwyneth hala hannah ida ivy jitka joanna kajal kendra kimberly lea liv lola lucia lupe maja "
    "marlene mia mizuki naja nicole niamh olivia penelope raveena ruth salli seoyeon sofie suvi tatyana vicki vitoria "
    "zeina zhiyu"
)
_FEMALE_VOICES = frozenset(_FEMALE_NAMES.split())


def espeak_voice(voice: str, language: str) -> str:
    """The voice argument of espeak-ng; what is unknown becomes a man's voice in American English."""
    return _language(language) + (FEMALE if _is_female(voice) else "")


def _language(language: str) -> str:
    lowered = language.strip().lower().replace("_", "-")
    plain = lowered.partition("-")[0]
    for code in (lowered, plain):
        name = _OTHER_NAMES.get(code, code)
        if name in _LANGUAGES and name != "en":
            return name
    return DEFAULT_LANGUAGE


def _is_female(voice: str) -> bool:
    # Polly.Joanna-Neural: the vendor's prefix and the engine say nothing of who speaks.
    name = voice.strip().lower().removeprefix("polly.").partition("-")[0]
    return name in _FEMALE_VOICES
