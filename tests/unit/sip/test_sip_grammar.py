"""Tokens, quoted strings, lists and parameters (RFC 3261 §7.3.1, §25.1)."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.errors import MalformedValue
from offhook.sip.grammar import (
    find_param,
    is_quoted,
    is_token,
    parse_number,
    parse_params,
    print_params,
    quote,
    remembered,
    split_list,
    unquote,
)


@given(st.text())
def test_unquoting_undoes_quoting(text: str) -> None:
    """Any text survives being quoted and unquoted, and its quoted form is one quoted string."""
    assert is_quoted(quote(text))
    assert unquote(quote(text)) == text


@pytest.mark.parametrize("text", ["plain", "", '"', '"open', 'closed"'])
def test_text_without_both_quotes_is_left_alone(text: str) -> None:
    """Only a complete pair of quotes is taken off."""
    assert unquote(text) == text


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a", ["a"]),
        (" a , b,c ", ["a", "b", "c"]),
        ('"Smith, Jo" <sip:a@b>, <sip:c,d@e>', ['"Smith, Jo" <sip:a@b>', "<sip:c,d@e>"]),
        (r'"say \"hi, you\"" <sip:a@b>,x', [r'"say \"hi, you\"" <sip:a@b>', "x"]),
        ('"never closed, a', ['"never closed, a']),
        ("<never closed, a", ["<never closed, a"]),
        ("a,,b", ["a", "", "b"]),
    ],
)
def test_lists_are_cut_at_commas_outside_quotes_and_brackets(text: str, pieces: list[str]) -> None:
    """A comma separates only where it is neither quoted nor between < and > (§7.3.1)."""
    assert split_list(text) == pieces


def test_params_keep_order_quotes_and_emptiness() -> None:
    """Parameters come out in order; a quoted value keeps its quotes and a bare name has an empty value."""
    params = parse_params(' ;lr; a = 1 ;text="x;y, \\"z\\"";B=[::1]')
    assert params == (("lr", ""), ("a", "1"), ("text", '"x;y, \\"z\\""'), ("B", "[::1]"))
    assert parse_params(print_params(params)) == params


def test_params_are_found_in_any_case_and_unquoted() -> None:
    """A lookup ignores case, takes the first of several, and tells "empty" from "absent"."""
    params = (("LR", ""), ("Text", '"a b"'), ("text", "second"))
    assert find_param(params, "lr") == ""
    assert find_param(params, "text") == "a b"
    assert find_param(params, "x") is None


@pytest.mark.parametrize("text", ["a=1", ";", ";;", ";a;;b", ";a=", ";=1", ";a b", ';a="open', ";a=<b>", ";a=b=c,"])
def test_malformed_params_are_refused(text: str) -> None:
    """A parameter list that does not follow the grammar raises a remote error."""
    with pytest.raises(MalformedValue):
        parse_params(text)


@pytest.mark.parametrize(
    ("text", "fits"), [("INVITE", True), ("!%*_+`'~.-", True), ("", False), ("a b", False), ("é", False)]
)
def test_tokens(text: str, fits: bool) -> None:  # noqa: FBT001  # a column of the table
    """A token has letters, digits and ten marks, and at least one of them."""
    assert is_token(text) is fits


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "256", "٣", "9" * 5000, " 1"])
def test_numbers_outside_the_range_are_refused(text: str) -> None:
    """Only ASCII digits up to the limit are a number, however many of them come."""
    with pytest.raises(MalformedValue):
        parse_number(text, 255, "a number")


def test_numbers_may_have_leading_zeros() -> None:
    """Leading zeros mean nothing (RFC 4475 §3.1.1.1)."""
    assert parse_number("0068", 255, "a number") == 68


@pytest.mark.parametrize("text", ['"' + '\\"' * 4000, "<" * 8000, ";a=" + '"' * 7999, '"\\' * 4000, " " * 8000])
def test_hostile_text_is_cut_in_one_pass(text: str) -> None:
    """Text made to backtrack takes no longer than other text."""
    started = process_time()
    for _ in range(20):
        assert split_list(text + ",") != []
        with pytest.raises(MalformedValue):
            parse_params(text + ";")
    assert process_time() - started < 2


def test_short_texts_are_read_once() -> None:
    """A reader is not asked again for a short text; a long one is not kept, and errors are not either."""
    asked = []

    def read(text: str) -> int:
        asked.append(text)
        return int(text)

    read_again = remembered(read)
    assert [read_again("7"), read_again("7"), len(asked)] == [7, 7, 1]
    long = "1" * 300
    assert read_again(long) == read_again(long)
    assert len(asked) == 3
    for _ in range(2):
        with pytest.raises(ValueError, match="x"):
            read_again("x")
    assert len(asked) == 5
