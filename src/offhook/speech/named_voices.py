"""Voices that TwiML names after Amazon Polly and Google: whose language and gender they have (contract 2 §1.1)."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# Language, women, men; several languages when a voice speaks both, the first by itself.
_POLLY = """
arb | zeina |
ar-AE | hala | zayd
ca-ES | arlet |
cmn-CN | zhiyu |
cs-CZ | jitka |
cy-GB | gwyneth |
da-DK | naja sofie | mads
de-AT | hannah |
de-CH | sabrina |
de-DE | marlene vicki | hans daniel
en-AU | nicole olivia | russell
en-GB | amy emma | brian arthur geraint
en-IE | niamh |
en-IN hi-IN | aditi kajal |
en-IN | raveena |
en-NZ | aria |
en-SG | jasmine |
en-US | danielle ivy joanna kendra kimberly ruth salli | gregory joey justin kevin matthew patrick stephen
en-ZA | ayanda |
es-ES | alba conchita lucia | enrique raul sergio
es-MX | mia | andres
es-US | lupe penelope | miguel pedro
fi-FI | suvi |
fr-BE | isabelle |
fr-CA | chantal gabrielle | liam
fr-FR | celine lea | mathieu remi
is-IS | dora | karl
it-IT | bianca carla | adriano giorgio
ja-JP | kazuha mizuki tomoko | takumi
ko-KR | jihye seoyeon |
nb-NO | ida liv |
nl-BE | lisa |
nl-NL | laura lotte | ruben
pl-PL | ewa maja ola | jacek jan
pt-BR | camila vitoria | ricardo thiago
pt-PT | ines | cristiano
ro-RO | carmen |
ru-RU | tatyana | maxim
sv-SE | astrid elin |
tr-TR | burcu filiz |
yue-CN | hiujin |
"""

# Google letters its voices; in most languages these are the women. Its newest voices are named after stars and moons.
_WOMENS_LETTERS: Mapping[str, str] = MappingProxyType({"en-us": "cefgh"})
_USUAL_WOMENS_LETTERS = "acefg"
_STAR_WOMEN_NAMES = (
    "achernar aoede autonoe callirrhoe despina erinome gacrux kore laomedeia leda pulcherrima sulafat vindemiatrix "
    "zephyr"
)
_STAR_WOMEN = frozenset(_STAR_WOMEN_NAMES.split())
_GOOGLE = re.compile(r"([a-z]{2,3}-[a-z0-9]{2,4})-(?:[a-z0-9]+-)*([a-z0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedVoice:
    """What is known of a voice by its name: the languages it speaks, its own first, and whether it is a woman's."""

    languages: tuple[str, ...]
    is_female: bool

    def language_for(self, wanted: str) -> str:
        """`wanted` if it speaks that, else its own."""
        return next((known for known in self.languages if known.lower() == wanted.lower()), self.languages[0])


def _read_polly() -> Mapping[str, NamedVoice]:
    voices = {}
    for line in _POLLY.strip().splitlines():
        languages, women, men = (part.split() for part in line.split("|"))
        for names, is_female in ((women, True), (men, False)):
            voices.update({name: NamedVoice(languages=tuple(languages), is_female=is_female) for name in names})
    return MappingProxyType(voices)


POLLY = _read_polly()


def named_voice(voice: str) -> NamedVoice | None:
    """What the name of a vendor's voice says; None for a name that says nothing."""
    vendor, _, name = _plain(voice).partition(".")
    match vendor:
        case "polly":
            return POLLY.get(name.partition("-")[0])
        case "google":
            return _google(name)
        case _:
            return None


def _google(name: str) -> NamedVoice | None:
    found = _GOOGLE.fullmatch(name)
    if found is None:
        return None
    language, last = found.groups()
    letters = _WOMENS_LETTERS.get(language, _USUAL_WOMENS_LETTERS)
    is_female = last in letters if len(last) == 1 else last in _STAR_WOMEN
    return NamedVoice(languages=(language,), is_female=is_female)


def _plain(voice: str) -> str:
    """Lower case without accents: TwiML has both Polly.Celine and Polly.Céline."""
    decomposed = unicodedata.normalize("NFKD", voice.strip().lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
