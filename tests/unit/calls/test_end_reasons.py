"""Reason headers of a peer's last message: what can be read is kept, and nothing of it can do harm (RFC 3326)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.calls.reasons import LONGEST_HEADER, LONGEST_TEXT, MOST_REASONS, reasons_of
from offhook.model.ending import SipReason

GOOD = [
    (
        'Q.850;cause=16;text="Normal call clearing"',
        [SipReason(protocol="Q.850", cause=16, text="Normal call clearing")],
    ),
    (
        'SIP ;cause=200 ;text="Call completed elsewhere", Q.850;cause=26',
        [
            SipReason(protocol="SIP", cause=200, text="Call completed elsewhere"),
            SipReason(protocol="Q.850", cause=26),
        ],
    ),
    ('Q.850;cause=16;text="a, b; c \\"d\\""', [SipReason(protocol="Q.850", cause=16, text='a, b; c "d"')]),
    ("Q.850;cause=16, Q.850;cause=17", [SipReason(protocol="Q.850", cause=16)]),
    ("X.NET;add-info=1", [SipReason(protocol="X.NET")]),
]
BAD = [
    "",
    ";cause=16",
    "Q.850;cause=128",
    "Q.850;cause=-1",
    "Q.850;cause=99999999999999999999999999",
    "Q.850;cause=sixteen",
    "SIP;cause=700",
    'Q.850;cause=16;text="never closed',
    "<Q.850>;cause=16",
    "Q" * 40 + ";cause=1",
    "Q.850;cause=16;text=" + "x" * LONGEST_HEADER,
]


@pytest.mark.parametrize(("value", "expected"), GOOD)
def test_what_can_be_read_is_kept(value: str, expected: list[SipReason]) -> None:
    """The first of each protocol, in the order they came."""
    assert list(reasons_of((("reason", value),))) == expected


@pytest.mark.parametrize("value", BAD)
def test_what_cannot_be_read_is_left_out(value: str) -> None:
    """And what stands beside it is kept all the same."""
    assert reasons_of((("Reason", value),)) == ()
    assert [one.cause for one in reasons_of((("Reason", value), ("Reason", "Q.850;cause=31")))] == [31]


def test_one_bad_value_of_a_list_leaves_the_others() -> None:
    """A protocol that is no token does not hide the cause behind it."""
    assert reasons_of((("Reason", "(bad);cause=1, Q.850;cause=17"),)) == (SipReason(protocol="Q.850", cause=17),)


def test_control_characters_and_length_do_not_reach_people() -> None:
    """A terminal's escape is a space, a long text is cut."""
    read = reasons_of((("Reason", f'Q.850;cause=16;text="\x1b[2J{"y" * 400}"'),))
    assert all(len(one.text) <= LONGEST_TEXT and one.text.isprintable() for one in read)


@given(st.lists(st.tuples(st.sampled_from(["Reason", "reason", "X-Reason"]), st.text(max_size=300)), max_size=40))
def test_nothing_hostile_gets_through(headers: list[tuple[str, str]]) -> None:
    """Whatever comes: few reasons, short ones, and no error."""
    read = reasons_of(tuple(headers))
    assert len(read) <= MOST_REASONS
    assert all(one.text.isprintable() and len(one.text) <= LONGEST_TEXT for one in read)
