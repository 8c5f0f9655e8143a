"""Which ranges of a sound are ignored (RFC 9110 §13.1.5, §14.2)."""

import pytest

from offhook.rest.sound_response import is_ignored


@pytest.mark.parametrize(
    ("wanted", "condition", "expected"),
    [
        ("bytes=0-1", "", False),
        ("Bytes = 0-1", "", False),
        ("bytes=-4", "Tue, 24 Nov 2026 01:59:38 GMT", False),
        ("bytes=0-1", '"tag"', True),
        ("bytes=0-1", 'W/"tag"', True),
        ("bytes=0-1,4-5", "", True),
        ("items=0-1", "", True),
        ("", "", True),
    ],
)
def test_what_is_ignored(wanted: str, condition: str, expected: bool) -> None:  # noqa: FBT001
    """Other units, several ranges, conditions by tag."""
    assert is_ignored(wanted, condition) == expected
