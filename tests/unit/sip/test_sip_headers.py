"""The header list: order, names, compact forms, and the guard against injection (RFC 3261 §7.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.errors import IllegalHeader, MalformedValue
from offhook.sip.headers import COMPACT_FORMS, Headers, header_key

FORBIDDEN = [chr(code) for code in range(32) if chr(code) != "\t"] + ["\x7f"]


def test_fields_keep_their_order_and_spelling() -> None:
    """Fields come out as they went in; values lose the white space around them."""
    headers = Headers([("VIA", " one "), ("x-Thing", "two"), ("v", "three")])
    assert headers.items() == (("VIA", "one"), ("x-Thing", "two"), ("v", "three"))
    assert list(headers) == list(headers.items())
    assert len(headers) == 3


def test_names_are_found_in_any_case_and_by_compact_form() -> None:
    """Via, VIA, vIa, v and V are one name."""
    headers = Headers([("Via", "1"), ("vIa", "2"), ("v", "3"), ("V", "4")])
    for name in ("via", "VIA", "v", "V", "ViA"):
        assert headers.get(name) == "1"
        assert headers.all(name) == ["1", "2", "3", "4"]
        assert headers.count(name) == 4
        assert name in headers
    assert ("x" in headers, 1 in headers, headers.get("x"), headers.all("x")) == (False, False, None, [])


@pytest.mark.parametrize(("short", "key"), COMPACT_FORMS.items())
def test_compact_forms(short: str, key: str) -> None:
    """Each compact form finds the field by its long name, in both cases."""
    assert Headers([(short, "1")]).get(key.title()) == "1"
    assert Headers([(key, "1")]).get(short.upper()) == "1"


def test_lists_are_cut_into_values() -> None:
    """Values gives every element of every line, and leaves empty ones out."""
    headers = Headers([("Allow", "INVITE, ACK"), ("Supported", ""), ("Allow", "BYE,,")])
    assert headers.values("Allow") == ["INVITE", "ACK", "BYE"]
    assert headers.values("Supported") == []


def test_set_replaces_where_the_first_stood() -> None:
    """One field is left, at the place of the first; a new name goes to the end."""
    headers = Headers([("A", "1"), ("B", "2"), ("a", "3")])
    headers.set("a", "9")
    headers.set("C", "4")
    assert headers.items() == (("a", "9"), ("B", "2"), ("C", "4"))


def test_prepend_and_remove() -> None:
    """Prepend puts a field first; remove takes every field of the name and minds nothing missing."""
    headers = Headers([("Via", "2"), ("To", "x")])
    headers.prepend("Via", "1")
    assert headers.all("Via") == ["1", "2"]
    headers.remove("v")
    headers.remove("v")
    assert headers.items() == (("To", "x"),)


def test_a_copy_is_a_list_of_its_own() -> None:
    """Changing the copy does not change the original."""
    headers = Headers([("A", "1")])
    twin = headers.copy()
    twin.add("B", "2")
    assert headers == Headers([("A", "1")])
    assert twin != headers
    assert headers != "A"
    assert repr(headers) == "Headers([('A', '1')])"


def test_carry_takes_fields_as_they_are_spelled() -> None:
    """Fields of the wanted names are appended in the order of the names, with their spelling."""
    source = Headers([("t", "to"), ("v", "1"), ("Via", "2"), ("X", "no")])
    target = Headers([("A", "0")])
    target.carry(source, "Via", "To")
    assert target.items() == (("A", "0"), ("v", "1"), ("Via", "2"), ("t", "to"))


def test_typed_values_are_read_once_until_something_changes() -> None:
    """What was read is remembered; every kind of change forgets it."""
    calls = []

    def read(headers: Headers) -> int:
        calls.append(len(headers))
        return len(headers)

    headers = Headers([("A", "1")])
    assert (headers.typed(read), headers.typed(read), len(calls)) == (1, 1, 1)
    headers.add("B", "2")
    assert headers.typed(read) == 2
    headers.prepend("B", "2")
    assert headers.typed(read) == 3
    headers.set("B", "2")
    assert headers.typed(read) == 2
    headers.remove("A")
    assert headers.typed(read) == 1
    headers.carry(Headers([("C", "3")]), "C")
    assert headers.typed(read) == 2


@pytest.mark.parametrize("bad", FORBIDDEN)
def test_control_characters_never_get_in(bad: str) -> None:
    """CR, LF, NUL and every other control character but TAB is refused in values and names, by every way in."""
    headers = Headers([("A", "1")])
    for name, value in (("X", f"a{bad}b"), ("X", bad), (f"X{bad}", "a"), (f"X: y{bad}Z", "a"), ("X", f'"\\{bad}"')):
        for change in (headers.add, headers.prepend, headers.set):
            with pytest.raises(IllegalHeader):
                change(name, value)
        with pytest.raises(IllegalHeader):
            Headers([(name, value)])
    assert headers.items() == (("A", "1"),)


@pytest.mark.parametrize("name", ["", " ", "A B", "A:", "é", "A\u2028", "(A)"])
def test_names_are_tokens(name: str) -> None:
    """A name that is no token is refused."""
    with pytest.raises(IllegalHeader):
        Headers([(name, "x")])


def test_a_value_that_cannot_be_encoded_is_refused() -> None:
    """A lone surrogate that stands for no byte would fail later, when the message is printed."""
    with pytest.raises(IllegalHeader):
        Headers([("X", "\ud800")])


@given(st.text(), st.text())
def test_whatever_gets_in_is_one_line(name: str, value: str) -> None:
    """A field either raises IllegalHeader or reads back, from one line, as the same field."""
    try:
        headers = Headers([(name, value)])
    except IllegalHeader:
        return
    line = f"{name}: {value}".encode("utf-8", "surrogateescape")
    assert Headers.parse(line) == headers


@given(st.lists(st.tuples(st.sampled_from(["Via", "v", "X-Y", "to"]), st.binary(max_size=30)), max_size=6))
def test_whatever_is_parsed_may_be_added(fields: list[tuple[str, bytes]]) -> None:
    """Headers.parse raises remote errors alone, and what it lets in our own guard lets in too."""
    block = b"\r\n".join(name.encode() + b":" + value for name, value in fields)
    try:
        headers = Headers.parse(block)
    except MalformedValue:
        return
    assert Headers(headers.items()) == headers


def test_folded_lines_become_one() -> None:
    """A line that begins with white space continues the one before (§7.3.1)."""
    headers = Headers.parse(b"Subject: I know\r\n  you're \t\r\n\tthere\r\nTo:\r\n x")
    assert headers.items() == (("Subject", "I know you're there"), ("To", "x"))


def test_white_space_before_the_colon() -> None:
    """White space may stand between the name and the colon, of known and unknown names alike."""
    headers = Headers.parse(b"Via  : a\r\nX-Y\t:b")
    assert (headers.get("Via"), headers.get("X-Y")) == ("a", "b")


def test_no_lines_are_no_fields() -> None:
    """An empty block is an empty list."""
    assert len(Headers.parse(b"")) == 0


def test_bytes_that_are_not_utf8_are_kept() -> None:
    """Octets come out again as they were."""
    value = Headers.parse(b"Subject: caf\xe9 \xc3\xa9").get("Subject")
    assert value is not None
    assert value.encode("utf-8", "surrogateescape") == b"caf\xe9 \xc3\xa9"


def test_escaped_control_characters_are_left_out() -> None:
    """A quoted pair may hold a control character; it is dropped, and the quotes around stay in balance."""
    headers = Headers.parse(b'To: "BEL:\\\x07 NUL:\\\x00 \\\\ \\" DEL:\\\x7f" <sip:a@b>')
    assert headers.get("To") == '"BEL: NUL: \\\\ \\" DEL:" <sip:a@b>'


@pytest.mark.parametrize(
    "block",
    [
        b"To",
        b"To\r\nVia: x",
        b"X-Unknown",
        b": x",
        b"A B: x",
        b"A: x\r\n\r\nB: y",
        b"A: x\rB: y",
        b"A: x\nB: y",
        b"A: x\r\r\nB: y",
        b"A: x\n\r\nB: y\r",
        b"A: x\x00",
        b'A: "\\\\\x00"',
        b"A\x00: x",
        b" A: x",
        b"\xe9: x",
    ],
)
def test_malformed_blocks_are_refused(block: bytes) -> None:
    """What is no list of header lines raises a remote error."""
    with pytest.raises(MalformedValue):
        Headers.parse(block)


def test_keys_of_unusual_spellings() -> None:
    """Names outside the table are lower-cased."""
    assert (header_key("X-Foo"), header_key("cOnTaCt"), header_key("V")) == ("x-foo", "contact", "via")
