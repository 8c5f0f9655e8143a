"""The code in the how-to pages runs as it is printed."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

HOWTO = Path(__file__).parents[3] / "docs" / "howto"
PAGE = "test-your-application.md"


def printed_tests() -> list[tuple[str, Callable[[], None]]]:
    """Every test function of the page's code blocks."""
    found: list[tuple[str, Callable[[], None]]] = []
    for block in re.findall(r"```python\n(.*?)```", (HOWTO / PAGE).read_text(encoding="utf-8"), re.DOTALL):
        names: dict[str, Callable[[], None]] = {}
        exec(compile(block, PAGE, "exec"), names)  # noqa: S102 - the project's own page
        found += [(name, thing) for name, thing in names.items() if name.startswith("test_")]
    return found


@pytest.mark.parametrize(("_name", "test"), printed_tests(), ids=[name for name, _ in printed_tests()])
def test_code_of_the_page(_name: str, test: Callable[[], None]) -> None:
    """Each printed test passes."""
    test()


def test_the_page_has_code() -> None:
    """The search for code blocks finds them."""
    assert len(printed_tests()) == 3
