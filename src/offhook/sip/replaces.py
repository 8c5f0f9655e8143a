"""The Replaces header: which dialog a call is to take the place of (RFC 3891)."""

from dataclasses import dataclass

from offhook.sip.errors import MalformedValue
from offhook.sip.grammar import find_param, parse_params, stands_bare

MAX_LENGTH = 1024  # characters of a whole value


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaces:
    """A dialog as its peer names it: `to_tag` is the tag of whoever is asked, `from_tag` that of the other side."""

    call_id: str
    to_tag: str
    from_tag: str
    is_early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> "Replaces":
        """Read a Replaces value (§6.1). Raises MalformedValue."""
        call_id, semicolon, rest = text.partition(";")
        params = parse_params(semicolon + rest) if len(text) <= MAX_LENGTH else ()
        to_tag, from_tag = find_param(params, "to-tag"), find_param(params, "from-tag")
        if not (call_id.strip() and to_tag and from_tag and stands_bare(to_tag) and stands_bare(from_tag)):
            raise MalformedValue(f"expected a Call-ID with to-tag and from-tag, found {text[:80]!r}")
        is_early_only = find_param(params, "early-only") is not None
        return cls(call_id=call_id.strip(), to_tag=to_tag, from_tag=from_tag, is_early_only=is_early_only)

    def __str__(self) -> str:
        early = ";early-only" if self.is_early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early}"
