"""XML bytes to a tree of elements with their positions; knows nothing of TwiML (contract 1 §7.6, contract 2 §6).

Feeds document. Hostile input is expected: no document type, no entities of its own, no external anything, bounded
size, depth and number of elements. expat is used directly because it tells line and column of every element.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias
from xml.parsers import expat

from offhook.twiml.errors import BODY_TOO_LARGE, NOT_XML, TwimlError

MAX_BYTES = 65536  # contract 1 §7.3
MAX_DEPTH = 32  # SSML in <Say> in <Gather> needs about eight
MAX_ELEMENTS = 4000

# Decoders that map each byte to one character: nothing a document names may reach another codec.
_ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252"})

_REASONS: Mapping[int, str] = MappingProxyType(
    {
        expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]: "the document is empty or ends too early",
        expat.errors.codes[expat.errors.XML_ERROR_SYNTAX]: "this is no XML: a document begins with < and a name",
        expat.errors.codes[expat.errors.XML_ERROR_MISPLACED_XML_PI]: "nothing may stand before <?xml, not even a space",
        expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]: (
            "not well-formed: write & as &amp;, < as &lt;, and quote every attribute value"
        ),
        expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]: (
            "an entity that XML does not know: only &amp; &lt; &gt; &quot; &apos; and &#…; exist"
        ),
        expat.errors.codes[expat.errors.XML_ERROR_TAG_MISMATCH]: "an end tag that does not fit",
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN]: "a tag that is not complete",
        expat.errors.codes[expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE]: "an attribute is given twice",
        expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]: "something follows the end of the document",
    }
)

Content: TypeAlias = "list[str | Element]"


@dataclass(slots=True)
class Element:
    """One element as it stands in the document: text and children in `content`, position counted from 1."""

    name: str
    attributes: dict[str, str]
    line: int
    column: int
    content: Content = field(default_factory=list)

    @property
    def children(self) -> "list[Element]":
        """The elements directly inside."""
        return [piece for piece in self.content if isinstance(piece, Element)]

    @property
    def own_text(self) -> str:
        """The text directly inside, without white space around it."""
        return "".join([piece for piece in self.content if isinstance(piece, str)]).strip()


def read_elements(body: bytes) -> Element:
    """The root element of a document. Raises TwimlError (11750, 12100)."""
    if len(body) > MAX_BYTES:
        raise TwimlError(
            BODY_TOO_LARGE, f"a document may have {MAX_BYTES} bytes, this one has {len(body)}", line=1, column=1
        )
    return _Tree().read(body)


class _Tree:
    """Builds the tree from what expat reports."""

    def __init__(self) -> None:
        self._root: Element | None = None
        self._open: list[Element] = []
        self._count = 0
        parser = self._parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._document_type
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def read(self, body: bytes) -> Element:
        try:
            self._parser.Parse(body, True)  # noqa: FBT003  # expat takes it by position
        except expat.ExpatError as error:
            raise self._refused(error) from error
        if self._root is None:  # pragma: no cover  # expat reports this as an error
            raise self._error("the document is empty")
        return self._root

    def _refused(self, error: expat.ExpatError) -> TwimlError:
        reason = _REASONS.get(error.code, expat.ErrorString(error.code) or "not well-formed")
        if self._open:
            innermost = self._open[-1]
            reason += f" (<{innermost.name[:40]}> of line {innermost.line} is still open)"
        return TwimlError(NOT_XML, reason, line=error.lineno, column=error.offset + 1)

    def _error(self, reason: str) -> TwimlError:
        line, column = self._position()
        return TwimlError(NOT_XML, reason, line=line, column=column)

    def _position(self) -> tuple[int, int]:
        return self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise self._error(f"encoding {encoding[:40]!r} is not read here: send UTF-8")

    def _document_type(self, *_details: object) -> None:
        raise self._error("a document type (<!DOCTYPE>) is not allowed")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise self._error(f"more than {MAX_ELEMENTS} elements")
        if len(self._open) >= MAX_DEPTH:
            raise self._error(f"elements nested deeper than {MAX_DEPTH}")
        line, column = self._position()
        element = Element(name, attributes, line, column)
        if self._open:
            self._open[-1].content.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].content.append(text)
