"""The text of <Say>, and its SSML where there is any (contract 2 §1.1).

`plain_text` is what a voice that knows no SSML should read; `markup` what one that does is given, rebuilt from the
elements and attributes of the contract alone, so that nothing else of a document ever reaches a speech program.
"""

from collections.abc import Mapping
from html import escape
from types import MappingProxyType

from offhook.twiml.elements import Element

# A pause, a paragraph or a sentence parts what stands before it from what follows.
_PARTING = frozenset({"break", "p", "s"})

_ATTRIBUTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "break": ("strength", "time"),
        "emphasis": ("level",),
        "lang": ("xml:lang",),
        "p": (),
        "phoneme": ("alphabet", "ph"),
        "prosody": ("volume", "rate", "pitch"),
        "s": (),
        "say-as": ("interpret-as", "format"),
        "sub": ("alias",),
        "w": ("role",),
    }
)


def plain_text(element: Element) -> str:
    """All text inside, white space folded to single spaces; <sub> reads as its alias."""
    return " ".join("".join(_pieces(element)).split())


def markup(element: Element) -> str:
    """All text inside with the SSML of the contract around it, escaped; "" when there is no SSML."""
    if not any(child.name in _ATTRIBUTES for child in element.children):
        return ""
    return " ".join("".join(_marked(element)).split())


def _pieces(element: Element) -> list[str]:
    pieces: list[str] = []
    for piece in element.content:
        if isinstance(piece, str):
            pieces.append(piece)
            continue
        parting = " " if piece.name in _PARTING else ""
        alias = piece.attributes.get("alias") if piece.name == "sub" else None
        pieces += [parting, *([alias] if alias else _pieces(piece)), parting]
    return pieces


def _marked(element: Element) -> list[str]:
    pieces: list[str] = []
    for piece in element.content:
        if isinstance(piece, str):
            pieces.append(escape(piece, quote=False))
            continue
        names = _ATTRIBUTES.get(piece.name)
        inner = _marked(piece)
        if names is None:
            pieces += inner
            continue
        given = [f' {name}="{escape(piece.attributes[name])}"' for name in names if name in piece.attributes]
        pieces += [f"<{piece.name}{''.join(given)}>", *inner, f"</{piece.name}>"]
    return pieces
