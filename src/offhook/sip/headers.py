"""Header fields: ordered, found in any case and by compact form, and safe to print (RFC 3261 §7.3).

No name or value with a line end ever gets in: what comes from the wire is judged by `Headers.parse` (remote errors),
what comes from us by `add`, `prepend` and `set` (IllegalHeader). Whatever `parse` lets in, `add` takes too.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from offhook.sip.errors import Fields, IllegalHeader, MalformedValue
from offhook.sip.grammar import WHITESPACE, is_token, split_list

COMPACT_FORMS = {
    "a": "accept-contact",  # RFC 3841
    "b": "referred-by",  # RFC 3892
    "c": "content-type",
    "d": "request-disposition",  # RFC 3841
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",  # RFC 3841
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",  # RFC 4474
    "o": "event",  # RFC 6665
    "r": "refer-to",  # RFC 3515
    "s": "subject",
    "t": "to",
    "u": "allow-events",  # RFC 6665
    "v": "via",
    "x": "session-expires",  # RFC 4028
    "y": "identity",  # RFC 8224
}
_USUAL_NAMES = (
    "Accept", "Allow", "Allow-Events", "Authorization", "CSeq", "Call-ID", "Contact", "Content-Disposition",
    "Content-Length", "Content-Type", "Date", "Diversion", "Event", "Expires", "From", "Max-Forwards", "Min-Expires",
    "Min-SE", "P-Asserted-Identity", "Privacy", "Proxy-Authenticate", "Proxy-Authorization", "RAck", "RSeq", "Reason",
    "Record-Route", "Refer-To", "Referred-By", "Remote-Party-ID", "Replaces", "Require", "Retry-After", "Route",
    "Server", "Session-Expires", "Subject", "Supported", "Timestamp", "To", "Unsupported", "User-Agent",
    "User-to-User", "Via", "WWW-Authenticate", "Warning",
)  # fmt: skip
# Filled once: a table that grew with what peers send would be theirs to fill.
_KEYS = {spelling: name.lower() for name in _USUAL_NAMES for spelling in (name, name.lower(), name.upper())}
_KEYS |= {spelling: key for short, key in COMPACT_FORMS.items() for spelling in (short, short.upper())}

_ILLEGAL_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\r\n") + b"\x7f"
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
# Not from the middle of a run of white space: each run is looked at once, however long it is.
FOLD = re.compile(rb"(?<![ \t])[ \t]*+\r\n[ \t]++")

Value = TypeVar("Value")


def header_key(name: str) -> str:
    """The name under which a header field is found: lower case, compact forms spelled out."""
    return _KEYS.get(name) or _key_of_unusual(name)


def _key_of_unusual(name: str) -> str:
    key = name.lower()
    return COMPACT_FORMS.get(key, key)


def check_field(name: str, value: str) -> None:
    """Raise IllegalHeader when this header field could break the message it stands in."""
    if name not in _KEYS and not is_token(name):
        raise IllegalHeader(f"a header name is a token, not {name!r}")
    if value.isascii() and value.isprintable():
        return
    found = _ILLEGAL_IN_VALUE.search(value)
    if found is not None:
        raise IllegalHeader(f"control character {found[0]!r} in the value of {name}")
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise IllegalHeader(f"the value of {name} cannot be encoded: {error.reason}") from error


class Headers:
    """An ordered list of header fields. Values are text; bytes that are not UTF-8 are kept as surrogate escapes."""

    __slots__ = ("_fields", "_keys", "_typed")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._keys: list[str] = []
        self._fields: list[tuple[str, str]] = []
        self._typed: dict[Callable[[Headers], object], object] = {}
        for name, value in fields:
            self.add(name, value)

    @classmethod
    def parse(cls, block: bytes) -> "Headers":
        """Read the lines between the start line and the empty line, without the last line end; folds are undone.

        Control characters are refused; those escaped in a quoted string are legal there and are left out, so that
        everything that was read may be printed again. Raises MalformedValue.
        """
        headers = cls()
        if not block:
            return headers
        if len(block.translate(None, _CONTROLS)) != len(block):
            block = _without_escaped_controls(block)
        if b"\r\n " in block or b"\r\n\t" in block:
            block = FOLD.sub(b" ", block)
        text = block.decode("utf-8", "surrogateescape")
        lines = text.split("\r\n")
        # One count for all lines: a lone CR or LF inside a line is how requests are smuggled.
        if not text.count("\r") == text.count("\n") == len(lines) - 1:
            raise MalformedValue("a CR or LF that is no line end")
        cuts = [line.partition(":") for line in lines]
        headers._fields = [(name, value.strip(WHITESPACE)) for name, _, value in cuts]
        headers._keys = [_KEYS.get(name, "") for name, _, _ in cuts]
        if "" in headers._keys:
            headers._read_unusual_names()
        if "" in [colon for _, colon, _ in cuts]:
            raise MalformedValue("expected a colon in every header line")
        return headers

    def get(self, name: str) -> str | None:
        """The first value of this name, or None."""
        key = _KEYS.get(name) or _key_of_unusual(name)
        return self._fields[self._keys.index(key)][1] if key in self._keys else None

    def all(self, name: str) -> list[str]:
        """The values of this name, one for each header line."""
        key = header_key(name)
        lines = self._keys.count(key)
        if lines < 2:  # noqa: PLR2004  # several
            return [self._fields[self._keys.index(key)][1]] if lines else []
        return [field[1] for own, field in zip(self._keys, self._fields, strict=True) if own == key]

    def values(self, name: str) -> list[str]:
        """The values of this name with comma-separated lists cut (§7.3.1); empty ones are left out.

        Not for WWW-Authenticate and its like, whose values contain commas.
        """
        return [piece for value in self.all(name) for piece in split_list(value) if piece]

    def repeated(self, keys: Iterable[str]) -> str | None:
        """The first of these names, in lower case and not compact, that more than one line has, or None."""
        return next((key for key in keys if self._keys.count(key) > 1), None)

    def count(self, name: str) -> int:
        """How many lines have this name."""
        return self._keys.count(header_key(name))

    @property
    def keys(self) -> frozenset[str]:
        """Every name that is there, in lower case and not compact."""
        return frozenset(self._keys)

    def add(self, name: str, value: str) -> None:
        """Append a field. Raises IllegalHeader."""
        self._insert(len(self._keys), name, value)

    def prepend(self, name: str, value: str) -> None:
        """Put a field before all others. Raises IllegalHeader."""
        self._insert(0, name, value)

    def replace_first(self, name: str, value: str) -> None:
        """Give the first field of this name, which has to be there, another value. Raises IllegalHeader."""
        check_field(name, value)
        self._fields[self._keys.index(header_key(name))] = (name, value.strip(WHITESPACE))
        self._typed.clear()

    def set(self, name: str, value: str) -> None:
        """Replace every field of this name by one, where the first stood. Raises IllegalHeader."""
        check_field(name, value)
        key = header_key(name)
        place = self._keys.index(key) if key in self._keys else len(self._keys)
        self.remove(name)
        self._insert(place, name, value)

    def remove(self, name: str) -> None:
        """Take out every field of this name."""
        key = header_key(name)
        while key in self._keys:
            place = self._keys.index(key)
            del self._keys[place], self._fields[place]
        self._typed.clear()

    def carry(self, source: "Headers", *names: str) -> None:
        """Append the other's fields of these names, in the order of `names`, as they are spelled there."""
        keys, fields = source._keys, source._fields  # noqa: SLF001  # same class
        for name in names:
            key = header_key(name)
            place = -1
            for _ in range(keys.count(key)):
                place = keys.index(key, place + 1)
                self._keys.append(key)
                self._fields.append(fields[place])
        self._typed.clear()

    def items(self) -> Fields:
        """All fields in order, names as they were spelled."""
        return tuple(self._fields)

    def lines(self, without: str) -> list[str]:
        """The fields as header lines without their line ends, but for those of one name."""
        key = header_key(without)
        if key not in self._keys:
            return [f"{name}: {value}" for name, value in self._fields]
        return [f"{field[0]}: {field[1]}" for own, field in zip(self._keys, self._fields, strict=True) if own != key]

    def copy(self) -> "Headers":
        """A list of its own with the same fields."""
        twin = Headers()
        twin._keys = self._keys.copy()
        twin._fields = self._fields.copy()
        return twin

    def remember(self, read: "Callable[[Headers], Value]", value: Value) -> None:
        """What `read` would make of these fields, for who has just written it there."""
        self._typed[read] = value

    def typed(self, read: "Callable[[Headers], Value]") -> Value:
        """What `read` makes of these fields, remembered until they change."""
        known = self._typed
        if read in known:
            return known[read]  # type: ignore[return-value]  # what `read` returned
        value = known[read] = read(self)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and header_key(name) in self._keys

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._fields == other._fields

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"

    def _insert(self, place: int, name: str, value: str) -> None:
        key = _KEYS.get(name)
        # Nearly every field that we write is a usual one in printable ASCII.
        if key is None or not value.isascii() or not value.isprintable():
            check_field(name, value)
            key = header_key(name)
        self._keys.insert(place, key)
        self._fields.insert(place, (name, value.strip(WHITESPACE)))
        self._typed.clear()

    def _read_unusual_names(self) -> None:
        for place, key in enumerate(self._keys):
            if not key:
                text, value = self._fields[place]
                name = text.rstrip(WHITESPACE)
                if not is_token(name):
                    raise MalformedValue(f"expected a header name, found {text[:80]!r}")
                self._keys[place] = header_key(name)
                self._fields[place] = (name, value)


def _without_escaped_controls(block: bytes) -> bytes:
    block = _QUOTED_PAIR.sub(lambda pair: b"" if pair[1] in _CONTROLS else pair[0], block)
    if len(block.translate(None, _CONTROLS)) != len(block):
        raise MalformedValue("a control character in the header")
    return block
