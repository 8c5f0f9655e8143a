"""Keys for <Gather>: when they are whole, and how long more of them are waited for."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from offhook.interpreter.digits import LONGEST, DigitCollector


def test_the_last_key_makes_it_whole() -> None:
    """numDigits; what comes after is not this one's."""
    collector = DigitCollector(most=2)
    assert not collector.press("1", 0.0)
    assert collector.press("2", 1.0)
    assert collector.press("3", 1.0)
    assert collector.digits == "12"


def test_the_finish_key_is_none_of_them() -> None:
    """It ends the input, even an empty one; "" is no key."""
    collector = DigitCollector(finish="*")
    assert collector.press("*", 0.0)
    assert collector.digits == ""
    endless = DigitCollector(finish="")
    assert not endless.press("#", 0.0)
    assert endless.digits == "#"


def test_time_counts_from_the_end_of_the_prompt_or_from_the_last_key() -> None:
    """Not before."""
    collector = DigitCollector(timeout=5.0)
    assert not collector.is_late(1000.0)
    collector.begin(10.0)
    collector.begin(12.0)
    assert collector.deadline == 15.0
    collector.press("1", 14.0)
    assert not collector.is_late(18.9)
    assert collector.is_late(19.0)


@pytest.mark.parametrize("most", [None, 10**9])
def test_nobody_presses_keys_for_ever(most: int | None) -> None:
    """A telephone that never stops fills no memory."""
    collector = DigitCollector(most=most, finish="")
    for _ in range(LONGEST + 10):
        collector.press("1", 0.0)
    assert collector.is_whole
    assert len(collector.digits) == LONGEST


@given(
    keys=some.text("0123456789*#ABCD", max_size=40),
    most=some.none() | some.integers(1, 20),
    finish=some.sampled_from(["", "#", "*", "0"]),
)
def test_whatever_is_pressed(keys: str, most: int | None, finish: str) -> None:
    """The digits are the keys up to the finish key, or as many as are wanted."""
    collector = DigitCollector(most=most, finish=finish)
    for index, key in enumerate(keys):
        collector.press(key, float(index))
    wanted = keys.partition(finish)[0] if finish else keys
    assert collector.digits == wanted[:most]
    assert collector.is_whole == (bool(finish and finish in keys) or (most is not None and len(wanted) >= most))
