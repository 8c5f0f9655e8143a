"""Named deadlines: each falls due once, replaced and cleared ones never, and what is cleared takes no room."""

from hypothesis import given
from hypothesis import strategies as st

from offhook.base.deadlines import FEW, Deadlines


def test_they_fall_due_in_order_and_once() -> None:
    """The earliest first."""
    deadlines: Deadlines[str] = Deadlines()
    for name, at in (("b", 2.0), ("a", 1.0), ("c", 3.0)):
        deadlines.set(name, at)
    assert deadlines.next() == 1.0
    assert deadlines.due(2.0) == ["a", "b"]
    assert deadlines.due(2.0) == []
    assert "c" in deadlines
    assert len(deadlines) == 1


def test_a_deadline_that_is_set_again_is_moved() -> None:
    """Later or earlier."""
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 1.0)
    deadlines.set("a", 5.0)
    assert (deadlines.due(4.0), deadlines.next()) == ([], 5.0)
    deadlines.set("a", 4.5)
    assert deadlines.due(4.5) == ["a"]
    assert deadlines.next() is None


def test_what_is_cleared_takes_no_room() -> None:
    """Half a million calls that end before their timers leave nothing behind them."""
    deadlines: Deadlines[int] = Deadlines()
    deadlines.set(-1, 0.5)
    for name in range(10_000):
        deadlines.set(name, 32.0 + name)
        deadlines.clear(name)
    assert len(deadlines._heap) <= FEW + 1
    assert deadlines.due(99_999.0) == [-1]


steps = st.lists(st.tuples(st.sampled_from("sc"), st.integers(0, 9), st.floats(0, 100)), max_size=400)


@given(steps)
def test_they_do_what_a_plain_dictionary_would(history: list[tuple[str, int, float]]) -> None:
    """Whatever is set and cleared."""
    deadlines: Deadlines[int] = Deadlines()
    plain: dict[int, float] = {}
    for what, name, at in history:
        if what == "s":
            deadlines.set(name, at)
            plain[name] = at
        else:
            deadlines.clear(name)
            plain.pop(name, None)
        assert deadlines.next() == min(plain.values(), default=None)
    assert sorted(deadlines.due(50.0)) == sorted(name for name, at in plain.items() if at <= 50.0)
