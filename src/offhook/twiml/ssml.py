"""The text of <Say> with its SSML taken out: what a voice that knows no SSML should read (contract 2 §1.1)."""

from offhook.twiml.elements import Element

# A pause, a paragraph or a sentence parts what stands before it from what follows.
_PARTING = frozenset({"break", "p", "s"})


def plain_text(element: Element) -> str:
    """All text inside, white space folded to single spaces; <sub> reads as its alias."""
    return " ".join("".join(_pieces(element)).split())


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
