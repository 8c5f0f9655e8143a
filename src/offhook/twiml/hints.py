"""What to say about names that are not in the schema: what was probably meant, and where it belongs."""

from difflib import get_close_matches

from offhook.twiml.rules import Rule
from offhook.twiml.schema import ELEMENTS, ROOT, parents_of

_LONGEST_COMPARED = 40  # a hostile name is not worth a comparison


def wrong_root(name: str) -> str:
    """The root is not Response."""
    told = f"the root element must be <{ROOT}>, not <{name[:40]}>"
    return told + ": names are case-sensitive" if name.lower() == ROOT.lower() else told


def unexpected_element(name: str, parent: str, allowed: tuple[str, ...]) -> str:
    """An element that may not stand in `parent`."""
    told = f"<{name[:40]}> may not stand in <{parent}>: it is ignored"
    meant = _meant(name, allowed) or _meant(name, tuple(ELEMENTS))
    if name in ELEMENTS:
        parents = parents_of(name)
        return f"{told}; it belongs in {_list(parents)}" if parents else told
    return f"{told}; did you mean <{meant}>?{_case(name, meant)}" if meant else told


def unknown_attribute(element: str, rule: Rule, name: str) -> str:
    """An attribute that `element` does not have."""
    told = f"<{element}> has no attribute {name[:40]!r}: it is ignored"
    meant = _meant(name, tuple(row.name for row in rule.attributes))
    if meant is not None:
        return f"{told}; did you mean {meant!r}?{_case(name, meant)}"
    owners = [parent for parent in parents_of(element) if ELEMENTS[parent].attribute(name) is not None]
    return f"{told}; it belongs on {_list(tuple(owners))}" if owners else told


def _meant(name: str, known: tuple[str, ...]) -> str | None:
    for candidate in known:
        if candidate.lower() == name.lower():
            return candidate
    if len(name) > _LONGEST_COMPARED:
        return None
    return next(iter(get_close_matches(name, known, n=1, cutoff=0.75)), None)


def _case(name: str, meant: str) -> str:
    return " Names are case-sensitive." if name.lower() == meant.lower() else ""


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(f"<{name}>" for name in names)
