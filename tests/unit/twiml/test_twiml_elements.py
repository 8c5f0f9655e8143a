"""XML to elements: positions, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.twiml.elements import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, read_elements
from offhook.twiml.errors import TwimlError


def refused(body: bytes) -> TwimlError:
    """The error that reading ends in."""
    with pytest.raises(TwimlError) as caught:
        read_elements(body)
    return caught.value


def test_positions_count_from_one_in_characters() -> None:
    """Line and column are those of the opening bracket, and a character of several bytes counts once."""
    root = read_elements("<Response>\n  <Say>Zoë</Say><Pause/>\n</Response>".encode())
    assert [(child.name, child.line, child.column) for child in root.children] == [("Say", 2, 3), ("Pause", 2, 17)]


def test_text_is_trimmed_and_entities_resolved() -> None:
    """The five entities and character references are text; CDATA and comments are understood."""
    root = read_elements(b"<R>\n a&amp;b &lt;&gt;&quot;&apos; &#65; <!-- no --><![CDATA[<c>]]>\n</R>")
    assert root.own_text == "a&b <>\"' A <c>"


@pytest.mark.parametrize(
    ("body", "line", "column", "told"),
    [
        (b"", 1, 1, "empty"),
        (b"not xml", 1, 1, "no XML"),
        (b" <?xml version='1.0'?><Response/>", 1, 2, "before <?xml"),
        (b"\n<?xml version='1.0'?><Response/>", 2, 1, "before <?xml"),
        (b"<Response>\n<Say>hi</Response>", 2, 10, "<Say> of line 2 is still open"),
        (b"<Response>\n<Say>a & b</Say></Response>", 2, 9, "&amp;"),
        (b"<Response><Dial timeout=5/></Response>", 1, 25, "quote every attribute"),
        (b"<Response a='1' a='2'/>", 1, 17, "given twice"),
        (b"<Response>&nbsp;</Response>", 1, 11, "an entity that XML does not know"),
        (b"<Response/><Response/>", 1, 12, "follows the end"),
        (b"<Response>", 1, 11, "still open"),
        (b"<Response>\xff</Response>", 1, 11, "not well-formed"),
        (b"<Response>\x00</Response>", 1, 11, "not well-formed"),
    ],
)
def test_what_is_not_xml_is_refused_with_its_place(body: bytes, line: int, column: int, told: str) -> None:
    """12100, with line, column and words that help."""
    error = refused(body)
    assert (error.code, error.line, error.column) == (12100, line, column)
    assert told in error.message


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE Response><Response/>",
        b'<!DOCTYPE r [<!ENTITY a "x">]><Response>&a;</Response>',
        b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><Response>&a;</Response>',
        b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/evil.dtd"><Response/>',
        b'<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]><Response/>',
    ],
)
def test_document_types_are_refused(body: bytes) -> None:
    """No entity is ever declared, so none can be expanded or fetched."""
    assert "DOCTYPE" in refused(body).message


@pytest.mark.parametrize("encoding", ["UTF-8", "utf-8", "ISO-8859-1", "US-ASCII", "windows-1252"])
def test_common_encodings_are_read(encoding: str) -> None:
    """The encodings that applications send are understood."""
    text = "caf\xe9" if encoding != "US-ASCII" else "cafe"
    body = f"<?xml version='1.0' encoding='{encoding}'?><Response>{text}</Response>".encode(encoding)
    assert read_elements(body).own_text == text


def test_utf_16_and_byte_order_marks_are_read() -> None:
    """A byte order mark says enough."""
    assert read_elements("<Response>ë</Response>".encode("utf-16")).own_text == "ë"
    assert read_elements("\ufeff<Response>ë</Response>".encode()).own_text == "ë"


@pytest.mark.parametrize("encoding", ["utf-7", "unicode_escape", "hex", "idna", "undefined", "shift_jis", "nonsense"])
def test_other_encodings_are_refused(encoding: str) -> None:
    """A document cannot choose a codec of its own."""
    assert "UTF-8" in refused(f"<?xml version='1.0' encoding='{encoding}'?><Response/>".encode()).message


def test_size_is_limited() -> None:
    """64 kB are read, one byte more is 11750."""
    frame = b"<Response></Response>"
    full = b"<Response>" + b" " * (MAX_BYTES - len(frame)) + b"</Response>"
    assert read_elements(full).name == "Response"
    assert refused(full + b" ").code == 11750


def test_depth_is_limited() -> None:
    """Elements nest as deep as the limit and not deeper."""
    assert read_elements(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).name == "a"
    error = refused(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1))
    assert (error.code, error.column) == (12100, 3 * MAX_DEPTH + 1)


def test_the_number_of_elements_is_limited() -> None:
    """As many elements as the limit are read and not one more."""
    assert len(read_elements(b"<a>" + b"<b/>" * (MAX_ELEMENTS - 1) + b"</a>").children) == MAX_ELEMENTS - 1
    assert refused(b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>").code == 12100


PIECES = st.sampled_from(
    [
        b"<Response>",
        b"</Response>",
        b"<a b='c'>",
        b"</a>",
        b"&amp;",
        b"&x;",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?",
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=6))).map(b"".join))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Nothing but TwimlError is ever raised, and its place is inside the document."""
    try:
        read_elements(body)
    except TwimlError as error:
        place = (error.line, error.column)
    else:
        place = (1, 1)
    assert min(place) >= 1
